"""Replace a recused inspector by the draw's rule (按规则递补人员)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import draw_changes, draws, records, recusals, substitutions
from engine.service_tasks import ServiceContext, service_task


@service_task("substitute-inspector", title="按规则递补检查人员")
def substitute_inspector(ctx: ServiceContext) -> dict[str, Any]:
    """The next candidate of that slot takes the place, everything else stays (PL43); a refusal is only kept.

    Raises :class:`ServiceTaskFailed` when nobody of the department is left.
    """
    decision = ctx.data.get("decide_recusal") or {}
    successor = _replace(ctx, decision) if decision.get("decision") == recusals.APPROVED else ""
    recusals.decide(
        ctx.session, ctx.district_id, ctx.business_key, ctx.data.get("recusal_requested") or {}, decision,
        successor=successor, by=ctx.actor.user_id, now=ctx.now,
    )  # fmt: skip
    return {"successor": successor}


def _replace(ctx: ServiceContext, decision: Mapping[str, Any]) -> str:
    part = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    inspection = records.inspection(ctx.session, ctx.district_id, part.inspection)
    draw = draws.locked(ctx.session, ctx.district_id, inspection.draw_id)
    inspector = str(decision["inspector"])
    successor = draw_changes.replace_inspector(
        ctx.session, ctx.settings, draw, inspection.uscc, part.department, inspector, str(decision["reason"]),
        ctx.actor.user_id, ctx.now,
    )  # fmt: skip
    if successor is None:
        raise ServiceTaskFailed(
            "没有可以递补的检查人员。请增加该部门具备资格的人员后重试，或由上级机关指派。", "nobody-left"
        )
    substitutions.hand_over(ctx, draw, part.department, inspector, successor)
    if decision.get("prior_work") == "重新检查":  # who is to do a finished check again is the new pair
        part.inspectors = [successor.inspector if code == inspector else code for code in part.inspectors]
    ctx.refresh_candidates()
    ctx.record(
        "inspector-replaced", {"draw_id": draw.draw_id, "inspector": inspector, "successor": successor.inspector}
    )
    return successor.inspector
