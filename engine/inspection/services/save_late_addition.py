"""Check the objects an officer wants to add after the draw (补充名单)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import draws, late_additions, records
from engine.inspection.pool import build_pool
from engine.service_tasks import ServiceContext, service_task


@service_task("save-late-addition", title="核对补充名单")
def save_late_addition(ctx: ServiceContext) -> dict[str, Any]:
    """Each must belong on the list by the plan and stand on none; what is committed is worked out at the commitment.

    Raises :class:`InvalidInput` naming every faulty row.
    """
    rows = (ctx.values or {}).get("additions") or []
    reasons = {str(row["uscc"]): str(row["reason"]) for row in rows}
    if len(reasons) != len(rows):
        raise InvalidInput("补充名单中有重复的对象。", fields={"additions": ["同一对象填写了两次，请删除一行。"]})
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.data["campaign"])
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["parent_draw"])
    pool = build_pool(ctx.session, ctx.settings, campaign, campaign.plan, ctx.now)
    return {"count": len(late_additions.additions(draw, pool, reasons))}
