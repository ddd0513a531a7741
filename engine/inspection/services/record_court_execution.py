"""How far the court is with enforcing a penalty."""

from __future__ import annotations

from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("record-court-execution", title="登记法院执行情况")
def record_court_execution(ctx: ServiceContext) -> None:
    """What the court ended without the whole money leads to ending enforcement (终结执行); the head decides."""
    values, row = ctx.values or {}, steps.own(ctx)
    row.court_state = values["progress"]
    if values["progress"] != "继续执行":
        ctx.send_message(steps.END_PROPOSED, row.number)
