"""Keep the head's decision on a penalty on the spot that is not proper (PL75)."""

from __future__ import annotations

from engine.inspection.penalties import COLLECTED
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-simplified-correction", title="登记当场处罚纠正")
def record_simplified_correction(ctx: ServiceContext) -> None:
    """An annulled penalty is neither published nor enforced; what was collected on the spot goes back (``refund``)."""
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    annulled = values["decision"] == "撤销"
    row.state = "已撤销" if annulled else "维持"
    today = ctx.calendar.local_date(ctx.now).isoformat()
    row.facts = {**row.facts, "correction": {**values, "decided_on": today}}
    if annulled and row.facts["decision"].get("payment") == COLLECTED:
        ctx.set_deadline(ctx.business_key, "refund")
