"""Move one instance: lock, restore, act, save, and keep the rows of tasks, timers and subscriptions equal to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from engine.bpmn.execution import Element, Execution, Wait
from engine.bpmn.timers import add_duration, parse_instant
from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.commands.reconcile_alarms import set_alarm
from engine.db import lock_key, new_id
from engine.errors import Conflict, ExpressionError, NotFound
from engine.models import Deadline, ProcessInstance, Subscription, TaskCandidate, Timer, UserTask
from engine.service_tasks import ServiceContext, ServiceEffects


def locked_instance(ctx: CommandContext, instance_id: str) -> ProcessInstance:
    """The instance under the lock of its business key and of its row.

    The key comes first: it also keeps a message from being sent, unseen, while the instance
    begins to wait for it (READ COMMITTED would let both miss each other).
    """
    key = ctx.session.scalar(sa.select(ProcessInstance.business_key).where(ProcessInstance.id == instance_id))
    if key is not None:
        lock_key(ctx.session, key)
    instance = ctx.session.get(ProcessInstance, instance_id, with_for_update=True, populate_existing=True)
    if instance is None:
        raise NotFound("流程实例不存在。")
    return instance


def require_running(instance: ProcessInstance) -> None:
    """Raise :class:`Conflict` unless the instance is running."""
    if instance.status != "running":
        words = {"completed": "已经办结", "terminated": "已经终止", "suspended": "已暂停"}
        raise Conflict(f"该流程{words.get(instance.status, '不在运行')}，未作任何改动。")


def advance(
    ctx: CommandContext, instance: ProcessInstance, act: Callable[[Execution], None], *, recheck_waits: bool = False
) -> Execution:
    """Restore the instance, let ``act`` move it, save it and its rows.

    ``recheck_waits`` compares the rows of timers and messages themselves: a deadline that moved has
    already moved the restored timer, but not its row.
    """
    definition = ctx.kernel.definition(ctx.session, instance.definition_id)
    host = KernelHost(ctx, instance)
    ctx.stepping.add(instance.id)
    try:
        execution = Execution.load(definition.loaded, instance.state, host)
        before = Standing.of(execution)
        if recheck_waits:
            before = replace(before, waits=None)
        act(execution)
        save(ctx, instance, execution, before)
    finally:
        ctx.stepping.discard(instance.id)
    return execution


@dataclass(frozen=True)
class Standing:
    """What the rows of an instance say: ids of its open tasks, and its waits.  A new instance has neither."""

    tasks: frozenset[str] = frozenset()
    waits: frozenset[Wait] | None = frozenset()  # None: not known, look

    @classmethod
    def of(cls, execution: Execution) -> Standing:
        """The rows that a saved state has."""
        return cls(frozenset(e.engine_task_id for e in execution.open_tasks()), frozenset(execution.waits()))


_SAVE = (
    sa.update(ProcessInstance.__table__)  # type: ignore[arg-type]
    .where(ProcessInstance.id == sa.bindparam("of_instance"), ProcessInstance.version == sa.bindparam("seen"))
    .values({name: sa.bindparam(name) for name in ("state", "version", "status", "ended_at")})
)


def save(ctx: CommandContext, instance: ProcessInstance, execution: Execution, before: Standing) -> None:
    """Write the snapshot (one writer wins) and bring the rows in line, which now stand as ``before``."""
    completed = execution.completed
    new = {
        "state": execution.snapshot(), "version": instance.version + 1,
        "status": "completed" if completed else instance.status, "ended_at": ctx.now if completed else None,
    }  # fmt: skip
    done = ctx.session.execute(_SAVE, {**new, "of_instance": instance.id, "seen": instance.version})
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("另一位人员刚刚更新了该流程，请刷新后重试；您填写的内容已保留。")
    for name, value in new.items():
        set_committed_value(instance, name, value)
    _sync_tasks(ctx, instance, execution, before)
    _sync_waits(ctx, instance, execution, before)
    if completed:
        ctx.record(instance.id, "instance-completed", {"business_key": instance.business_key})


# -- user tasks -------------------------------------------------------------------


def _sync_tasks(ctx: CommandContext, instance: ProcessInstance, execution: Execution, before: Standing) -> None:
    elements = {element.engine_task_id: element for element in execution.open_tasks()}
    gone = before.tasks - elements.keys() - execution.submitted
    refresh = instance.id in ctx.refreshing
    known = _open_rows(ctx, instance) if gone or refresh else {}
    for engine_task_id, element in elements.items():
        if engine_task_id not in before.tasks:
            _open_task(ctx, instance, execution, element)
        elif refresh and element.properties.get("candidates"):
            _refresh_candidates(ctx, known[engine_task_id], execution, element)
    ctx.refreshing.discard(instance.id)
    for task in known.values():
        if task.engine_task_id in gone:
            task.state, task.closed_at, task.version = "cancelled", ctx.now, task.version + 1
            ctx.record(instance.id, "task-cancelled", {"task": task.id, "element": task.element_id, "name": task.name})


def _open_rows(ctx: CommandContext, instance: ProcessInstance) -> dict[str, UserTask]:
    """The instance's open tasks by their id in the engine."""
    statement = sa.select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open")
    return {task.engine_task_id: task for task in ctx.session.scalars(statement.order_by(UserTask.id))}


