"""Say that what a statutory deadline asked for is done."""

from __future__ import annotations

from engine.service_tasks import ServiceContext, service_task


@service_task("meet-deadline", title="期限事项办结")
def meet_deadline(ctx: ServiceContext, name: str, business_key: str | None = None) -> None:
    """End the deadline ``name``; one that was never set is no error."""
    ctx.meet_deadline(name, business_key)
