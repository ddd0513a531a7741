"""Keep the head's decision on a check outside the draw (非随机检查审批), beforehand or afterwards."""

from __future__ import annotations

from engine.inspection.lead_steps import keep
from engine.inspection.lead_visits import approve_afterwards
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("approve-lead-visit", title="登记非随机检查审批")
def approve_lead_visit(ctx: ServiceContext) -> None:
    """Every check is approved by the organ's head; an urgent one afterwards, within the time of the deadline table.

    What a refused check found leads nowhere: the lead is planned anew, the visit stays registered without approval.
    """
    values = {**(ctx.values or {}), "by": ctx.actor.name, "on": ctx.calendar.local_date(ctx.now).isoformat()}
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    keep(row, "approval", values)
    if row.facts.get("verification"):
        ctx.meet_deadline("urgent-visit-approval")
        approve_afterwards(ctx, row, values)
    if values["decision"] != "同意":
        row.state = "待安排核查"