def _open_task(ctx: CommandContext, instance: ProcessInstance, execution: Execution, element: Element) -> None:
    def evaluated(name: str) -> Any:
        text = element.properties.get(name, "").strip()
        return execution.evaluate(element.engine_task_id, text) if text else None

    department = evaluated("department") or instance.department
    role = element.properties.get("role") or element.lane
    candidates = _candidates(execution, element)
    deadline_name = element.properties.get("deadline", "")
    due_at = _deadline_due(ctx, instance, deadline_name) if deadline_name else None
    if due_at is None:
        due_at = as_due(evaluated("due"), ctx.now, ctx.kernel.settings.timezone)
    task = UserTask(
        id=new_id(),
        district_id=instance.district_id,
        instance_id=instance.id,
        process_key=instance.process_key,
        business_key=instance.business_key,
        title=instance.title,
        engine_task_id=element.engine_task_id,
        element_id=element.element_id,
        name=element.name,
        form_key=element.properties.get("form", ""),
        department=str(department),
        role=role,
        group="" if candidates else f"{department}/{role}",
        assignee_id=candidates[0] if len(candidates) == 1 else None,
        assigned_by_diagram=len(candidates) == 1,
        created_at=ctx.now,
        due_at=due_at,
        deadline_name=deadline_name,
        legal_basis=element.properties.get("legal_basis", ""),
        context={} if element.item is None else {"item": element.item},
    )
    ctx.session.add(task)
    ctx.session.flush()
    _offer(ctx, task, candidates)
    ctx.record(
        instance.id,
        "task-opened",
        {"task": task.id, "element": task.element_id, "name": task.name, "group": task.group, "candidates": candidates},
    )


def _candidates(execution: Execution, element: Element) -> list[str]:
    text = element.properties.get("candidates", "").strip()
    found = execution.evaluate(element.engine_task_id, text) if text else None
    return list(dict.fromkeys(str(c) for c in found or [] if c))


def _offer(ctx: CommandContext, task: UserTask, candidates: list[str]) -> None:
    """Offer the task to named persons; one alone holds it, of several each may take it."""
    if len(candidates) > 1:
        ctx.session.add_all(
            TaskCandidate(task_id=task.id, user_id=user_id, district_id=task.district_id) for user_id in candidates
        )
        ctx.session.flush()


