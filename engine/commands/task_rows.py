"""The rows of open tasks follow the execution: opened, offered, offered anew, cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.bpmn.script_engine import Element
from engine.bpmn.timers import add_duration, parse_instant
from engine.commands.context import CommandContext
from engine.commands.hosting import deadline_due
from engine.commands.locking import LockedInstance
from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.models import TaskCandidate, UserTask
from engine.prepared import Prepared

_DEPARTMENT = 32  # characters of a department's code
OPEN = Prepared(
    sa.insert(UserTask.__table__),  # type: ignore[arg-type]
    columns=set(UserTask.__table__.columns.keys()) - {"closed_at", "closed_by", "values", "paper"},
)
_OFFER = Prepared(sa.insert(TaskCandidate.__table__), columns=TaskCandidate.__table__.columns.keys())  # type: ignore[arg-type]


def sync_tasks(ctx: CommandContext, instance: LockedInstance, execution: Execution, before: frozenset[Any]) -> None:
    """Bring the rows of the instance's open tasks, which are those marked in ``before``, in line with the execution."""
    fresh, gone = execution.changes_since(before)
    refresh = instance.id in ctx.refreshing
    known = _open_rows(ctx, instance) if gone or refresh else {}
    opened: list[dict[str, Any]] = []
    offers: list[dict[str, Any]] = []
    for element in fresh:
        candidates = _candidates(execution, element)
        task = opened_task(ctx, instance, element, candidates, _placed(ctx, instance, execution, element))
        opened.append(task)
        offers += _offers(task["id"], instance.district_id, candidates)
    if refresh:
        for element in execution.open_tasks():
            if element.engine_task_id in known and element.properties.get("candidates"):
                _offer_anew(ctx, known[element.engine_task_id], execution, element)
    ctx.refreshing.discard(instance.id)
    if opened:
        OPEN.run_each(ctx.connection, opened)
    if offers:
        _OFFER.run_each(ctx.connection, offers)
    for task_row in known.values():
        if task_row.engine_task_id in gone:
            _cancel(ctx, task_row)


#: Properties that are asked when a task opens; a task with none of them opens alike in every instance.
ASKED = frozenset({"department", "on_behalf", "candidates", "due", "deadline"})


@dataclass(frozen=True)
class Place:
    """The department a task belongs to, when it is due, and who else may enter paper for it (代录)."""

    department: str
    due_at: datetime | None = None
    on_behalf: str = ""


def _placed(ctx: CommandContext, instance: LockedInstance, execution: Execution, element: Element) -> Place:

    def evaluated(name: str) -> Any:
        text = element.properties.get(name, "").strip()
        return execution.evaluate(element.engine_task_id, text) if text else None

    def coded(name: str, otherwise: str) -> str:
        code = evaluated(name) or otherwise
        if not isinstance(code, str) or len(code) > _DEPARTMENT:
            raise ServiceTaskFailed(f"“{element.name}”的属性 {name} 应得出部门代码，却得出了别的内容。")
        return code

    department = coded("department", instance.department)
    on_behalf = coded("on_behalf", "")
    deadline_name = element.properties.get("deadline", "")
    due_at = deadline_due(ctx, instance, deadline_name) if deadline_name else None
    if due_at is None:
        due_at = as_due(evaluated("due"), ctx.now, ctx.kernel.settings.timezone)
    return Place(department, due_at, "" if on_behalf == department else on_behalf)


