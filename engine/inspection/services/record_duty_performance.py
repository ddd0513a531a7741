"""A duty beside money: goods confiscated, a licence taken back, a business stopped (PL72, PL74)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("record-duty-performance", title="登记处罚内容的执行")
def record_duty_performance(ctx: ServiceContext) -> None:
    """One that could not be carried out names why; one the party refuses is reminded of and taken to the court,
    together with what money is overdue, and recorded again once it was performed.
    """
    values, row = ctx.values or {}, steps.own(ctx)
    if steps.day(values["performed_on"]) > steps.today(ctx) or steps.day(values["performed_on"]) < row.decided_on:
        raise InvalidInput(
            "执行日期不对。", fields={"performed_on": [f"执行日期应当在决定日期 {row.decided_on} 和今天之间。"]}
        )
    item = ctx.item or {}
    done = {"result": values["result"], "on": str(values["performed_on"])[:10], "how": values["how"]}
    row.duties = [
        {**duty, **done} if (duty["kind"], duty["content"]) == (item.get("kind"), item.get("content")) else duty
        for duty in row.duties
    ]
    ctx.session.flush()
    if steps.refused(row.duties) and row.overdue_since is None:
        ctx.send_message(steps.DUTY_REFUSED, row.number)
    steps.made_good(ctx, row, e.balance(ctx.session, ctx.settings, ctx.calendar, row, steps.today(ctx)))