def _refresh_candidates(ctx: CommandContext, task: UserTask, execution: Execution, element: Element) -> None:
    """Somebody was replaced while the task was open: offer it to whom the diagram names now."""
    candidates = _candidates(execution, element)
    ctx.session.execute(sa.delete(TaskCandidate).where(TaskCandidate.task_id == task.id))
    if task.assigned_by_diagram or (task.assignee_id and task.assignee_id not in candidates):
        task.assignee_id = None
    if len(candidates) == 1:
        task.assignee_id = candidates[0]
    task.assigned_by_diagram = len(candidates) == 1
    task.group = "" if candidates else f"{task.department}/{task.role}"
    task.version += 1
    _offer(ctx, task, candidates)
    ctx.record(task.instance_id, "task-offered-anew", {"task": task.id, "candidates": candidates})


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


def _deadline_due(ctx: CommandContext, instance: ProcessInstance, name: str) -> datetime | None:
    return ctx.session.scalar(
        sa.select(Deadline.due_at).where(
            Deadline.district_id == instance.district_id,
            Deadline.business_key == instance.business_key,
            Deadline.name == name,
        )
    )


# -- timers and messages -------------------------------------------------------------


def _sync_waits(ctx: CommandContext, instance: ProcessInstance, execution: Execution, before: Standing) -> None:
    waits = list(execution.waits())
    if before.waits is not None and before.waits == frozenset(waits):
        return
    timers = {
        (t.engine_task_id, t.due_at): t
        for t in ctx.session.scalars(sa.select(Timer).where(Timer.instance_id == instance.id))
    }
    subscriptions = {
        (s.engine_task_id, s.message_name): s
        for s in ctx.session.scalars(sa.select(Subscription).where(Subscription.instance_id == instance.id))
    }
    for wait in waits:
        where = {"engine_task_id": wait.engine_task_id, "element_id": wait.element_id}
        common = {"id": new_id(), "district_id": instance.district_id, "instance_id": instance.id, **where}
        if wait.due_at is not None:
            if timers.pop((wait.engine_task_id, wait.due_at), None) is None:
                ctx.session.add(Timer(**common, due_at=wait.due_at))
                set_alarm(ctx, instance.id, wait.due_at)
        elif subscriptions.pop((wait.engine_task_id, wait.message), None) is None:
            ctx.session.add(Subscription(**common, message_name=wait.message, business_key=instance.business_key))
            ctx.outbox.append(instance.business_key)
    for gone in [*timers.values(), *subscriptions.values()]:
        ctx.session.delete(gone)
    ctx.session.flush()


def follow_deadlines(ctx: CommandContext, business_keys: Iterable[str]) -> int:
    """Let the timers of some business keys ask for their deadlines again; returns how many instances did."""
    instances = ctx.session.scalars(
        sa.select(ProcessInstance.id)
        .where(
            ProcessInstance.district_id == ctx.district_id,
            ProcessInstance.business_key.in_(list(business_keys)),
            ProcessInstance.status == "running",
            sa.exists().where(Timer.instance_id == ProcessInstance.id),
        )
        .order_by(ProcessInstance.business_key, ProcessInstance.id)
    ).all()
    for instance_id in instances:
        advance(ctx, locked_instance(ctx, instance_id), Execution.run, recheck_waits=True)
    return len(instances)


# -- what a running process asks for -------------------------------------------------


