"""Let the decision clock of a case run again (案件恢复)."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.inspection.decision_clock import GRANTED, RESUMPTION, go_on
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("resume-case", title="恢复办案期限")
def resume_case(ctx: ServiceContext, reason: str, until: str) -> None:
    """Ends the suspension this application is for, and no other; what else excludes days takes over."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    ctx.meet_deadline(RESUMPTION)
    running = running_deadline(ctx.session, ctx.district_id, row.origin, "decision")
    granted = row.facts.get(GRANTED)
    row.facts = {key: value for key, value in row.facts.items() if key != GRANTED}
    if not granted or running is None or running.suspended_at is None:
        return
    ended = max(parse_instant(until[:10], ctx.settings.timezone), running.suspended_at)
    go_on(ctx, running, granted["ground"], reason, until=min(ended, ctx.now))
