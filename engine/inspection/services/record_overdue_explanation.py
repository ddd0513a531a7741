"""Keep why a decision was not made in time (PL60, R56)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-overdue-explanation", title="登记逾期说明")
def record_overdue_explanation(ctx: ServiceContext) -> None:
    """The case goes on; the explanation stands beside it."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    told = {**(ctx.values or {}), "on": ctx.calendar.local_date(ctx.now).isoformat(), "by": ctx.actor.user_id}
    row.facts = {**row.facts, "overdue": told}