class KernelHost:
    """Serves one instance's execution inside one command."""

    def __init__(self, ctx: CommandContext, instance: ProcessInstance) -> None:
        self._ctx = ctx
        self._instance = instance
        self.now = ctx.now
        self.zone = ctx.kernel.settings.timezone
        observe = ctx.kernel.observe
        self.observe = None if observe is None else partial(observe, instance.process_key)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return self._functions

    @cached_property
    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        guest = self._ctx.kernel.services.bound_functions(self._ctx.session, self._ctx.district_id)
        return {**guest, **feel_functions(self._ctx), "deadline": self._deadline}

    def _deadline(self, name: str) -> datetime | None:
        """The due time of the instance's statutory deadline ``name``, null before it was set."""
        return _deadline_due(self._ctx, self._instance, name)

    def run_service(self, name: str, element: Element, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        context = service_context(self._ctx, self._instance, element)
        # Without a boundary event a failure undoes the whole command; with one, only what the service did.
        with self._ctx.session.begin_nested() if element.guarded else nullcontext():
            return self._ctx.kernel.services.run(name, context, parameters)

    def send_message(self, name: str, element: Element, target: str | None, payload: dict[str, Any]) -> None:
        self._ctx.send_message(name, target or self._instance.business_key, payload)


def feel_functions(ctx: CommandContext) -> Mapping[str, Callable[..., Any]]:
    """The calendar's words in expressions: ``working_days_after``, ``end_of_day``, ``now``, ``today``."""
    zone = ctx.kernel.settings.timezone

    def day(value: Any) -> date:
        return parse_instant(value, zone).astimezone(zone).date()

    def working_days_after(start: Any, count: Any) -> date | None:
        if start is None or start == "":
            return None
        try:
            return ctx.calendar.add_working_days(day(start), int(count))
        except (TypeError, ValueError):
            raise ExpressionError(f"working_days_after 的天数“{count}”无效，请填写 0 到 5000 的整数。") from None

    def end_of_day(value: Any) -> datetime | None:
        return None if value is None or value == "" else ctx.calendar.end_of_day(day(value))

    return {
        "working_days_after": working_days_after,
        "end_of_day": end_of_day,
        "now": lambda: ctx.now.astimezone(zone),
        "today": lambda: ctx.now.astimezone(zone).date(),
    }


def service_context(
    ctx: CommandContext, instance: ProcessInstance, element: Element, *, values: Mapping[str, Any] | None = None,
    task_id: str | None = None,
) -> ServiceContext:  # fmt: skip
    """The context of a service task standing at ``element`` of ``instance``."""
    return ServiceContext(
        session=ctx.session,
        now=ctx.now,
        district_id=ctx.district_id,
        settings=ctx.kernel.settings,
        actor=ctx.actor,
        instance_id=instance.id,
        process_key=instance.process_key,
        business_key=instance.business_key,
        department=instance.department,
        element_id=element.element_id,
        data=element.data,
        effects=_Effects(ctx, instance),
        values=values,
        item=element.item,
        task_id=task_id,
    )


@dataclass
class _Effects(ServiceEffects):
    ctx: CommandContext
    instance: ProcessInstance

    @property
    def calendar(self) -> Calendar:
        return self.ctx.calendar

    def start_process(
        self, key: str, business_key: str, variables: Mapping[str, Any], *, title: str = "", department: str = "",
        departments: Iterable[str] = (),
    ) -> str:  # fmt: skip
        return self.ctx.start_process(
            key, business_key, variables, title=title, department=department, departments=departments
        )

    def send_message(self, name: str, business_key: str, payload: Mapping[str, Any] | None = None) -> None:
        self.ctx.send_message(name, business_key, payload)

    def set_deadline(
        self, name: str, rule: str, *, started_at: datetime, legal_basis: str, label: str = "",
        business_key: str | None = None, department: str = "",
    ) -> Deadline:  # fmt: skip
        from engine.commands.set_deadline import SetDeadline

        return SetDeadline(
            business_key or self.instance.business_key, name, rule, started_at=started_at, legal_basis=legal_basis,
            label=label, department=department, stream=self.instance.id,
        ).run(self.ctx)  # fmt: skip

    def meet_deadline(self, name: str, business_key: str | None = None) -> None:
        from engine.commands.set_deadline import meet_deadline

        meet_deadline(self.ctx, business_key or self.instance.business_key, name)

    def refresh_candidates(self) -> None:
        self.ctx.refreshing.add(self.instance.id)

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None:
        self.ctx.enqueue(kind, key, args, delay_seconds)

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        self.ctx.record(self.instance.id, kind, body)
