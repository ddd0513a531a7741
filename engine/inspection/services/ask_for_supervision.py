"""Suggest to the procuratorate that it supervise the refusal to file (立案监督)."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("ask-for-supervision", title="登记建议立案监督")
def ask_for_supervision(ctx: ServiceContext) -> None:
    """Kept with when it arrived; giving it up is a decision with its reason (rules 9)."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if (ctx.values or {})["decision"] == "建议立案监督":
        at = crimes.moment(ctx, "sent_at", after=crimes.noted(row, "review_result"), what="收到复议决定")
        crimes.keep(ctx, "supervision", "检察院立案监督", at)
    else:
        crimes.keep(ctx, "supervision", crimes.REFUSED, ctx.now)
    ctx.meet_deadline("supervision-request")
