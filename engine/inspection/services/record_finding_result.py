"""Keep what the receiving organ did about a notice; it may go on as a lead of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import finding_notices, records
from engine.inspection.leads import HANDED_OVER, NewLead, open_lead
from engine.service_tasks import ServiceContext, service_task

LEAD = "转为线索核查"


@service_task("record-finding-result", title="登记抄告移送的处理结果")
def record_finding_result(ctx: ServiceContext) -> dict[str, Any]:
    """转为线索核查 opens a lead of the receiving department with what the notice says (R45); returns ``lead``.

    That lead's limits run from the day the notice was signed for, not from the day of the answer.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    if str(values["handled_on"])[:10] > today.isoformat():
        raise InvalidInput("办理日期不对。", fields={"handled_on": ["办理日期晚于今天，请填写实际的日期。"]})
    row = finding_notices.the_notice(ctx)
    notice, lead = row.facts["notice"], ""
    if values["outcome"] == LEAD:
        organ = records.department_names(ctx.session, ctx.district_id).get(row.department, row.department)
        received = date.fromisoformat(row.facts["receipt"]["on"])
        content = f"{notice['facts']}\n依据和理由：{notice['basis']}"
        new = NewLead(
            notice["receiver"], HANDED_OVER, received, f"{organ}{notice['notice_kind']}"[:100], content, row.subject,
            handed_from=row.number, handed_by=organ,
        )  # fmt: skip
        lead = open_lead(ctx, new).number
    ctx.meet_deadline(finding_notices.RESULT_DEADLINE)
    finding_notices.keep(row, values["outcome"], result={**values, "lead": lead, "by": ctx.actor.name})
    return {"lead": lead}
