"""Keep what the official concerned says."""

from __future__ import annotations

from engine.inspection import duty_reviews
from engine.service_tasks import ServiceContext, service_task


@service_task("record-duty-statement", title="登记本人陈述")
def record_duty_statement(ctx: ServiceContext) -> None:
    """The official is heard before anybody judges."""
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    row.statement = str((ctx.values or {})["statement"])
    ctx.meet_deadline("duty-statement")
