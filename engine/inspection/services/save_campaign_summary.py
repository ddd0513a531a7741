"""Freeze the figures of the joint summary with the lead's words (抽查情况汇总表)."""

from __future__ import annotations

from engine.errors import Conflict, InvalidInput
from engine.inspection import campaign_summary, records
from engine.service_tasks import ServiceContext, service_task


@service_task("save-campaign-summary", title="保存抽查情况汇总表")
def save_campaign_summary(ctx: ServiceContext) -> None:
    """Only published results count; refused while one is missing."""
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    try:
        campaign_summary.keep(ctx.session, ctx.settings, campaign, ctx.values or {}, ctx.actor, ctx.now)
    except Conflict as error:
        raise InvalidInput(error.message) from None
