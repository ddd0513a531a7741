"""Keep the official's objection, or that there is none."""

from __future__ import annotations

from engine.inspection import duty_reviews
from engine.service_tasks import ServiceContext, service_task


@service_task("record-duty-objection", title="登记本人意见")
def record_duty_objection(ctx: ServiceContext) -> None:
    """An objection goes back to the group, once."""
    values = ctx.values or {}
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    ctx.meet_deadline("duty-objection")
    if values["decision"] == "有异议":
        row.objection, row.state = str(values["objection"]), duty_reviews.REVIEWED
        ctx.set_deadline(ctx.business_key, "duty-finding")
