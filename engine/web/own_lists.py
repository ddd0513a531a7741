"""Lists of things that have a process of their own: what the reader may see of them, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.task_access import may_act
from engine.errors import NotFound
from engine.models import ProcessInstance, UserTask
from engine.scope import scope
from engine.web.context import actor, database, departments, settings
from engine.web.task_lookup import is_id

PAGE = 50


def visible(statement: sa.Select[Any], model: Any, process: str) -> sa.Select[Any]:
    """Rows of ``model`` (with a ``number``) whose process the reader may see; joins the instance."""
    joined = statement.join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == model.district_id,
            ProcessInstance.process_key == process,
            ProcessInstance.business_key == model.number,
        ),
    )
    return scope(joined, actor()).where(model.district_id == settings().district_id)


def found(session: Session, model: Any, process: str, number: str, words: str) -> tuple[Any, ProcessInstance]:
    """The row and its instance; :class:`NotFound` outside the reader's scope."""
    row = session.execute(
        visible(sa.select(model, ProcessInstance), model, process).where(model.number == number)
    ).first()
    if row is None:
        raise NotFound(f"没有找到这项{words}，可能链接有误，或不属于您能查看的范围。")
    return row[0], row[1]


def to_do(session: Session, process: str, numbers: Sequence[str]) -> dict[str, str]:
    """The open task by number, where it is the reader's turn."""
    tasks = session.scalars(
        sa.select(UserTask)
        .where(
            UserTask.district_id == settings().district_id, UserTask.process_key == process,
            UserTask.state == "open", UserTask.business_key.in_(list(numbers)),
        )
        .order_by(UserTask.created_at.desc())
    )  # fmt: skip
    return {task.business_key: task.id for task in tasks if may_act(session, actor(), task)}


def newest(
    statement: sa.Select[Any], model: Any, process: str, filters: Mapping[str, str]
) -> tuple[Sequence[Any], dict[str, str], str | None]:  # fmt: skip
    """One page of ``statement``, the newest first: its rows, the reader's turns by number, where it goes on."""
    if is_id(after := request.args.get("after", "")):
        statement = statement.where(model.id < after)
    with database().read() as session:
        rows = session.scalars(statement.order_by(model.id.desc()).limit(PAGE + 1)).all()
        mine = to_do(session, process, [row.number for row in rows])
    following = None
    if len(rows) > PAGE:
        chosen: dict[str, Any] = {k: v for k, v in filters.items() if v}
        following = url_for(".index", after=rows[PAGE - 1].id, **chosen)
    return rows[:PAGE], mine, following


def onwards(process: str, number: str, endpoint: str) -> ResponseReturnValue:
    """On to the form when it is the reader's turn, else to the page of the thing."""
    with database().read() as session:
        task_id = to_do(session, process, [number]).get(number)
    target = url_for(endpoint, number=number) if task_id is None else url_for("tasks.show", task_id=task_id)
    return redirect(target, 303)


def own_departments(*roles: str) -> list[tuple[str, str]]:
    """Departments in which the reader holds one of ``roles``."""
    return [(c, name) for c, name in departments().items() if any(actor().has_role(role, c) for role in roles)]


def like(text: str) -> str:
    """A pattern that finds ``text`` anywhere."""
    return f"%{text.replace('%', '').replace('_', '')}%"
