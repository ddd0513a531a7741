"""Start the limits a lead of this source has, from the day it was received."""

from __future__ import annotations

from datetime import datetime, time

from engine.inspection.leads import lead, source_row
from engine.service_tasks import ServiceContext, service_task


@service_task("start-lead-clocks", title="起算线索的期限")
def start_lead_clocks(ctx: ServiceContext) -> None:
    """Which limits, the table ``lead-source`` says; the case filing (立案) is counted from receipt as well."""
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    began = datetime.combine(row.received_on, time(), tzinfo=ctx.settings.timezone)
    for name in source_row(ctx.settings, row.source, row.received_on)["deadlines"]:
        ctx.set_deadline(row.number, name, started_at=began)
