"""Check an application that a handler of a case stand back (回避, PL43)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("check-handler-recusal", title="核对回避申请")
def check_handler_recusal(ctx: ServiceContext) -> None:
    """It is about somebody who handles the case now, and was made by today."""
    values = ctx.values or {}
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    case = follow_up(ctx.session, ctx.district_id, row.origin)
    faults: dict[str, list[str]] = {}
    if str(values["handler"]) not in handlers.of_case(case):
        faults["handler"] = ["该人员不是本案现在的办案人员，请重新选择。"]
    if str(values["requested_on"])[:10] > ctx.calendar.local_date(ctx.now).isoformat():
        faults["requested_on"] = ["申请日期不能晚于今天。"]
    if faults:
        raise InvalidInput("回避申请有误。", fields=faults)
    row.state = "等待决定"
