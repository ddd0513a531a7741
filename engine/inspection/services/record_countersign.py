"""Keep what a participating department brings to the campaign (R33)."""

from __future__ import annotations

from engine.inspection import preparation, records
from engine.service_tasks import ServiceContext, service_task


@service_task("record-countersign", title="登记会签的人员和装备")
def record_countersign(ctx: ServiceContext) -> None:
    """People, vehicles and equipment of a department that agrees; a refusal brings nothing."""
    values = ctx.values or {}
    if values.get("decision") != "同意":
        return
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    preparation.keep_supply(ctx.session, campaign, str(ctx.item), values, ctx.now)