def opened_task(
    ctx: CommandContext, instance: LockedInstance, element: Element, candidates: list[str], place: Place
) -> dict[str, Any]:
    """The row of a task that opens now, with its event recorded."""
    properties = element.properties
    role = properties.get("role") or element.lane
    task = {
        "id": new_id(),
        "district_id": instance.district_id,
        "instance_id": instance.id,
        "process_key": instance.process_key,
        "business_key": instance.business_key,
        "title": instance.title,
        "engine_task_id": element.engine_task_id,
        "element_id": element.element_id,
        "name": element.name,
        "form_key": properties.get("form", ""),
        "department": place.department,
        "role": role,
        "group_key": _group(place.department, role, candidates),
        "assignee_id": candidates[0] if len(candidates) == 1 else None,
        "assigned_by_diagram": len(candidates) == 1,
        "state": "open",
        "created_at": ctx.now,
        "due_at": place.due_at,
        "deadline_name": properties.get("deadline", ""),
        "legal_basis": properties.get("legal_basis", ""),
        "on_behalf": place.on_behalf,
        "context": {} if element.item is None else {"item": element.item},
        "version": 1,
    }
    ctx.record(
        instance.id,
        "task-opened",
        {"task": task["id"], "element": element.element_id, "name": element.name, "group": task["group_key"],
         "candidates": candidates},
    )  # fmt: skip
    return task


def _candidates(execution: Execution, element: Element) -> list[str]:
    text = element.properties.get("candidates", "").strip()
    found = execution.evaluate(element.engine_task_id, text) if text else None
    if found is not None and not isinstance(found, list):
        found = [found]
    chosen = [c for c in found or [] if c]
    if not all(isinstance(c, str) and _is_id(c) for c in chosen):
        raise ServiceTaskFailed(f"“{element.name}”的属性 candidates 应得出用户编号的列表，却得出了别的内容。")
    return list(dict.fromkeys(chosen))


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _group(department: str, role: str, candidates: list[str]) -> str:
    return "" if candidates else f"{department}/{role}"


def _offers(task_id: str, district_id: str, candidates: list[str]) -> Iterable[dict[str, Any]]:
    """One named person alone holds the task, of several each may take it."""
    if len(candidates) > 1:
        for user_id in candidates:
            yield {"task_id": task_id, "user_id": user_id, "district_id": district_id}


def _open_rows(ctx: CommandContext, instance: LockedInstance) -> dict[str, UserTask]:
    """The instance's open tasks by their id in the engine."""
    statement = sa.select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open")
    return {task.engine_task_id: task for task in ctx.session.scalars(statement.order_by(UserTask.id))}


def _offer_anew(ctx: CommandContext, task: UserTask, execution: Execution, element: Element) -> None:
    """Somebody was replaced while the task was open: offer it to whom the diagram names now."""
    candidates = _candidates(execution, element)
    ctx.session.execute(sa.delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
    if task.assigned_by_diagram or (task.assignee_id and task.assignee_id not in candidates):
        task.assignee_id = None
    if len(candidates) == 1:
        task.assignee_id = candidates[0]
    task.assigned_by_diagram = len(candidates) == 1
    task.group = _group(task.department, task.role, candidates)
    task.version += 1
    if offers := list(_offers(task.id, task.district_id, candidates)):
        _OFFER.run_each(ctx.connection, offers)
    ctx.record(task.instance_id, "task-offered-anew", {"task": task.id, "candidates": candidates})


def _cancel(ctx: CommandContext, task: UserTask) -> None:
    task.state, task.closed_at, task.version = "cancelled", ctx.now, task.version + 1
    ctx.record(task.instance_id, "task-cancelled", {"task": task.id, "element": task.element_id, "name": task.name})


def as_due(value: Any, now: datetime, zone: ZoneInfo) -> datetime | None:
    """A due time from what a ``due`` property gave: moment, date (its end), ISO duration or days."""
    if value is None or value == "":
        return None
    if isinstance(value, timedelta):
        return now + value
    text = str(value)
    if text.startswith(("P", "-P")):
        return add_duration(now, text)
    moment = parse_instant(value, zone)
    if (isinstance(value, str) and len(value) == len("2026-01-01")) or (
        isinstance(value, date) and not isinstance(value, datetime)
    ):
        moment = moment.replace(hour=23, minute=59, second=59)
    return moment
