"""Put on record that limits of this case passed without what they asked for."""

from __future__ import annotations

import sqlalchemy as sa

from engine.inspection.records import follow_up
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("note-missed-limits", title="登记超期")
def note_missed_limits(ctx: ServiceContext) -> dict[str, list[str]]:
    """Every limit of the case that is over and not met, once each; what was to be done stays to be done.

    Returns ``missed`` (labels).  The reminders of the deadline itself go to the organ and to supervision.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    over = ctx.session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number, Deadline.met_at.is_(None),
            Deadline.due_at <= ctx.now,
        )
        .order_by(Deadline.due_at, Deadline.name)
    ).all()  # fmt: skip
    known = list(row.facts.get("missed") or [])
    seen = {(entry["name"], entry["due_at"]) for entry in known}
    fresh = [
        {"name": one.name, "label": one.label, "due_at": one.due_at.isoformat() if one.due_at else ""} for one in over
    ]
    fresh = [entry for entry in fresh if (entry["name"], entry["due_at"]) not in seen]
    if fresh:
        row.facts = {**row.facts, "missed": [*known, *fresh]}
        ctx.record("limit-missed", {"case": row.number, "limits": fresh})
    return {"missed": [entry["label"] for entry in fresh]}
