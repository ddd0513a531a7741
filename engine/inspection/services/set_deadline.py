"""Start a statutory deadline."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.service_tasks import ServiceContext, service_task


@service_task("set-deadline", title="起算期限")
def set_deadline(
    ctx: ServiceContext, name: str, business_key: str | None = None, started_at: str | None = None
) -> None:  # fmt: skip
    """Start the deadline ``name`` of the deadline table at ``started_at`` (a day or a moment, else now)."""
    began = parse_instant(started_at, ctx.settings.timezone) if started_at else None
    ctx.set_deadline(business_key or ctx.business_key, name, started_at=began)
