"""Keep the head's decision to file a case (立案) and start the decision clock (PL54, PL60)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

#: To a lead that waits for it (线索核查).
MESSAGE = "case-filing-decided"


@service_task("record-filing", title="登记立案")
def record_filing(ctx: ServiceContext) -> None:
    """Only now is it a case (案件): the time to the decision begins with this day.

    Filed or not, the limit ``case-filing`` is met; one returned runs on.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    if values.get("decision") == "退回补充":
        return
    ctx.meet_deadline("case-filing")
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    filing = {**ctx.data.get("file_case", {}), **values, "filed_on": today.isoformat()}
    row.facts = {**row.facts, "filing": filing, "handlers": list(filing.get("handlers") or [])}
    ctx.send_message(MESSAGE, row.origin, {"decision": values["decision"], "decided_on": today.isoformat()})
    if values.get("decision") != "立案":
        row.state = "不予立案"
        return
    row.state = "已立案"
    ctx.set_deadline(ctx.business_key, "decision")
