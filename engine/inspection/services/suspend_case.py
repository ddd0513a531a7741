"""Let the decision clock of a case stand still (案件中止)."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("suspend-case", title="中止办案期限")
def suspend_case(ctx: ServiceContext, ground: str, reason: str, since: str) -> dict[str, bool]:
    """From ``since`` on, but not from before the clock ran; one that stands still already is left as it is."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    running = running_deadline(ctx.session, ctx.district_id, row.origin, "decision")
    if running is None or running.suspended_at is not None:
        row.state = "已批准，期限另在中止"
        return {"suspended": False}
    resumed = [parse_instant(one["until"], ctx.settings.timezone) for one in running.suspensions if one["until"]]
    began = max([parse_instant(since[:10], ctx.settings.timezone), running.started_at, *resumed])
    ctx.suspend_deadline(row.origin, "decision", reason, ground=ground, since=min(began, ctx.now))
    row.state = "中止中"
    return {"suspended": True}
