"""Let the decision clock of a case stand still (案件中止)."""

from __future__ import annotations

from datetime import date

from engine.bpmn.timers import parse_instant
from engine.deadline_rules import deadline_rule
from engine.inspection.decision_clock import GRANTED, RESUMPTION
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("suspend-case", title="中止办案期限")
def suspend_case(ctx: ServiceContext, ground: str, reason: str, since: str) -> dict[str, bool]:
    """From ``since`` on, or from the approval unless the table lets the ground begin earlier (``backdated``).

    Never from before the clock ran; one that stands still already is left as it is until that is over.  One that
    ran out before a ground that begins with the approval was approved is not stopped.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    _expect_back(ctx)
    running = running_deadline(ctx.session, ctx.district_id, row.origin, "decision")
    granted = {**row.facts, GRANTED: {"ground": ground, "reason": reason}}
    if running is None or running.suspended_at is not None:
        row.facts = granted
        row.state = "已批准，期限另在中止"
        return {"suspended": False}
    rule = deadline_rule(ctx.settings, "decision", ctx.calendar.local_date(ctx.now))
    found = rule.ground(ground)
    earlier = found is not None and found.backdated
    if not earlier and running.due_at is not None and running.due_at < ctx.now:
        row.state = "已批准，期限届满在先，没有中止"
        return {"suspended": False}
    resumed = [parse_instant(one["until"], ctx.settings.timezone) for one in running.suspensions if one["until"]]
    asked = parse_instant(since[:10], ctx.settings.timezone) if earlier else ctx.now
    began = max([asked, running.started_at, *resumed])
    ctx.suspend_deadline(row.origin, "decision", reason, ground=ground, since=min(began, ctx.now))
    row.state, row.facts = "中止中", granted
    return {"suspended": True}


def _expect_back(ctx: ServiceContext) -> None:
    """Watched until the day the application expects; one of an earlier version names none, then the row counts."""
    expected = str((ctx.data.get("apply") or {}).get("expected_on") or "")[:10]
    days = (date.fromisoformat(expected) - ctx.calendar.local_date(ctx.now)).days if expected else 0
    ctx.set_deadline(ctx.business_key, RESUMPTION, rule=f"{max(days, 1)}d" if expected else None)
