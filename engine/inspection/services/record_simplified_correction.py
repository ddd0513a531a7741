"""Keep the head's decision on a penalty on the spot that is not proper (PL75)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-simplified-correction", title="登记当场处罚纠正")
def record_simplified_correction(ctx: ServiceContext) -> None:
    """An annulled penalty is neither published nor enforced."""
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state = "已撤销" if values["decision"] == "撤销" else "维持"
    row.facts = {**row.facts, "correction": values}
