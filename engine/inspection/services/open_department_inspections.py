"""Give every participating department its own part of the inspection, with its drawn pair."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import records
from engine.inspection.drawn import assignments
from engine.inspection.models import DepartmentInspection, Item
from engine.service_tasks import ServiceContext, service_task


@service_task("open-department-inspections", title="分派部门检查")
def open_department_inspections(ctx: ServiceContext) -> dict[str, Any]:
    """Start a ``department-inspection`` per department: its own state, deadline, conclusion and publication (R39)."""
    inspection = records.inspection(ctx.session, ctx.district_id, ctx.business_key)
    campaign = records.campaign(ctx.session, ctx.district_id, inspection.campaign)
    draw = records.draw(ctx.session, ctx.district_id, inspection.draw_id)
    teams = assignments(draw, inspection.uscc)
    items = ctx.session.execute(
        sa.select(Item.code, Item.department).where(
            Item.district_id == ctx.district_id, Item.code.in_(campaign.plan.get("items") or [])
        )
    ).all()
    for department in inspection.departments:
        own = sorted(code for code, owner in items if owner == department)
        if not own:
            raise ServiceTaskFailed(f"部门 {department} 没有抽查事项，无法分派检查。")
        number = f"{inspection.number}/{department}"
        ctx.session.add(
            DepartmentInspection(
                id=new_id(), district_id=ctx.district_id, number=number, inspection=inspection.number,
                campaign=campaign.number, department=department, inspectors=teams[inspection.uscc, department],
                items=own,
            )
        )  # fmt: skip
        ctx.session.flush()
        ctx.start_process(
            "department-inspection",
            number,
            {
                "inspection": inspection.number, "campaign": campaign.number, "items": own,
                "object": {k: inspection.object.get(k, "") for k in ("uscc", "name", "address")},
            },
            title=inspection.object["name"],
            department=department,
            departments=[campaign.lead],
        )  # fmt: skip
    return {"departments": inspection.departments}
