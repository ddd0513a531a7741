"""Close a lead that is not accepted (不予受理), with the reporter told when there is one to tell."""

from __future__ import annotations

from engine.inspection.lead_steps import check_told, keep
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("record-lead-refusal", title="登记不予受理告知")
def record_lead_refusal(ctx: ServiceContext) -> None:
    """Decision and telling are due within the same limit, which ends here."""
    values = dict(ctx.values or {})
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    check_told(ctx, values, row.received_on)
    keep(row, "refusal", values)
    ctx.meet_deadline("lead-acceptance")
