"""The application went to the court (ACL53)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-court-application", title="登记申请法院强制执行")
def record_court_application(ctx: ServiceContext) -> None:
    """A late application names its good reason (正当理由); meets the deadline ``court-application``."""
    values, row = ctx.values or {}, steps.own(ctx)
    filed = steps.day(values["filed_on"])
    if filed > steps.today(ctx) or (row.remedy_ends_on is not None and filed <= row.remedy_ends_on):
        first = f"{row.remedy_ends_on} 之后、" if row.remedy_ends_on else ""
        raise InvalidInput(
            "提交日期不对。", fields={"filed_on": [f"提交日期应当在{first}今天以前，请核对法院收件回执。"]}
        )
    running = running_deadline(ctx.session, ctx.district_id, row.number, "court-application")
    if running is not None and running.due_at is not None:
        last = ctx.calendar.local_date(running.due_at)
        if filed > last and not str(values.get("late_reason") or "").strip():
            raise InvalidInput(
                "申请已经逾期。",
                fields={"late_reason": [f"申请期限到 {last} 届满，逾期申请的请写明正当理由。"]},
            )
    if row.court_missed and "missed" not in follow_up(ctx.session, ctx.district_id, row.number).facts:
        raise InvalidInput(
            "申请期限已经届满。",
            fields={"filed_on": ["请先由机关负责人办理“逾期未申请的处理”，决定仍然申请以后再提交。"]},
        )
    row.applied_on, row.court = filed, values["court"]
    row.court_state = "等待受理"
    steps.state(ctx, row, e.APPLIED)
    ctx.meet_deadline("court-application")
