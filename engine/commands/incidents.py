"""Write down what the system could not do by itself, and let an administrator retry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.bpmn.keeping import jsonable
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound, Runaway, StateUnreadable
from engine.models import Incident, ProcessInstance


def open_incident(
    ctx: CommandContext, *, kind: str, message: str, instance_id: str | None = None, element_id: str = "",
    detail: dict[str, Any] | None = None, business_key: str = "",
) -> Incident:  # fmt: skip
    """Open an incident, or count one more attempt on the same open one."""
    same = ctx.session.scalar(
        sa.select(Incident).where(
            Incident.district_id == ctx.district_id,
            Incident.instance_id == instance_id if instance_id else Incident.instance_id.is_(None),
            Incident.kind == kind,
            Incident.element_id == element_id,
            Incident.message == message,
            Incident.state == "open",
        )
    )
    if same is not None:
        same.attempts += 1
        return same
    instance = ctx.session.get(ProcessInstance, instance_id) if instance_id else None
    incident = Incident(
        id=new_id(), district_id=ctx.district_id, instance_id=instance_id,
        business_key=instance.business_key if instance else business_key, element_id=element_id, kind=kind,
        message=message, detail=jsonable(detail or {}), created_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(incident)
    ctx.session.flush()
    ctx.record(instance_id, "incident-opened", {"incident": incident.id, "kind": kind, "message": message})
    return incident


@dataclass(frozen=True)
class ReportUnreadable:
    """An instance whose state cannot be read stands still until somebody has looked at it; no other does."""

    error: StateUnreadable

    def run(self, ctx: CommandContext) -> None:
        instance_id = self.error.details["instance_id"]
        open_incident(ctx, kind="state", message=self.error.message, instance_id=instance_id)


@dataclass(frozen=True)
class ReportRunaway:
    """A command went beyond what it may take inside an instance; all it did is undone, this alone stays."""

    error: Runaway

    def run(self, ctx: CommandContext) -> None:
        of = self.error.details
        exists = ctx.session.get(ProcessInstance, of["instance_id"]) is not None  # a start is undone altogether
        open_incident(
            ctx, kind="runaway", message=self.error.message, instance_id=of["instance_id"] if exists else None,
            business_key=of["business_key"], detail=of,
        )  # fmt: skip


@dataclass(frozen=True)
class ResolveIncident:
    """Retry what failed, or close the incident with a reason when it was settled otherwise."""

    incident_id: str
    action: str = "retry"  # retry | close
    reason: str = ""

    def run(self, ctx: CommandContext) -> None:
        if not ctx.actor.is_system and not ctx.actor.has_role("系统管理员"):
            raise Forbidden("只有系统管理员可以处理异常。")
        incident = ctx.session.get(Incident, self.incident_id, with_for_update=True)
        if incident is None:
            raise NotFound("异常记录不存在。")
        if incident.state != "open":
            raise Conflict("该异常已经处理。")
        if self.action == "close" and not self.reason.strip():
            raise InvalidInput("请填写关闭异常的原因。", fields={"reason": ["请填写关闭异常的原因。"]})
        incident.state, incident.resolved_at, incident.resolved_by = "resolved", ctx.now, ctx.actor.user_id
        ctx.session.flush()
        ctx.record(
            incident.instance_id,
            "incident-resolved",
            {"incident": incident.id, "action": self.action, "reason": self.reason},
        )
        if self.action == "retry":
            self._retry(ctx, incident)

    def _retry(self, ctx: CommandContext, incident: Incident) -> None:
        from engine.commands.deliver_signal import repeat_delivery
        from engine.commands.fire_timers import FireTimers
        from engine.commands.start_process import StartProcess

        if incident.kind == "error":
            raise Conflict("流程已经因错误终止，不能重试；请另行处理后写明原因关闭。")
        if incident.kind == "runaway":
            raise Conflict("当时的操作已经撤销，请由办理人重新提交；流程图或数据仍会失控的，改好后写明原因关闭。")
        if incident.kind == "message":
            ctx.outbox.append(incident.business_key)
        elif incident.kind == "signal":
            repeat_delivery(ctx, incident.instance_id, incident.detail)
        elif incident.kind == "start":
            detail = incident.detail
            key = f"{detail['process_key']}/{detail['element_id']}/{detail['moment']}"
            StartProcess(detail["process_key"], key, at=detail["element_id"]).run(ctx)
        elif incident.kind == "timer" and incident.instance_id:
            FireTimers(incident.instance_id).run(ctx)
        elif incident.kind == "job":
            if ctx.kernel.jobs is None:
                raise Conflict("本系统未启用后台任务，无法重试。")
            ctx.kernel.jobs.retry(ctx.session, incident.detail)
