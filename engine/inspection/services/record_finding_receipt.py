"""Keep that the receiving department signed for a notice, or sent it back."""

from __future__ import annotations

from engine.inspection import finding_notices
from engine.service_tasks import ServiceContext, service_task


@service_task("record-finding-receipt", title="登记抄告移送的签收")
def record_finding_receipt(ctx: ServiceContext) -> None:
    """Either answer ends the clock; what was signed for is to be answered within the days of the table."""
    values = dict(ctx.values or {})
    on = ctx.calendar.local_date(ctx.now).isoformat()
    signed = values["decision"] == "签收"
    row = finding_notices.the_notice(ctx)
    finding_notices.keep(row, "办理中" if signed else "已退回", receipt={**values, "by": ctx.actor.name, "on": on})
    ctx.meet_deadline(finding_notices.DEADLINE)
    if signed:
        ctx.set_deadline(row.number, finding_notices.RESULT_DEADLINE, department=row.facts["notice"]["receiver"])
