"""Keep a unit's report on what a resolution asked of it."""

from __future__ import annotations

from engine.inspection import conference
from engine.service_tasks import ServiceContext, service_task


@service_task("report-assignment", title="登记落实情况")
def report_assignment(ctx: ServiceContext) -> None:
    """The unit says what it did; the office then checks it."""
    task = ctx.data["assignment"]
    row = conference.assignment(ctx.session, ctx.district_id, ctx.business_key, int(task["serial"]))
    row.report, row.reported_at, row.state = str((ctx.values or {})["report"]), ctx.now, conference.REPORTED
