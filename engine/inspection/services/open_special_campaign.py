"""Hand a special inspection over to a campaign that draws."""

from __future__ import annotations

from typing import Any

from engine.db import new_id
from engine.inspection import special_inspections
from engine.inspection.models import Campaign
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext, service_task


@service_task("open-special-campaign", title="转入随机抽取")
def open_special_campaign(ctx: ServiceContext) -> dict[str, Any]:
    """Open the 抽查任务 that draws within the approved scope, its work plan prefilled (R47, R53).

    There is no other way on: a special inspection has no list of its own.  Returns ``campaign``.
    """
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    year = ctx.calendar.local_date(ctx.now).year
    serial = next_number(ctx.session, ctx.district_id, f"campaign/{row.department}/{year}")
    number = f"{row.department}-抽查-{year}-{serial:04d}"
    ctx.session.add(
        Campaign(
            id=new_id(), district_id=ctx.district_id, number=number, name=row.name, lead=row.department,
            participants=[], plan={}, created_at=ctx.now,
        )
    )  # fmt: skip
    row.campaign, row.state = number, special_inspections.HANDED_OVER
    ctx.session.flush()
    ctx.start_process("joint-inspection", number, {"campaign": number}, title=row.name, department=row.department)
    return {"campaign": number}
