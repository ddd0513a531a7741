"""What a running process asks of the kernel: the calendar's words, service tasks, messages, effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any

import sqlalchemy as sa

from engine.bpmn.script_engine import Element
from engine.bpmn.spending import Limits
from engine.bpmn.timers import parse_instant
from engine.calendar import Calendar
from engine.commands.broadcast_signal import broadcast
from engine.commands.context import CommandContext
from engine.commands.locking import LockedInstance
from engine.deadline_rules import deadline_rule
from engine.errors import ExpressionError, ServiceTaskFailed
from engine.models import Deadline
from engine.periods import Period, count
from engine.service_tasks import Lookup, ServiceContext, ServiceEffects, Start

_BUSINESS_KEY = 200  # characters
_DUE = sa.select(Deadline.due_at, Deadline.suspended_at).where(
    Deadline.district_id == sa.bindparam("of_district"),
    Deadline.business_key == sa.bindparam("of_key"),
    Deadline.name == sa.bindparam("called"),
)


def deadline_due(ctx: CommandContext, instance: LockedInstance, name: str) -> datetime | None:
    """When a statutory deadline of the instance is due; None before it was set and while it stands still."""
    found = _deadline(ctx, instance, name)
    return None if found is None else found.due_at


def _deadline(ctx: CommandContext, instance: LockedInstance, name: str) -> Any:
    ctx.flush()
    wanted = {"of_district": instance.district_id, "of_key": instance.business_key, "called": name}
    return ctx.connection.execute(_DUE, wanted).first()


def named(instance: LockedInstance) -> dict[str, str]:
    """How an incident of a runaway names its instance."""
    return {"instance_id": instance.id, "business_key": instance.business_key, "process": instance.process_key}


class KernelHost:
    """Serves one instance's execution inside one command."""

    def __init__(self, ctx: CommandContext, instance: LockedInstance) -> None:
        self._ctx = ctx
        self._instance = instance
        self.now = ctx.now
        self.zone = ctx.kernel.settings.timezone
        settings = ctx.kernel.settings
        self.limits = Limits(settings.command_seconds, settings.command_memory_mb, named(instance))
        observe = ctx.kernel.observe
        self.observe = None if observe is None else partial(observe, instance.process_key)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return self._functions

    @cached_property
    def _functions(self) -> Mapping[str, Callable[..., Any]]:
        guest = {name: partial(self._ask, function) for name, function in self._ctx.kernel.services.functions.items()}
        own = {"deadline": self._deadline, "deadline_suspended": self._deadline_suspended}
        return {**guest, **feel_functions(self._ctx, self._instance.department), **own}

    def _ask(self, function: Lookup, *arguments: Any) -> Any:
        return function(self._ctx.session, self._ctx.district_id, *arguments)

    def _deadline(self, name: str) -> datetime | None:
        """The due time of the instance's statutory deadline ``name``, null before it was set and while it stands."""
        return deadline_due(self._ctx, self._instance, name)

    def _deadline_suspended(self, name: str) -> bool:
        """Does the instance's statutory deadline ``name`` stand still at present?"""
        found = _deadline(self._ctx, self._instance, name)
        return found is not None and found.suspended_at is not None

    def run_service(self, name: str, element: Element, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        context = service_context(self._ctx, self._instance, element)
        # Without a boundary event a failure undoes the whole command; with one, only what the service did.
        with self._ctx.savepoint() if element.guarded else nullcontext():
            return self._ctx.kernel.services.run(name, context, parameters)

    def send_message(self, name: str, element: Element, target: str | None, payload: dict[str, Any]) -> None:
        key = str(target) if isinstance(target, str | int) and target else self._instance.business_key
        if (target and not isinstance(target, str | int)) or len(key) > _BUSINESS_KEY:
            raise ServiceTaskFailed(f"“{element.name}”的属性 to 应得出业务编号，却得出了别的内容。")
        self._ctx.send_message(name, key, payload)

    def broadcast_signal(self, name: str, element: Element, payload: dict[str, Any]) -> None:
        broadcast(self._ctx, name, payload, source=self._instance.id)


def feel_functions(ctx: CommandContext, department: str = "") -> Mapping[str, Callable[..., Any]]:
    """The calendar's words in expressions: ``due_after``, ``working_days_after``, ``end_of_day`` and the like.

    ``department`` is whose rows of the deadline table ``due_after`` prefers.
    """
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

    def due_after(name: Any, start: Any) -> datetime | None:
        if start is None or start == "":
            return None
        began = parse_instant(start, zone)
        row = deadline_rule(ctx.kernel.settings, str(name), ctx.calendar.local_date(began), department)
        return count(ctx.calendar, Period(row.rule, began, row.includes_start)).due_at

    return {
        "due_after": due_after,
        "working_days_after": working_days_after,
        "end_of_day": end_of_day,
        "now": lambda: ctx.now.astimezone(zone),
        "today": lambda: ctx.now.astimezone(zone).date(),
    }


def service_context(
    ctx: CommandContext, instance: LockedInstance, element: Element, *, values: Mapping[str, Any] | None = None,
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
    instance: LockedInstance

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

    def start_processes(self, key: str, starts: Iterable[Start]) -> dict[str, str]:
        return self.ctx.start_processes(key, starts)

    def send_message(self, name: str, business_key: str, payload: Mapping[str, Any] | None = None) -> None:
        self.ctx.send_message(name, business_key, payload)

    def set_deadline(
        self, business_key: str, name: str, *, started_at: datetime | None = None, rule: str | None = None,
        legal_basis: str | None = None, label: str | None = None, department: str = "",
    ) -> Deadline:  # fmt: skip
        from engine.commands.set_deadline import SetDeadline

        return SetDeadline(
            business_key, name, started_at, rule=rule, legal_basis=legal_basis, label=label,
            department=department, stream=self.instance.id,
        ).run(self.ctx)  # fmt: skip

    def meet_deadline(self, name: str, business_key: str | None = None) -> None:
        from engine.commands.set_deadline import meet_deadline

        meet_deadline(self.ctx, business_key or self.instance.business_key, name, stream=self.instance.id)

    def take_over_deadline(self, name: str, source: str) -> Deadline | None:
        from engine.commands.take_over_deadline import take_over_deadline

        return take_over_deadline(
            self.ctx, self.instance.business_key, name, source=source, instance_id=self.instance.id
        )

    def suspend_deadline(
        self, business_key: str, name: str, reason: str, *, ground: str, since: datetime | None = None
    ) -> Deadline:  # fmt: skip
        from engine.commands.suspend_deadline import SuspendDeadline

        return SuspendDeadline(business_key, name, reason, ground, since, stream=self.instance.id).run(self.ctx)

    def resume_deadline(
        self, business_key: str, name: str, reason: str = "", *, until: datetime | None = None
    ) -> Deadline:  # fmt: skip
        from engine.commands.suspend_deadline import ResumeDeadline

        return ResumeDeadline(business_key, name, reason, until, stream=self.instance.id).run(self.ctx)

    def extend_deadline(
        self, business_key: str, name: str, reason: str, *, rule: str | None = None, document: str = "",
        approved_by: str = "",
    ) -> Deadline:  # fmt: skip
        from engine.commands.extend_deadline import ExtendDeadline

        return ExtendDeadline(business_key, name, reason, rule, document, approved_by, stream=self.instance.id).run(
            self.ctx
        )

    def refuse_extension(
        self, business_key: str, name: str, reason: str, *, document: str = "", approved_by: str = ""
    ) -> None:  # fmt: skip
        from engine.commands.extend_deadline import refuse_extension

        refuse_extension(
            self.ctx, business_key, name, reason, document=document, approved_by=approved_by, stream=self.instance.id
        )

    def refresh_candidates(self) -> None:
        self.ctx.refreshing.add(self.instance.id)

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None:
        self.ctx.enqueue(kind, key, args, delay_seconds)

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        self.ctx.record(self.instance.id, kind, body)
