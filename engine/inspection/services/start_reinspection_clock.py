"""Start the re-inspection clock: 10 working days after the report, or after the missed deadline."""

from __future__ import annotations

from datetime import date, datetime, time

from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-reinspection-clock", title="起算复查期限")
def start_reinspection_clock(ctx: ServiceContext) -> None:
    """The limit comes from the deadline table (domain.md §3), counted from the day of the report or the missed day."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    report, term = row.facts.get("report") or {}, row.facts.get("term") or {}
    day = str(report.get("reported_on") or "")[:10] or ctx.calendar.local_date(ctx.now).isoformat()
    if not report and term:
        day = min(day, _last_day(ctx, term["due_on"]))
    started_at = datetime.combine(date.fromisoformat(day), time(12), ctx.settings.timezone)
    ctx.set_deadline(ctx.business_key, "reinspection", started_at=started_at)
    row.state = "待复查"


def _last_day(ctx: ServiceContext, first: str) -> str:
    """The last day of the term, extensions included; ``first`` is what it was when it began."""
    deadline = running_deadline(ctx.session, ctx.district_id, ctx.business_key, "rectification")
    return ctx.calendar.local_date(deadline.due_at).isoformat() if deadline and deadline.due_at else first
