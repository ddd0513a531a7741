"""What is to be given back after a penalty was annulled or changed."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("check-refund", title="核对退还数额")
def check_refund(ctx: ServiceContext) -> None:
    """What is given back is what was paid beyond what is owed by now, neither less nor more."""
    row = remedies.own(ctx)
    if debt := remedies.debt_of(ctx, row):
        row.refund = sum(remedies.too_much(ctx, debt).values())
    if e.fen((ctx.values or {})["amount"]) != row.refund:
        raise InvalidInput(
            "退还数额不对。", fields={"amount": [f"应当退还 {e.yuan(row.refund)} 元，请按本页列出的应退数额填写。"]}
        )
