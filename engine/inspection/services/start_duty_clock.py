"""Start the review group's time."""

from __future__ import annotations

from engine.service_tasks import ServiceContext, service_task


@service_task("start-duty-clock", title="起算认定期限")
def start_duty_clock(ctx: ServiceContext) -> None:
    """The time for the finding begins when the official was heard, or could have been."""
    ctx.set_deadline(ctx.business_key, "duty-finding")
