"""Open one inspection per drawn object once every organ has approved its list."""

from __future__ import annotations

from typing import Any

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import records, visit_days
from engine.inspection.draw_changes import record_failures
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.models import Inspection
from engine.inspection.snapshots import object_snapshot
from engine.service_tasks import ServiceContext, Start, service_task


@service_task("open-inspections", title="开启检查")
def open_inspections(ctx: ServiceContext) -> dict[str, Any]:
    """Apply the organs' removals as logged failures, then start an ``inspection`` for every drawn object.

    The business key ``<draw_id>/<rank>`` is unique, so a retry opens nothing twice.
    """
    draw = records.draw(ctx.session, ctx.district_id, ctx.data["draw_id"])
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    removals = {
        removal["uscc"]: (removal["reason"], f"{removal['evidence']}（{approval['item']}）")
        for approval in ctx.data.get("organ_approval") or []
        for removal in approval.get("removals") or []
    }
    record_failures(ctx.session, ctx.settings, draw, removals, ctx.now)
    visit_days.fill(ctx.session, ctx.settings, campaign, draw, ctx.now)
    teams = assignments(draw)
    objects = drawn_objects(draw)
    if not objects:
        raise ServiceTaskFailed("抽取名单为空，没有可以开启的检查。请核对方案的对象范围和比例。")
    for row in objects:
        number = f"{draw.draw_id}/{row.rank:04d}"
        departments = [d for d in [campaign.lead, *campaign.participants] if (row.uscc, d) in teams]
        snapshot = object_snapshot(ctx.session, ctx.district_id, row.uscc)
        ctx.session.add(
            Inspection(
                id=new_id(), district_id=ctx.district_id, number=number, campaign=campaign.number,
                draw_id=draw.draw_id, uscc=row.uscc, object=snapshot, stratum=row.stratum, departments=departments,
            )
        )  # fmt: skip
    ctx.session.flush()
    campaign.state, campaign.draw_id = "检查中", draw.draw_id
    campaign.total = campaign.open_count = len(objects)
    ctx.start_processes(
        "inspection",
        [
            Start(
                inspection.number,
                {
                    "campaign": campaign.number,
                    "departments": inspection.departments,
                    "object": {k: inspection.object.get(k, "") for k in ("uscc", "name", "address")},
                },
                title=f"{inspection.object['name']}",
                department=campaign.lead,
                departments=tuple(inspection.departments),
            )
            for inspection in records.inspections_of(ctx.session, ctx.district_id, campaign.number)
        ],
    )
    return {"count": len(objects)}
