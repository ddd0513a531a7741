"""A unit signs for the measures it was told of."""

from __future__ import annotations

from engine.inspection import credit_measures
from engine.service_tasks import ServiceContext, service_task


@service_task("sign-credit-measure", title="签收措施通知")
def sign_credit_measure(ctx: ServiceContext) -> None:
    """Keeps who signed and when; the limit ``measure-receipt`` is met."""
    row = credit_measures.of(ctx)
    row.received_at, row.received_by, row.state = ctx.now, ctx.actor.name, credit_measures.RECEIVED
    ctx.meet_deadline("measure-receipt")
