"""What the court made of the application (ACL56–58)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("record-court-ruling", title="登记法院裁定")
def record_court_ruling(ctx: ServiceContext) -> None:
    """A refusal starts the deadline ``court-reconsideration``; the higher court's answer meets it."""
    values, row = ctx.values or {}, steps.own(ctx)
    received = steps.day(values["received_on"])
    if received > steps.today(ctx) or (row.applied_on is not None and received < row.applied_on):
        raise InvalidInput(
            "收到日期不对。", fields={"received_on": [f"应当在提交申请（{row.applied_on}）和今天之间，请核对裁定书。"]}
        )
    row.court_state = values["result"]
    if values["result"] == "准予执行":
        steps.state(ctx, row, e.IN_COURT)
        ctx.meet_deadline("court-reconsideration")
    elif values.get("next") == "申请复议":
        ctx.set_deadline(row.number, "court-reconsideration", started_at=steps.morning(ctx, received))
    else:
        ctx.meet_deadline("court-reconsideration")
        ctx.send_message(steps.END_PROPOSED, row.number)
