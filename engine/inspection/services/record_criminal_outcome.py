"""Keep how the criminal case ended."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-criminal-outcome", title="登记刑事案件结果")
def record_criminal_outcome(ctx: ServiceContext) -> None:
    """Convicted, or sent back to be dealt with by the organ (PL27)."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    at = crimes.moment(ctx, "received_at", after=crimes.noted(row, "materials"), what="移交案件材料")
    crimes.keep(ctx, "outcome", (ctx.values or {})["outcome"], at)
