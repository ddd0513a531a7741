"""Start the time to decide whether a case is filed (立案): from the day the facts became known."""

from __future__ import annotations

from datetime import date, datetime, time

from engine.bpmn.timers import parse_instant
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.leads import find_lead
from engine.inspection.models import FollowUp
from engine.inspection.records import department_inspection, follow_up
from engine.service_tasks import ServiceContext, service_task

DEADLINE = "case-filing"
PART = "department-inspection"


@service_task("start-filing-clock", title="起算立案期限")
def start_filing_clock(ctx: ServiceContext) -> None:
    """A lead whose clock still runs hands it on, with what was granted: there are never two.

    Everything else counts from the day after the conclusion, the re-inspection or the recheck that showed the facts;
    where none did, after today.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if find_lead(ctx.session, ctx.district_id, row.origin) and ctx.take_over_deadline(DEADLINE, row.origin):
        return
    began = datetime.combine(_known_on(ctx, row), time(), tzinfo=ctx.settings.timezone)
    ctx.set_deadline(ctx.business_key, DEADLINE, started_at=began)


def _known_on(ctx: ServiceContext, row: FollowUp) -> date:
    known, before = "", find_follow_up(ctx.session, ctx.district_id, row.origin)
    if before is not None:
        looked_again, rechecked = before.facts.get("reinspection") or {}, before.facts.get("recheck") or {}
        known = looked_again.get("inspected_at") or rechecked.get("checked_on") or ""
    elif row.root_kind == PART and row.root == row.origin:
        part = department_inspection(ctx.session, ctx.district_id, row.origin)
        known = part.conclusion.get("concluded_on") or ""
    return ctx.calendar.local_date(parse_instant(known, ctx.settings.timezone) if known else ctx.now)
