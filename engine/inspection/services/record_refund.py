"""Money given back after a penalty was annulled or changed."""

from __future__ import annotations

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.inspection.enforcement_models import Payment
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-refund", title="登记退还款项")
def record_refund(ctx: ServiceContext) -> None:
    """Enters the refund by purpose and meets the deadline ``refund``; the sum is what was approved, no other."""
    values, row = ctx.values or {}, remedies.own(ctx)
    debt, on = remedies.debt_of(ctx, row), steps.day(values["refunded_on"])
    if (row.effective_on and on < row.effective_on) or on > steps.today(ctx):
        raise InvalidInput(
            "退还日期不对。", fields={"refunded_on": [f"退还日期应当在生效日期 {row.effective_on} 和今天之间。"]}
        )
    ctx.meet_deadline("refund")
    if debt is None:  # collected on the spot: there is no account, the penalty says that it went back
        penalty = follow_up(ctx.session, ctx.district_id, row.penalty)
        penalty.facts = {**penalty.facts, "fine_refund": {**values, "amount": row.refund / 100}}
        return
    too_much = remedies.too_much(ctx, debt)
    if sum(too_much.values()) != row.refund:
        raise InvalidInput(
            "应退数额与批准的不符。",
            fields={
                "refunded_on": [
                    f"批准退还 {e.yuan(row.refund)} 元，按现在的缴款登记应退 {e.yuan(sum(too_much.values()))} 元。"
                    "批准以后缴款登记有变动，请先核对、更正缴款登记，与批准数额一致后再登记退还。"
                ]
            },
        )
    serial = len(e.payments_of(ctx.session, debt))
    for purpose, amount in too_much.items():
        if amount:
            serial += 1
            ctx.session.add(
                Payment(
                    id=new_id(), district_id=ctx.district_id, debt=debt.number, serial=serial, direction=e.REFUNDED,
                    purpose=purpose, amount=amount, paid_on=on, receipt_number=values["receipt_number"],
                    way=values["way"], slips=list(values.get("slips") or []), entered_by=ctx.actor.user_id,
                    entered_by_name=ctx.actor.name, entered_at=ctx.now,
                )
            )  # fmt: skip
