"""Enter the receipt public security signed; they have no account of their own."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-police-receipt", title="登记公安机关回执")
def record_police_receipt(ctx: ServiceContext) -> None:
    """Their days begin with the moment on the receipt, and the penalty's days stop counting (rules 7 and 8)."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    after = crimes.noted(row, "supplement") or crimes.noted(row, "handover")
    at = crimes.moment(ctx, "received_at", after=after, what="移送")
    row = crimes.keep(ctx, "receipt", "公安机关审查", at)
    ctx.set_deadline(row.number, "police-decision", started_at=at)
    crimes.stop_penalties(ctx, row, at)
