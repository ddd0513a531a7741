"""Three months passed and the court was not asked: this is to be seen and answered for."""

from __future__ import annotations

from typing import Any

from engine.inspection import enforcement_steps as steps
from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("miss-court-application", title="登记逾期未申请强制执行")
def miss_court_application(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``missed``: false when the deadline was met or moved meanwhile."""
    row = steps.own(ctx)
    running = running_deadline(ctx.session, ctx.district_id, row.number, "court-application")
    row.court_missed = running is not None and running.due_at is not None and running.due_at < ctx.now
    if row.court_missed and running is not None:
        ctx.record("court-application-missed", {"business_key": row.number, "label": running.label})
    return {"missed": row.court_missed}
