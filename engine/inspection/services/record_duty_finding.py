"""Keep the review group's finding."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import duty_reviews
from engine.service_tasks import ServiceContext, service_task


@service_task("record-duty-finding", title="登记认定意见")
def record_duty_finding(ctx: ServiceContext) -> None:
    """Duty by duty, against the generated record (尽职照单免责、失职照单问责).

    Raises :class:`InvalidInput` where the finding and the record disagree without a reason.
    """
    values = dict(ctx.values or {})
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    if faults := duty_reviews.finding_faults(row.record, values):
        raise InvalidInput("认定意见有内容需要修改。", fields=faults)
    row.finding, row.state = {**values, "at": ctx.now.isoformat(), "by": ctx.actor.name}, duty_reviews.TO_APPROVE
    ctx.meet_deadline("duty-finding")
