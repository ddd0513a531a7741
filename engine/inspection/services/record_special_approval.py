"""Keep the county-level approval of a special inspection."""

from __future__ import annotations

from datetime import date

from engine.errors import InvalidInput
from engine.inspection import special_inspections
from engine.service_tasks import ServiceContext, service_task


@service_task("record-special-approval", title="登记专项检查批准")
def record_special_approval(ctx: ServiceContext) -> None:
    """Who approved, under which document number and when; the filing time begins (国办发〔2024〕54号)."""
    values = ctx.values or {}
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    level = ctx.data["approval_level"]
    if values["decision"] != "批准":
        row.state = special_inspections.DRAFT
        return
    approved = date.fromisoformat(values["approved_on"])
    if approved > ctx.calendar.local_date(ctx.now):
        raise InvalidInput("批准日期晚于今天。", fields={"approved_on": ["批准日期不得晚于今天，请核对。"]})
    row.approver, row.counts_in_cap = values["approver"], bool(level["counts_in_cap"])
    row.approval_number, row.approved_on = values["approval_number"], approved
    row.state = special_inspections.TO_FILE
    ctx.set_deadline(ctx.business_key, "special-filing")
