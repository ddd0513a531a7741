"""Officials at their browsers: sign in, find the task in the inbox, fill the form, submit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.models import ProcessInstance, TaskCandidate, User, UserRole, UserTask
from tests.browser.shots import sign_in
from tests.support.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Watched

PASSWORD = "demo-2026"

#: Put a value into a field of any kind, the way a person's browser would post it.
_NAMED = '[name="{}"]:not([disabled])'


class People:
    """One browser profile a person, kept for the whole test.

    ``aside`` leaves the cases that are there already, such as those a demo system shows, as they are.
    """

    def __init__(self, running: Running, watched: Watched, *, aside: bool = False) -> None:
        self.running = running
        with running.database.read() as session:
            self._aside = set(session.scalars(sa.select(ProcessInstance.id))) if aside else set()
        self._watched = watched
        self.pages: dict[str, Page] = {}
        self._signed_in: set[str] = set()
        self._know_the_inbox: set[str] = set()

    def page(self, login: str, width: int = 1280) -> Page:
        """The person's page, signed in on first use."""
        if login not in self.pages:
            page = self._watched.page(width)
            self.pages[login] = page
        if login not in self._signed_in:
            sign_in(self.pages[login], self.running.url, login, PASSWORD)
            self._signed_in.add(login)
        return self.pages[login]

    def sign_in_again(self) -> None:
        """Sessions have ended: whoever comes next signs in again, in the same browser."""
        self._signed_in.clear()

    # -- what waits ---------------------------------------------------------------

    def open_tasks(self, *elements: str, business_key: str = "") -> list[UserTask]:
        """Open tasks of these elements; of every one when none is named."""
        statement = sa.select(UserTask).where(UserTask.state == "open")
        if elements:
            statement = statement.where(UserTask.element_id.in_(elements))
        if business_key:
            statement = statement.where(UserTask.business_key.startswith(business_key))
        with self.running.database.read() as session:
            found = session.scalars(statement.order_by(UserTask.business_key, UserTask.created_at, UserTask.id))
            return [task for task in found if task.instance_id not in self._aside]

    def login_for(self, task: UserTask) -> str:
        """The login of somebody the task waits for."""
        with self.running.database.read() as session:
            if task.assignee_id:
                return session.get_one(User, task.assignee_id).login
            if not task.group:
                candidate = sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id)
                return session.get_one(User, session.scalars(candidate).first()).login
            found = session.scalars(
                sa.select(User.login)
                .join(UserRole, UserRole.user_id == User.id)
                .where(UserRole.department == task.department, UserRole.role == task.role)
                .order_by(User.login)
            ).first()
            assert found, f"nobody can act on {task.name} ({task.group})"
            return found

    # -- doing it -----------------------------------------------------------------

    def open(self, task: UserTask, *, width: int = 1280) -> Page:
        """Open the task as whoever it waits for: their first is found in their inbox, later ones by their address."""
        login = self.login_for(task)
        page = self.page(login, width)
        if login in self._know_the_inbox:
            page.goto(f"{self.running.url}/tasks/{task.id}")
        else:
            page.goto(f"{self.running.url}/inbox?q={task.business_key}")
            page.click(f'a[href="/tasks/{task.id}"]')
            self._know_the_inbox.add(login)
        page.wait_for_selector("#task-form")
        return page

    def do(self, task: UserTask, values: Mapping[str, Any], *, width: int = 1280) -> Page:
        """Open, fill and submit."""
        page = self.open(task, width=width)
        fill(page, values)
        submit(page)
        return page

    def do_all(self, element: str, values: Any) -> int:
        """Every open task of an element; ``values`` may be a function of the task."""
        tasks = self.open_tasks(element)
        for task in tasks:
            self.do(task, values(task) if callable(values) else values)
        return len(tasks)


def submit(page: Page) -> None:
    """Press the primary button and see that the task is gone from the page."""
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_load_state()
    problem = page.locator(".error-summary")
    assert problem.count() == 0, problem.inner_text()
    assert "已提交" in page.locator("#messages").inner_text()


def fill(page: Page, values: Mapping[str, Any], prefix: str = "") -> None:
    """Fill fields by their names; nested lists are rows ``<list>-<n>-<key>``."""
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, row in enumerate(value):
                fill(page, row, f"{name}-{number}-")
        elif value == "__sign__":
            _sign(page, name)
        else:
            _set(page, name, value)


def _set(page: Page, name: str, value: Any) -> None:
    field = page.locator(_NAMED.format(name))
    kind = (field.first.get_attribute("type") or "").lower()
    tag = field.first.evaluate("e => e.tagName.toLowerCase()")
    if kind == "hidden":
        return  # read-only: the server fills it
    if kind in {"radio", "checkbox"} and not field.first.evaluate("e => 'single' in e.dataset"):
        _choose(page, name, value if isinstance(value, list) else [value])
    elif kind == "checkbox":
        field.first.set_checked(bool(value))
    elif tag == "select":
        field.first.select_option(str(value))
    else:
        field.first.fill(str(value))
        page.keyboard.press("Escape")  # closes a date picker


def _choose(page: Page, name: str, wanted: list[Any]) -> None:
    for one in wanted:
        option: Locator = page.locator(f'{_NAMED.format(name)}[value="{one}"]')
        # Away from the edges: the action bar stays at the bottom of the window.
        option.first.evaluate("e => e.scrollIntoView({block: 'center'})")
        option.first.check()


def _sign(page: Page, name: str) -> None:
    """Write on the field's signature pad with the mouse."""
    pad = page.locator(f'[data-field="{name}"] canvas.signature-pad')
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(box["x"] + 20 + 18 * step, box["y"] + 20 + (15 if step % 2 else 0))
    page.mouse.up()
