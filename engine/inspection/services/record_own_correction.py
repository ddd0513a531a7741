"""The organ corrects its own decision (自行纠正)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("record-own-correction", title="登记自行纠正的决定")
def record_own_correction(ctx: ServiceContext) -> None:
    """Annulled or changed by a decision of its own, whose document follows; 不予纠正 leaves everything as it is."""
    values, row = ctx.values or {}, remedies.own(ctx)
    if values["decision"] == "不予纠正":
        return
    decided = steps.day(values["decided_on"])
    if decided > steps.today(ctx):
        raise InvalidInput("决定日期不对。", fields={"decided_on": ["决定日期不能晚于今天。"]})
    if values["decision"] == "变更":
        remedies.note_amounts(ctx, row, values)
    row.outcome, row.outcome_on, row.effective_on = values["decision"], decided, decided
    row.outcome_document = values.get("document_number") or ""  # a form of an earlier version asks for it here
