"""The inbox: 待办, 待签收 and 已办, one list each, paged by key."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.inbox import COUNT_CAP, inbox
from engine.inspection.batches import waiting
from engine.inspection.deadline_list import reminders_for
from engine.queries import Cursor
from engine.web.cases import process_words
from engine.web.context import actor, database, department_name
from engine.web.guards import signed_in
from engine.web.navigation import NavItem
from engine.web.purposes import purposes
from engine.web.task_lookup import is_id, is_moment

blueprint = Blueprint("inbox", __name__)
NAV = (NavItem("待办", "inbox.todo", "inbox", 1, "/inbox"),)

_TABS = (("todo", "待办"), ("claimable", "待签收"), ("done", "已办"))


def _cursor() -> Cursor | None:
    """The page's key as sent in the address; a mangled one starts from the beginning."""
    moment, _, task_id = request.args.get("after", "").rpartition("~")
    return (moment, task_id) if is_moment(moment) and is_id(task_id) else None


@blueprint.get("/inbox", defaults={"tab": "todo"})
@blueprint.get("/inbox/<any(todo, claimable, done):tab>")
@signed_in
def todo(tab: str) -> ResponseReturnValue:
    """One tab of the inbox; the search looks in object, step and number."""
    search = request.args.get("q", "").strip()[:100]
    process_key = request.args.get("process", "")
    with database().read() as session:
        page = inbox(session, actor(), tab=tab, search=search, process_key=process_key, after=_cursor())
        waits = waiting(session, actor())
        reminded, more_reminded = reminders_for(session, actor()) if tab == "todo" else ((), False)
        words = process_words(session)
    filters: dict[str, Any] = {k: v for k, v in (("q", search), ("process", process_key)) if v}
    following = url_for(".todo", tab=tab, after="~".join(page.next), **filters) if page.next else None
    count = f"{COUNT_CAP}+" if waits.total > COUNT_CAP else str(waits.total)
    tabs = [
        (label, url_for(".todo", tab=key, **filters), key == tab, count if key == "todo" else None)
        for key, label in _TABS
    ]
    return render_template(
        "inbox.html", tab=tab, tabs=tabs, tasks=page.tasks, following=following, search=search,
        process_key=process_key, process_words=words,
        batches=waits.batches if tab != "done" else [],
        reminded=reminded, more_reminded=more_reminded,
        department_of={code: department_name(code) for code in {task.department for task in page.tasks}},
        purposes=purposes(actor().roles),
        # The same address for every task, so that a long list does not ask for fifty of them.
        address=url_for("tasks.show", task_id="-")[:-1],
    )  # fmt: skip
