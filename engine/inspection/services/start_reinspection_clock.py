"""Start the re-inspection clock: 10 working days after the report, or after the missed deadline."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-reinspection-clock", title="起算复查期限")
def start_reinspection_clock(ctx: ServiceContext) -> None:
    """The limit comes from the deadline table (domain.md §3)."""
    ctx.set_deadline(ctx.business_key, "reinspection")
    follow_up(ctx.session, ctx.district_id, ctx.business_key).state = "待复查"
