"""Keep that whoever objected was answered; the statutory limit ends with it."""

from __future__ import annotations

from datetime import date

from engine.errors import InvalidInput
from engine.inspection import objections
from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("record-objection-answer", title="登记异议答复")
def record_objection_answer(ctx: ServiceContext) -> None:
    """An answer after the limit says why it is late."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row, _ = objections.of_task(ctx)
    told = date.fromisoformat(str(values["told_on"])[:10])
    received = str(row.facts["registration"]["received_on"])[:10]
    running = running_deadline(ctx.session, ctx.district_id, ctx.business_key, objections.DEADLINE)
    faults: dict[str, list[str]] = {}
    if not received <= told.isoformat() <= today.isoformat():
        faults["told_on"] = [f"请填写收到异议（{received}）以后、今天（{today}）以前实际答复的日期。"]
    due = ctx.calendar.local_date(running.due_at) if running is not None and running.due_at is not None else None
    if due is not None and told > due and not values.get("delay_reason"):
        faults["delay_reason"] = [f"答复期限是 {due}，已经超过，请写明逾期的原因。"]
    if faults:
        raise InvalidInput("异议答复有内容需要修改。", fields=faults)
    row.state, row.facts = "已答复", {**row.facts, "answer": values}
    ctx.meet_deadline(objections.DEADLINE)
