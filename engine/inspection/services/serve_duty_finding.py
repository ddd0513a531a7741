"""Tell the official the finding; the time to object begins."""

from __future__ import annotations

from engine.inspection import duty_reviews
from engine.service_tasks import ServiceContext, service_task


@service_task("serve-duty-finding", title="告知认定意见")
def serve_duty_finding(ctx: ServiceContext) -> None:
    """The finding is open to the official; an objection is rechecked once."""
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    row.state = duty_reviews.TO_SERVE
    ctx.set_deadline(ctx.business_key, "duty-objection")
