"""Dispatching: an inspection is opened for every drawn object, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from engine.db import new_id
from engine.inspection.drawn import assignments
from engine.inspection.models import Campaign, Draw, DrawnObject, Inspection
from engine.inspection.snapshots import object_snapshot
from engine.service_tasks import ServiceContext, Start


def dispatch(ctx: ServiceContext, campaign: Campaign, draw: Draw, objects: Sequence[DrawnObject]) -> None:
    """Start an ``inspection`` for each of the objects.

    The business key ``<draw_id>/<rank>`` is unique, so a retry opens nothing twice.
    """
    teams = assignments(draw)
    opened = []
    for row in objects:
        departments = [d for d in [campaign.lead, *campaign.participants] if (row.uscc, d) in teams]
        inspection = Inspection(
            id=new_id(), district_id=ctx.district_id, number=f"{draw.draw_id}/{row.rank:04d}",
            campaign=campaign.number, draw_id=draw.draw_id, uscc=row.uscc,
            object=object_snapshot(ctx.session, ctx.district_id, row.uscc), stratum=row.stratum,
            departments=departments,
        )  # fmt: skip
        ctx.session.add(inspection)
        opened.append(inspection)
    ctx.session.flush()
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
            for inspection in opened
        ],
    )
