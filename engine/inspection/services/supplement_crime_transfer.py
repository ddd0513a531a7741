"""Keep what was sent after public security asked for more."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("supplement-crime-transfer", title="登记补充材料")
def supplement_crime_transfer(ctx: ServiceContext) -> None:
    """A new receipt follows, from which their days are counted."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    at = crimes.moment(ctx, "sent_at", after=crimes.noted(row, "police"), what="公安机关的要求")
    crimes.keep(ctx, "supplement", "已补充，待回执", at)
    ctx.meet_deadline("transfer-supplement")
