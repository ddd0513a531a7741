"""The trader was told which permit or licence to get: the term of the guidance begins (查处与引导相结合)."""

from __future__ import annotations

from datetime import datetime, time

from engine.inspection.lead_steps import check_told, day_of
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-licence-guidance", title="登记引导办证")
def start_licence_guidance(ctx: ServiceContext) -> None:
    """The term runs from the day the notice was served; its length stands in the deadline table."""
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    check_told(ctx, values, ctx.calendar.local_date(row.opened_at), "served_on")
    served = day_of(values, "served_on") or ctx.calendar.local_date(ctx.now)
    row.facts = {**row.facts, "guidance": values}
    row.state = "引导办证"
    began = datetime.combine(served, time(), tzinfo=ctx.settings.timezone)
    ctx.set_deadline(row.number, "licence-guidance", started_at=began)
