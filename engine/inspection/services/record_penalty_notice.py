"""Keep the notice before a penalty (处罚告知, PL44)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-penalty-notice", title="登记处罚告知")
def record_penalty_notice(ctx: ServiceContext) -> None:
    """The party's days for a statement run from the day of service."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "已告知", {**row.facts, "notice": dict(ctx.values or {})}
