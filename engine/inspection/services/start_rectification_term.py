"""Start the party's term to correct on the day after the order was served."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from engine.inspection import rectifications
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-rectification-term", title="起算改正期限")
def start_rectification_term(ctx: ServiceContext) -> dict[str, Any]:
    """The days come from the order by the table ``rectification-term``; it may be extended before it ends.

    A day the order names that passed before the order was served leaves the party no time: then the default term
    counts.  Returns ``served_on``, ``due_at`` and ``remind_at``, when the party is to be reminded.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    order = row.facts["order"]
    apart = order.get("delivery") == "另行送达"
    served = date.fromisoformat(str(ctx.data["service_closed"]["served_on"] if apart else order["served_on"])[:10])
    term = rectifications.term(ctx.settings, str(order.get("term") or ""), served)
    rule = term["rule"]
    if not rule:
        days = (date.fromisoformat(str(order["deadline"])[:10]) - served).days
        rule = f"{days}d" if days > 0 else rectifications.term(ctx.settings, "", served)["rule"]
    deadline = ctx.set_deadline(
        ctx.business_key, "rectification", started_at=datetime.combine(served, time(12), ctx.settings.timezone),
        rule=rule,
    )  # fmt: skip
    assert deadline.due_at is not None  # nothing suspends a deadline that has just begun
    due_on = ctx.calendar.local_date(deadline.due_at)
    remind = datetime.combine(due_on - timedelta(days=int(term["remind_before"])), time(9), ctx.settings.timezone)
    found = {"served_on": served.isoformat(), "due_on": due_on.isoformat(), "rule": rule}
    row.state, row.facts = "改正中", {**row.facts, "term": found}
    return {**found, "due_at": deadline.due_at.isoformat(), "remind_at": remind.isoformat()}
