"""A duty beside money: goods confiscated, a licence taken back, a business stopped (PL72, PL74)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("record-duty-performance", title="登记处罚内容的执行")
def record_duty_performance(ctx: ServiceContext) -> None:
    """Each duty of the decision is recorded once; one that could not be carried out names why."""
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
