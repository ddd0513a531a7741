"""Issue the resolution the convener signed."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.db import new_id
from engine.inspection import conference
from engine.inspection.conference_models import ConferenceAssignment
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext, service_task


@service_task("issue-conference-resolution", title="印发会议决议")
def issue_conference_resolution(ctx: ServiceContext) -> dict[str, Any]:
    """Number the resolution and give each unit its task (R50, R51); findings stay with their organs.

    Returns ``resolution_number``, ``assignments`` (serial, unit, task, due_on) and ``last_due``, the latest day.
    """
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    year = ctx.calendar.local_date(ctx.now).year
    serial = next_number(ctx.session, ctx.district_id, f"conference-resolution/{year}")
    row.resolution_number, row.resolved_at = f"双随机联席决〔{year}〕{serial}号", ctx.now
    row.state = conference.FOLLOWED
    found = []
    for n, one in enumerate(row.meeting.get("assignments") or [], start=1):
        ctx.session.add(
            ConferenceAssignment(
                id=new_id(), district_id=ctx.district_id, matter=row.number, serial=n, unit=one["unit"],
                task=one["task"], due_on=date.fromisoformat(one["due_on"]),
            )
        )  # fmt: skip
        found.append({"serial": n, "unit": one["unit"], "task": one["task"], "due_on": one["due_on"]})
    conference.show_to(ctx.session, ctx.district_id, ctx.instance_id, [one["unit"] for one in found])
    ctx.record("conference-resolved", {"number": row.number, "resolution_number": row.resolution_number})
    return {
        "resolution_number": row.resolution_number,
        "assignments": found,
        "last_due": max((one["due_on"] for one in found), default=""),
    }
