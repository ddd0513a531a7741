"""A fine collected on the spot goes back to the party once the penalty is annulled."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-fine-refund", title="登记退还当场收缴的罚款")
def record_fine_refund(ctx: ServiceContext) -> None:
    """The whole fine, not before it was annulled and not later than today; meets the deadline ``refund``."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now).isoformat()
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    annulled, paid = str(row.facts["correction"]["decided_on"]), float(row.facts["decision"]["amount"])
    faults: dict[str, list[str]] = {}
    if not annulled <= str(values["refunded_on"])[:10] <= today:
        faults["refunded_on"] = [f"应当在撤销之日（{annulled}）至今天之间。"]
    if float(values["amount"]) != paid:
        faults["amount"] = [f"当场收缴的罚款是 {paid:g} 元，应当全部退还。"]
    if faults:
        raise InvalidInput("退还登记有误。", fields=faults)
    row.facts = {**row.facts, "fine_refund": values}
    ctx.meet_deadline("refund")
