"""Keep the decision about a removal."""

from __future__ import annotations

from engine.inspection import credit_case
from engine.service_tasks import ServiceContext, service_task


@service_task("record-removal-decision", title="登记移出决定")
def record_removal_decision(ctx: ServiceContext) -> None:
    """The limit ``abnormal-removal`` is met either way."""
    values = dict(ctx.values or {})
    credit_case.not_later(ctx, values, "decided_on")
    credit_case.keep(credit_case.of(ctx), "removal_decision", values)
    ctx.meet_deadline("abnormal-removal")
