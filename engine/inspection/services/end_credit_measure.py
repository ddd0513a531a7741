"""A unit signs that its measures have ended."""

from __future__ import annotations

from engine.inspection import credit_measures
from engine.service_tasks import ServiceContext, service_task


@service_task("end-credit-measure", title="登记解除措施")
def end_credit_measure(ctx: ServiceContext) -> None:
    """Keeps who signed, when, and what was lifted."""
    values, row = ctx.values or {}, credit_measures.of(ctx)
    row.end_received_at, row.end_received_by = ctx.now, ctx.actor.name
    row.end_report, row.state = str(values["report"]), credit_measures.ENDED
    ctx.meet_deadline("measure-receipt")
