"""Keep the decision about an application to repair."""

from __future__ import annotations

from engine.inspection import credit_case, credit_repairs
from engine.service_tasks import ServiceContext, service_task


@service_task("record-repair-decision", title="登记信用修复决定")
def record_repair_decision(ctx: ServiceContext) -> None:
    """The limit ``repair-decision`` is met either way."""
    values = dict(ctx.values or {})
    credit_case.not_later(ctx, values, "decided_on")
    credit_case.keep(credit_case.of(ctx), "decision", values, values["decision"])
    ctx.meet_deadline(credit_repairs.DEADLINE)
