"""Keep a unit's opinion on a matter."""

from __future__ import annotations

from engine.inspection import conference
from engine.service_tasks import ServiceContext, service_task


@service_task("record-conference-opinion", title="登记成员单位意见")
def record_conference_opinion(ctx: ServiceContext) -> None:
    """Each unit speaks for itself; the last word of a unit counts."""
    values = dict(ctx.values or {})
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    unit = str(ctx.item or ctx.department)
    said = {
        "unit": unit, "position": values["position"], "opinion": values.get("opinion") or "",
        "signed_by": values["signed_by"], "by": ctx.actor.name,
        "on": ctx.calendar.local_date(ctx.now).isoformat(),
    }  # fmt: skip
    row.opinions = [one for one in row.opinions if one["unit"] != unit] + [said]
