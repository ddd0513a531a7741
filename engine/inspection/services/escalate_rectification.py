"""Pass on what was not corrected: to the penalty case it was ordered in, or to a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection.follow_ups import open_follow_up
from engine.inspection.records import follow_up
from engine.inspection.rectifications import PENALTY, penalty_above
from engine.service_tasks import ServiceContext, service_task


@service_task("escalate-rectification", title="未改正的转行政处罚")
def escalate_rectification(ctx: ServiceContext, carried: Mapping[str, Any]) -> dict[str, Any]:
    """An act already in a penalty case gets no second one (PL29): that case is given the facts, nothing is opened.

    ``carried`` is what the re-inspection found.  Returns ``number``, the case that goes on with it, and ``opened``.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    case = penalty_above(ctx.session, row)
    if case is None:
        return {"number": open_follow_up(ctx, PENALTY, row.number, {"carried": carried}).number, "opened": True}
    told = {"number": row.number, "on": ctx.calendar.local_date(ctx.now).isoformat(), **carried}
    case.facts = {**case.facts, "uncorrected": [*case.facts.get("uncorrected", []), told]}
    return {"number": case.number, "opened": False}
