"""Start the time in which the receiving department signs for permits."""

from __future__ import annotations

from engine.inspection import tables
from engine.service_tasks import ServiceContext, service_task


@service_task("start-handover-clock", title="起算签收期限")
def start_handover_clock(ctx: ServiceContext) -> None:
    """The limit comes from the deadline table; permits sent to another department begin anew."""
    rule = tables.limit(ctx.settings, "permit-handover", ctx.calendar.local_date(ctx.now))
    ctx.set_deadline(
        "permit-handover", rule.rule, started_at=ctx.now, legal_basis=rule.legal_basis, label=rule.label,
        department=str(ctx.data["supervisor"]),
    )  # fmt: skip
