"""Keep a department's own conclusion (检查结论); no other organ can change it."""

from __future__ import annotations

from engine.inspection.records import department_inspection, note_who_entered
from engine.service_tasks import ServiceContext, service_task


@service_task("record-conclusion", title="登记检查结论")
def record_conclusion(ctx: ServiceContext) -> None:
    """The conclusion waits for review by the department's head of section."""
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    row.conclusion = dict(ctx.values or {})
    note_who_entered(row, ctx.actor)
    row.state = "待审核"
