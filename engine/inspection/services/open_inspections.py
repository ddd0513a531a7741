"""Open one inspection per drawn object once every organ has approved its list."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import dispatch_lists, draws, records, visit_days
from engine.inspection.dispatch import dispatch
from engine.inspection.draw_changes import record_failures
from engine.inspection.drawn import drawn_objects
from engine.service_tasks import ServiceContext, service_task


@service_task("open-inspections", title="开启检查")
def open_inspections(ctx: ServiceContext) -> dict[str, Any]:
    """Apply the organs' removals as logged failures, then start an ``inspection`` for every drawn object.

    Returns ``lists``, one for each unit that receives inspections: ``[{number, department, unit}]``.
    The business key ``<draw_id>/<rank>`` is unique, so a retry opens nothing twice.
    """
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    removals = {
        removal["uscc"]: (removal["reason"], f"{removal['evidence']}（{approval['item']}）")
        for approval in ctx.data.get("organ_approval") or []
        for removal in approval.get("removals") or []
    }
    record_failures(ctx.session, ctx.settings, draw, removals, ctx.now)
    visit_days.fill(ctx.session, ctx.settings, campaign, draw, ctx.now)
    objects = drawn_objects(draw)
    if not objects:
        raise ServiceTaskFailed("抽取名单为空，没有可以开启的检查。请核对方案的对象范围和比例。")
    campaign.state, campaign.draw_id = "检查中", draw.draw_id
    campaign.total = campaign.open_count = len(objects)
    dispatch(ctx, campaign, draw, objects)
    lists = dispatch_lists.make(ctx.session, campaign, draw, ctx.now)
    return {
        "count": len(objects),
        "lists": [{"number": row.number, "department": row.department, "unit": row.unit_name} for row in lists],
    }
