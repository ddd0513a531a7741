"""End an adjustment its department no longer wants."""

from __future__ import annotations

from engine.inspection import item_adjustments
from engine.service_tasks import ServiceContext, service_task


@service_task("withdraw-item-adjustment", title="撤回事项调整")
def withdraw_item_adjustment(ctx: ServiceContext) -> None:
    """The list stays as it is; the items may be adjusted again."""
    item_adjustments.adjustment(ctx.session, ctx.district_id, ctx.business_key, lock=True).state = "已撤回"
