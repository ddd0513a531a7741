"""Keep the report that closes a case (结案)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-closing", title="登记结案申请")
def record_closing(ctx: ServiceContext) -> None:
    """What became of the decision and of the things held."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "申请结案", {**row.facts, "closing": dict(ctx.values or {})}
