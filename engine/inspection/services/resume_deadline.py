"""Let a statutory deadline run again."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.service_tasks import ServiceContext, service_task


@service_task("resume-deadline", title="恢复期限")
def resume_deadline(
    ctx: ServiceContext, name: str, reason: str | None = None, business_key: str | None = None, until: str | None = None
) -> None:
    """The time up to ``until`` (else now) since the suspension of the deadline ``name`` does not count."""
    ended = parse_instant(until, ctx.settings.timezone) if until else None
    ctx.resume_deadline(business_key or ctx.business_key, name, reason or "", until=ended)
