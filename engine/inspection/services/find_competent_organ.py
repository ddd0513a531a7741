"""Which organ the decision table's answer means, and whether it is the department that asks."""

from __future__ import annotations

from typing import Any

from engine.inspection.records import follow_up
from engine.inspection.services.conference_office import conference_office
from engine.service_tasks import ServiceContext, service_task


@service_task("find-competent-organ", title="核对查处部门")
def find_competent_organ(ctx: ServiceContext, competent: str) -> dict[str, Any]:
    """``competent`` is permitting, regulator or none.

    The market regulator is the department where the conference office sits (R65).  Returns ``organ`` (its code,
    empty for one outside this system), ``name`` and ``here``.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    identified = row.facts["identification"]
    organ, name = "", ""
    if competent == "permitting":
        organ, name = str(identified.get("permit_department") or ""), str(identified.get("permit_organ") or "")
    elif competent == "regulator":
        organ = conference_office(ctx.session, ctx.district_id) or ""
    row.facts = {**row.facts, "competent": {"organ": organ, "name": name}}
    return {"organ": organ, "name": name, "here": competent != "none" and organ == row.department}
