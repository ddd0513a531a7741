"""Start the time in which the receiving department signs for permits."""

from __future__ import annotations

from engine.service_tasks import ServiceContext, service_task


@service_task("start-handover-clock", title="起算签收期限")
def start_handover_clock(ctx: ServiceContext) -> None:
    """The limit comes from the deadline table; permits sent to another department begin anew."""
    ctx.set_deadline(ctx.business_key, "permit-handover", department=str(ctx.data["supervisor"]))
