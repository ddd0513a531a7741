"""The answer went to the reviewing organ or the court."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("record-remedy-answer", title="登记提交答复、答辩")
def record_remedy_answer(ctx: ServiceContext) -> None:
    """Meets the deadline of the answer; a late one names why."""
    values, row = ctx.values or {}, remedies.own(ctx)
    answered = steps.day(values["answered_on"])
    if row.received_on is not None and not row.received_on <= answered <= steps.today(ctx):
        raise InvalidInput(
            "提交日期不对。", fields={"answered_on": [f"提交日期应当在收到通知（{row.received_on}）和今天之间。"]}
        )
    for name in ("review-answer", "suit-answer"):
        running = running_deadline(ctx.session, ctx.district_id, row.number, name)
        if running is None:
            continue
        last = ctx.calendar.local_date(running.due_at) if running.due_at else answered
        if answered > last and not str(values.get("late_reason") or "").strip():
            raise InvalidInput(
                "提交已经逾期。", fields={"late_reason": [f"答复期限到 {last} 届满，逾期提交的请写明原因。"]}
            )
        ctx.meet_deadline(name)
    row.answered_on = answered
