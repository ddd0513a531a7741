"""Keep the head's decision on replacing an inspector."""

from __future__ import annotations

from engine.inspection import substitutions
from engine.service_tasks import ServiceContext, service_task


@service_task("decide-substitution", title="登记更换检查人员的决定")
def decide_substitution(ctx: ServiceContext) -> None:
    """Who decided, when and what; the successor follows from the draw's rule in the next step."""
    row = substitutions.substitution(ctx.session, ctx.district_id, ctx.business_key)
    agreed = (ctx.values or {}).get("decision") == "同意"
    row.decided_by_name, row.decided_at = ctx.actor.name, ctx.now
    row.state = substitutions.REPLACED if agreed else substitutions.REFUSED
