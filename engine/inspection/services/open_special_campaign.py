"""Hand a special inspection over to a campaign that draws."""

from __future__ import annotations

from typing import Any

from engine.inspection import special_inspections
from engine.inspection.opening import enter_campaign
from engine.service_tasks import ServiceContext, service_task


@service_task("open-special-campaign", title="转入随机抽取")
def open_special_campaign(ctx: ServiceContext) -> dict[str, Any]:
    """Open the 抽查任务 that draws within the approved scope, its work plan prefilled (R47, R53).

    There is no other way on: a special inspection has no list of its own.  Returns ``campaign``.
    """
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    year = ctx.calendar.local_date(ctx.now).year
    number = enter_campaign(ctx.session, ctx.district_id, row.department, row.name, year, ctx.now)
    row.campaign, row.state = number, special_inspections.HANDED_OVER
    ctx.session.flush()
    ctx.start_process("joint-inspection", number, {"campaign": number}, title=row.name, department=row.department)
    return {"campaign": number}
