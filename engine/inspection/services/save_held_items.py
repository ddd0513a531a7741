"""Keep the application for a measure."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("save-held-items", title="登记措施申请")
def save_held_items(ctx: ServiceContext) -> None:
    """What is to be held and why; nothing is held before it is carried out."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    urgent = (ctx.values or {}).get("urgent") == "是"
    row.state, row.facts = "待实施" if urgent else "待批准", {**row.facts, "application": dict(ctx.values or {})}
