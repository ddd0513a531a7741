"""Protected values planted wherever something can be typed, each of them unique, and a crawler that looks for them."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pypdfium2
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask
from engine.commands.save_draft import SaveDraft
from engine.errors import InvalidInput, LianjianError
from engine.forms import Component, Form
from engine.inspection.models import Inspector, Item
from engine.models import User, UserRole, UserTask
from tests.support.journey import PNG
from tests.support.limits import OTHER, LimitDistrict

#: An identity number, a mobile telephone and a bank account no text of the product contains; the number makes them one.
ID, PHONE, ACCOUNT, MARK = "3701051980010{:05d}", "1390531{:04d}", "62220231980{:05d}", "〔内部{:05d}〕"
PLAIN = "按规定办理，详见案卷。"
#: Shorter fields than this take a telephone only.
LONG = 70


class Planter:
    """Fills forms with planted texts; ``where`` says of each value into which process, step and field it went."""

    def __init__(self, district: LimitDistrict) -> None:
        self.district = district
        self.where: dict[str, str] = {}
        self.forms: set[str] = set()
        self.completed: list[str] = []
        #: Words put into every longer text besides.
        self.also: tuple[str, ...] = ()
        #: Fields of :meth:`submit` that would not take anything protected.
        self.refused: set[str] = set()
        #: By form: what has to be said for a step to be accepted, beside what is planted.
        self.chosen: Mapping[str, Mapping[str, Any]] = {}

    def text(self, where: str, longest: int = 500) -> str:
        """A text of protected values; what it holds is remembered."""
        n = len(self.where) + 10_001
        parts = [PHONE.format(n % 10_000)]
        if longest >= LONG:
            parts += self.also
            parts += [MARK.format(n), f"身份证号码{ID.format(n)}", f"账号{ACCOUNT.format(n)}"]
        for part in (one for one in parts if one not in self.also):
            self.where[re.sub(r"^(身份证号码|账号)", "", part)] = where
        return "，".join(parts)[:longest]

    # -- one form ---------------------------------------------------------------------

    def values(self, task: UserTask, form: Form, context: Mapping[str, Any], turn: int) -> dict[str, Any]:
        """Values for every field (the form drops hidden ones); ``turn`` is the option taken where one is chosen."""
        values: dict[str, Any] = {}
        same: Counter[str] = Counter()  # of several fields over the same people each takes another
        for component in form.components:
            if component.type == "text" or not component.key:
                continue
            shift = same[component.values_key] if component.type in {"select", "userPicker"} else 0
            found = self._value(task, component, context, turn + shift, f"{task.process_key}#{task.element_id}")
            same[component.values_key] += 1
            if found is not None:
                values[component.key] = found
        return values | self.chosen.get(task.form_key, {})

    def _value(
        self, task: UserTask, component: Component, context: Mapping[str, Any], turn: int, where: str
    ) -> Any:  # fmt: skip
        kind, place = component.type, f"{where}.{component.key}"
        given = component.default_value(context)
        if component.readonly:
            return given
        if kind in {"textfield", "textarea"}:
            if component.validate.get("pattern"):
                return given
            if component.key.endswith("number"):  # numbers of documents are public, and are no place for anything else
                return f"测〔2026〕{len(self.where)}号"
            return self.text(place, int(component.validate.get("maxLength") or 400))
        if kind in {"select", "radio", "checklist"}:
            options = [option["value"] for option in component.options(context)]
            if not options:
                return None
            return options if kind == "checklist" else options[turn % len(options)]
        if kind in {"date", "datetime"}:
            moment = self.district.clock.now - timedelta(days=turn % 2)
            return given or (moment.date().isoformat() if component.subtype == "date" or kind == "date"
                             else moment.isoformat())  # fmt: skip
        if kind == "number":
            return given if given is not None else component.validate.get("min", 1)
        if kind == "checkbox":
            return True
        if kind == "signature":
            return PNG
        if kind in {"filepicker", "photo"}:
            return [self._file(task, component, place)]
        if kind == "dynamiclist":
            rows = given if isinstance(given, list) and given else [{}] if component.allow_add_remove else []
            return [
                {**row, **{
                    child.key: self._value(task, child, context, turn, place)
                    for child in component.components if child.key and not child.readonly and child.key not in row
                }}
                for row in rows
            ]  # fmt: skip
        if component.values_key:  # a picker that offers some people only
            options = [option["value"] for option in component.options(context)]
            return options[:2] if component.multiple else options[turn % len(options)] if options else None
        return given or self._picked(task, component)

    def _file(self, task: UserTask, component: Component, place: str) -> str:
        upload = AddAttachment(
            task.id, component.key, f"{self.text(place, 40)}.pdf", "application/pdf",
            b"%PDF-1.4\n" + self.text(place).encode(),
        )  # fmt: skip
        return str(self.district.engine.execute(upload, actor=self.district.office.who(task)))

    def _picked(self, task: UserTask, component: Component) -> Any:
        with self.district.engine.read() as session:
            if component.type == "departmentPicker":
                found = [OTHER]
            elif component.type == "userPicker":
                found = list(
                    session.scalars(
                        sa.select(User.id)
                        .join(UserRole, UserRole.user_id == User.id)
                        .where(UserRole.department == task.department, UserRole.role == (component.role or "承办人"))
                        .order_by(User.login)
                    )
                )
            elif component.type == "inspectorPicker":
                own = sa.select(Inspector.code).where(Inspector.department == task.department, Inspector.drawable)
                found = list(session.scalars(own.order_by(Inspector.code).limit(2)))
            elif component.type == "itemPicker":
                own = sa.select(Item.code).where(Item.department == task.department)
                found = list(session.scalars(own.order_by(Item.code).limit(1)))
            else:
                return None
        return found if component.multiple else next(iter(found), None)

    def submit(self, number: str, element: str, **chosen: Any) -> None:
        """Submit one step with the choices given, every free text planted.

        An empty text given stays empty.  Texts refused as protected are written anew, and kept in ``refused``.
        """
        engine, task = self.district.engine, self.district.office.open_tasks(element, business_key=number)[0]
        with engine.read() as session:
            view = engine.task_view(session, session.get_one(UserTask, task.id))
        assert view.form is not None
        texts = {c.key for c in view.form.components if c.type in {"textfield", "textarea"}}
        planted = self.values(task, view.form, view.context, 0)
        values = planted | {key: value for key, value in chosen.items() if key not in texts or not value}
        actor = self.district.office.who(task)
        try:
            engine.execute(CompleteTask(task.id, task.version, values), actor=actor)
        except InvalidInput as fault:
            again = {key.split("[")[0] for key in fault.fields}
            assert again <= texts, (element, fault.fields)
            self.refused |= {f"{element}.{key}" for key in again}
            engine.execute(CompleteTask(task.id, task.version, values | dict.fromkeys(again, PLAIN)), actor=actor)

    # -- all that is open -----------------------------------------------------------------

    def fill_open(self, limit: int, *processes: str, times: int = 1) -> None:
        """Fill every open step, again and again until nothing new opens; what is refused stays as a draft.

        A step that waits many times over is filled ``times`` times.
        """
        filled: Counter[str] = Counter()
        drafted: set[str] = set()
        for _ in range(limit):
            tasks = [
                task for task in self.district.office.open_tasks()
                if task.id not in drafted and (not processes or task.process_key in processes)
            ]  # fmt: skip
            for task in tasks:
                step = f"{task.process_key}#{task.element_id}"
                filled[step] += 1
                if filled[step] > times or not self._one(task):
                    drafted.add(task.id)

    def _one(self, task: UserTask) -> bool:
        """Submit the step; with other choices when it is refused, and as a draft when nothing helps."""
        engine, actor = self.district.engine, self.district.office.who(task)
        with engine.read() as session:
            view = engine.task_view(session, session.get_one(UserTask, task.id))
        if view.form is None:
            return False
        self.forms.add(task.form_key)
        values: dict[str, Any] = {}
        for turn in range(2):
            values = self.values(task, view.form, view.context, turn)
            try:
                engine.execute(CompleteTask(task.id, task.version, values), actor=actor)
            except LianjianError:
                continue
            self.completed.append(f"{task.process_key}#{task.element_id}")
            return True
        engine.execute(SaveDraft(task.id, values), actor=actor)
        return False


# -- looking ----------------------------------------------------------------------------

_LINK = re.compile(r'(?:href|src|action)="([^"#]+)')
_SKIPPED = re.compile(r"^/(static/|sign-out|tasks/[^/]+/(claim|release))")


def crawl(client: FlaskClient, starts: Iterable[str], limit: int) -> dict[str, str]:
    """Everything that can be read by following links: text by address, that of PDFs and archives too."""
    seen: dict[str, str] = {}
    waiting = deque(starts)
    shapes: dict[str, int] = {}
    while waiting and len(seen) < limit:
        path = waiting.popleft()
        if path in seen or _SKIPPED.match(path):
            continue
        shape = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)[0-9A-Z]{18}|(?<=/)[A-Z]{2,4}-|\d+", "#", path)
        shapes[shape] = shapes.get(shape, 0) + 1
        if shapes[shape] > 4:  # four of a kind show what all of them show
            continue
        response = client.get(path)
        seen[path] = readable(response.data, response.content_type or "")
        if location := response.headers.get("Location"):
            waiting.append(_local(path, location))
        if "html" in (response.content_type or ""):
            waiting.extend(_local(path, unescape(link)) for link in _LINK.findall(response.text) if _is_local(link))
    return seen


def _is_local(link: str) -> bool:
    parts = urlsplit(link)
    return parts.scheme in {"", "http"} and parts.netloc in {"", "localhost"} and not link.startswith("data:")


def _local(path: str, link: str) -> str:
    parts = urlsplit(urljoin(path, link))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def readable(content: bytes, kind: str) -> str:
    """What a person or a program reads of an answer."""
    if content.startswith(b"%PDF"):
        try:
            return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))
        except pypdfium2.PdfiumError:
            return content.decode("utf-8", "replace")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(name + readable(archive.read(name), "") for name in archive.namelist())
    text = content.decode("utf-8", "replace")
    return unescape(text) + (unquote(text) if "%" in text else "")


def found_in(pages: Mapping[str, str], secrets: Iterable[str]) -> list[tuple[str, str]]:
    """(address, secret) for every secret that stands in a page."""
    joined = re.compile("|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))
    return sorted({(path, hit) for path, text in pages.items() for hit in joined.findall(text)})
