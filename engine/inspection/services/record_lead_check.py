"""Tell the organ that handed a lead over once its refusal or its transfer further on was checked."""

from __future__ import annotations

from engine.inspection.lead_reporters import refuse_reporter
from engine.inspection.lead_steps import answer_sender
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("record-lead-check", title="登记不受理、移送的核对")
def record_lead_check(ctx: ServiceContext) -> None:
    """Only what the second person agreed to is answered; a lead not accepted goes back to who sent it.

    Raises :class:`InvalidInput` when the opinion says who reported the lead.
    """
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    refuse_reporter(ctx.session, row, ctx.values or {})
    if (ctx.values or {})["decision"] != "同意":
        return
    answer_sender(ctx, row, "退回", str(row.facts["acceptance"].get("reason") or ""))
