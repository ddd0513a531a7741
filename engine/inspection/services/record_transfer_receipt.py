"""Keep what the receiving organ answered to a transfer (移送回执)."""

from __future__ import annotations

from engine.inspection.lead_steps import check_told, day_of, keep
from engine.inspection.leads import find_lead
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-transfer-receipt", title="登记移送回执")
def record_transfer_receipt(ctx: ServiceContext) -> None:
    """Received, or sent back with the reason; not before it was sent."""
    values = dict(ctx.values or {})
    row = find_lead(ctx.session, ctx.district_id, ctx.business_key)
    case = None if row else follow_up(ctx.session, ctx.district_id, ctx.business_key)
    facts = row.facts if row else case.facts if case else {}
    sent = day_of(facts.get("transfer") or {}, "sent_on")
    check_told(ctx, values, sent or ctx.calendar.local_date(ctx.now), "received_on")
    if row is not None:
        keep(row, "receipt", values)
    elif case is not None:
        case.facts = {**case.facts, "receipt": values}
