"""Keep a department's own conclusion (检查结论); no other organ can change it."""

from __future__ import annotations

from engine.inspection import adoptions, education, evidence, records
from engine.service_tasks import ServiceContext, service_task


@service_task("record-conclusion", title="登记检查结论")
def record_conclusion(ctx: ServiceContext) -> None:
    """The conclusion waits for review by another person of the department.

    A disagreement with another organ's finding is passed to the joint inspection, which brings it before the
    conference; nothing here waits for its advice and nothing is changed by it (domain.md §8).
    """
    values = dict(ctx.values or {})
    row = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    adoptions.keep(ctx, row, values.get("adoptions") or [])
    education.keep(ctx, values)
    inspection = records.inspection(ctx.session, ctx.district_id, row.inspection)
    evidence.keep(ctx, row, values, place=str(inspection.object.get("address") or ""), stage=ctx.element_id)
    # The day the facts became known: an opened case counts from it, and a return for correction does not move it.
    known = row.conclusion.get("concluded_on") or ctx.calendar.local_date(ctx.now).isoformat()
    row.conclusion = {**values, "concluded_on": known}
    records.note_who_entered(row, ctx.actor)
    row.state = "待审核"
    if values.get("disagreement") == "是":
        organ = records.department_names(ctx.session, ctx.district_id).get(row.department, row.department)
        question = f"{organ}提出：{values['disagreement_note']}"
        ctx.send_message("disagreement-raised", row.inspection, {"question": question})
