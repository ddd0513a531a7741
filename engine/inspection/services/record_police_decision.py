"""Keep what public security decided on the case."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

_STATES = {
    "立案": "公安机关已立案", "不予立案": "不予立案，待提请复议", "转送": "已转送有管辖权的机关",
    "退回补充材料": "补充材料", "延长审查": "公安机关延长审查", "逾期未决定": "公安机关逾期未决定",
}  # fmt: skip


@service_task("record-police-decision", title="登记公安机关决定")
def record_police_decision(ctx: ServiceContext) -> None:
    """Filed: things and files follow in days; refused: a review may be asked for; sent on: the days begin anew.

    Longer terms are the rows of ``police-decision``.  Raises :class:`InvalidInput` for a moment before the receipt,
    or when "no decision in time" is said before the time is over.
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    received = crimes.noted(row, "receipt")
    at = crimes.moment(ctx, "received_at", after=received, what="公安机关接受移送")
    result = values["result"]
    crimes.keep(ctx, "police", _STATES[result], at)
    key = row.number
    if result == "逾期未决定":
        crimes.check_over(ctx, "police-decision")
    if result == "延长审查":
        ctx.extend_deadline(key, "police-decision", values["reason"], document=values["document_number"],
                            approved_by="公安机关")  # fmt: skip
    elif result == "转送":
        sent_on = crimes.moment(ctx, "forwarded_at", after=received, what="公安机关接受移送")
        if at < sent_on:
            raise InvalidInput("时间不对。", fields={"received_at": ["收到通知不能早于转送，请修改。"]})
        ctx.set_deadline(key, "police-decision", started_at=sent_on)
    elif result == "退回补充材料":
        ctx.meet_deadline("police-decision")
        ctx.set_deadline(key, "transfer-supplement", started_at=at)
    elif result == "立案":
        crimes.filed(ctx, at, "police-decision")
    else:
        ctx.meet_deadline("police-decision")
        ctx.set_deadline(key, "review-request", started_at=at)
