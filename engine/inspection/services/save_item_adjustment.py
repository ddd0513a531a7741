"""Keep the draft of an adjustment as field-level changes."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import item_adjustments, item_changes
from engine.service_tasks import ServiceContext, service_task


@service_task("save-item-adjustment", title="登记事项调整")
def save_item_adjustment(ctx: ServiceContext) -> dict[str, Any]:
    """Check the draft against the list and keep what it changes; a withdrawn one changes nothing (R6–R8).

    Raises :class:`InvalidInput` naming every faulty field.
    """
    values = dict(ctx.values or {})
    row = item_adjustments.adjustment(ctx.session, ctx.district_id, ctx.business_key, lock=True)
    if values.get("action") == "撤回申请":
        return {"receiver": None}
    changes = item_changes.changes_of(ctx.session, row, values, ctx.calendar.local_date(ctx.now))
    if not changes:
        raise InvalidInput("没有选择事项。", fields={"codes": ["请至少选择一项。"]})
    row.changes, row.codes = changes, [change["code"] for change in changes]
    row.reason, row.basis = values.get("reason") or "", values.get("basis") or ""
    row.receiver = values.get("receiver") or ""
    row.state = "审批中"
    return {"count": len(changes)}
