"""Keep what public security decided on review."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

_STATES = {"立案": "公安机关已立案", "维持不予立案": "复议维持，待建议监督", "逾期未决定": "复议逾期，待建议监督"}


@service_task("record-review-result", title="登记复议决定")
def record_review_result(ctx: ServiceContext) -> None:
    """Upheld, or not decided in time: the days to turn to the procuratorate begin (rules 9)."""
    result = (ctx.values or {})["result"]
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    at = crimes.moment(ctx, "received_at", after=crimes.noted(row, "review"), what="提请复议")
    if result == "逾期未决定":
        crimes.check_over(ctx, "police-review")
    crimes.keep(ctx, "review_result", _STATES[result], at)
    if result == "立案":
        crimes.filed(ctx, at, "police-review")
        return
    ctx.meet_deadline("police-review")
    ctx.set_deadline(row.number, "supervision-request", started_at=at)
