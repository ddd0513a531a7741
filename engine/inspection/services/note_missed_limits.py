"""Put on record that limits of this case passed without what they asked for."""

from __future__ import annotations

from engine.inspection import missed_limits
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("note-missed-limits", title="登记超期")
def note_missed_limits(ctx: ServiceContext) -> dict[str, list[str]]:
    """Every limit of the case that is over and not met, once each; what was to be done stays to be done.

    Returns ``missed`` (labels).  The reminders of the deadline itself go to the organ and to supervision.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    return {"missed": [entry["label"] for entry in missed_limits.note(ctx, row)]}
