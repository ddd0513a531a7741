"""Ask public security to review its refusal, or the procuratorate to look at it."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

_STATES = {"提请复议": "公安机关复议", "建议立案监督": "检察院立案监督", "不再提请": crimes.REFUSED}


@service_task("ask-for-review", title="登记提请复议")
def ask_for_review(ctx: ServiceContext) -> None:
    """The days of the review begin with the moment it arrived (rules 9)."""
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    decision = values["decision"]
    at = ctx.now
    if decision != "不再提请":
        at = crimes.moment(ctx, "sent_at", after=crimes.noted(row, "police"), what="收到公安机关的通知")
    crimes.keep(ctx, "review", _STATES[decision], at)
    ctx.meet_deadline("review-request")
    if decision == "提请复议":
        ctx.set_deadline(row.number, "police-review", started_at=at)
