"""Review or lawsuit changed the amounts of a penalty."""

from __future__ import annotations

from typing import Any

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("change-enforcement", title="按变更后的处罚执行")
def change_enforcement(
    ctx: ServiceContext, amount: float | None = None, confiscated: float | None = None
) -> dict[str, Any]:
    """New amounts in yuan (None: as before); the surcharge is counted anew from them."""
    row = steps.own(ctx)
    row.fine = row.fine if amount is None else e.fen(amount)
    row.confiscated = row.confiscated if confiscated is None else e.fen(confiscated)
    ctx.session.flush()
    balance = steps.follow_payment(ctx, row)
    if balance.rest_sum == 0:
        ctx.send_message(steps.SETTLED, row.number)
    return {"rest": e.yuan(balance.rest_sum)}
