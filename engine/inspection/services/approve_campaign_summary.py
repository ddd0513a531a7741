"""The lead organ's head approves the joint summary or sends it back."""

from __future__ import annotations

from engine.inspection import campaign_summary, records
from engine.service_tasks import ServiceContext, service_task


@service_task("approve-campaign-summary", title="审批抽查情况汇总表")
def approve_campaign_summary(ctx: ServiceContext) -> None:
    """Note the decision on the table; approval changes no figure and no department's finding."""
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    agreed = (ctx.values or {}).get("decision") == "同意"
    campaign_summary.decide(ctx.session, campaign, agreed, ctx.actor, ctx.now)
