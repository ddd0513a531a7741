"""The desk of a penalty's money: payments one by one, and what the party asks for (PL66, PL67)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.inspection.enforcement import yuan
from engine.service_tasks import ServiceContext, service_task


@service_task("record-payment", title="登记缴款")
def record_payment(ctx: ServiceContext) -> dict[str, Any]:
    """A payment must not be more than is owed; ``settled`` when nothing is left, ``rest`` in yuan."""
    values, row = ctx.values or {}, steps.own(ctx)
    action = values["action"]
    if action == "登记缴款":
        steps.pay(ctx, row, values)
    elif action == "撤销登记":
        steps.withdraw(ctx, row, values)
    elif action == "登记当事人申请":
        steps.request(ctx, row, values)
    elif action == "提出终结执行":
        ctx.send_message(steps.END_PROPOSED, row.number)
    else:
        raise InvalidInput("请选择要办理的事情。", fields={"action": ["请选择一项。"]})
    balance = steps.follow_payment(ctx, row)
    return {"settled": balance.rest_sum == 0, "rest": yuan(balance.rest_sum)}
