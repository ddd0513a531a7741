"""Let a reviewed correction of a finding take effect; what is public follows."""

from __future__ import annotations

from typing import Any

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import corrections, finding_corrections, publication, records
from engine.inspection.records import follow_up
from engine.inspection.visit_models import FindingCorrection
from engine.service_tasks import ServiceContext, service_task

CAUSE = "changed"  # row of the table correction-cause: 检查结论被变更


@service_task("apply-finding-correction", title="结论更正生效")
def apply_finding_correction(ctx: ServiceContext) -> dict[str, Any]:
    """Each item that changes leaves a row with its old and new words.

    A publication that says otherwise now gets an application to correct it, its changes written already; one under
    way in its first step is given them.  Returns ``correction``, its number or empty.  Raises
    :class:`ServiceTaskFailed` when the case belongs to another organ than the finding.
    """
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    part = records.department_inspection(ctx.session, ctx.district_id, case.root)
    if part.department != ctx.department:
        raise ServiceTaskFailed("检查结论只能由作出结论的机关更正。")
    values = case.facts["proposal"]
    known = finding_corrections.findings(ctx.session, part)
    common = {
        "district_id": ctx.district_id, "number": case.number, "department_inspection": part.number,
        "cause": values["cause"], "reason": values["reason"], "proposed_by": values["by"],
        "reviewed_by": ctx.actor.name, "at": ctx.now,
    }  # fmt: skip
    for given in values["findings"]:
        row = known[given["item"]]
        old, new = finding_corrections.said(row), finding_corrections.wanted(row, given)
        if old == new:
            continue
        ctx.session.add(FindingCorrection(id=new_id(), item=row.item, old=old, new=new, **common))
        row.checked = True
        for name, value in new.items():
            setattr(row, name, value)
    new_conclusion = finding_corrections.conclusion(part, values)
    if new_conclusion != part.conclusion:
        ctx.session.add(
            FindingCorrection(id=new_id(), item="", old=dict(part.conclusion), new=new_conclusion, **common)
        )
        part.conclusion = new_conclusion
    ctx.session.flush()
    ctx.record("finding-corrected", {"part": part.number, "reason": values["reason"]})
    case.state = "待告知"
    return {"correction": _public(ctx, part.number, values["reason"])}


def _public(ctx: ServiceContext, number: str, reason: str) -> str:
    row = records.publication(ctx.session, ctx.district_id, "result", number)
    if row is None or row.state != "published":
        return ""
    today = ctx.calendar.local_date(ctx.now)
    expected = finding_corrections.public_words(ctx.session, ctx.settings, row, today)
    wanted = finding_corrections.public_changes(expected, publication.public_content(ctx.settings, row, today))
    if not wanted:
        return ""
    under_way = corrections.under_way(ctx.session, row)
    number = under_way or corrections.open_application(ctx, row, corrections.CORRECT, cause=CAUSE, reason=reason)
    corrections.propose(ctx.session, ctx.district_id, number, wanted)
    return number
