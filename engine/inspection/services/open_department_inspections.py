"""Give every participating department its own part of the inspection, with its drawn pair."""

from __future__ import annotations

from typing import Any

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import checklists, records
from engine.inspection.drawn import assignments
from engine.inspection.models import DepartmentInspection
from engine.service_tasks import ServiceContext, service_task


@service_task("open-department-inspections", title="分派部门检查")
def open_department_inspections(ctx: ServiceContext) -> dict[str, Any]:
    """Start a ``department-inspection`` per department: its own state, deadline, conclusion and publication (R39).

    Its items are those of the department that apply to the object's industry, each with the method the work plan
    chose for it (R35), and its visit is due by the last day of the work plan (``inspect_by``).
    """
    inspection = records.inspection(ctx.session, ctx.district_id, ctx.business_key)
    campaign = records.campaign(ctx.session, ctx.district_id, inspection.campaign)
    draw = records.draw(ctx.session, ctx.district_id, inspection.draw_id)
    teams = assignments(draw, inspection.uscc)
    items = checklists.items_of(ctx.session, ctx.district_id, campaign.plan.get("items") or [])
    fitting = checklists.applicable(campaign.plan, items, str(inspection.object.get("industry") or ""))
    for department in inspection.departments:
        # An industry corrected after the draw may leave a drawn department without an item: then all of its own.
        own = sorted(i.code for i in fitting if i.department == department) or sorted(
            i.code for i in items if i.department == department
        )
        methods = checklists.methods_of(campaign.plan, own)
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
                "inspection": inspection.number, "campaign": campaign.number, "lead": campaign.lead, "items": own,
                "item_methods": methods, "methods": list(dict.fromkeys(methods.values())),
                "object": {k: inspection.object.get(k, "") for k in ("uscc", "name", "address")},
                "inspect_by": campaign.plan.get("end_date"),
            },
            title=inspection.object["name"],
            department=department,
            departments=[campaign.lead],
        )  # fmt: skip
    return {"departments": inspection.departments}
