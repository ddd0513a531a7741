"""Keep the drafted annual plan."""

from __future__ import annotations

from typing import Any

from engine.inspection.plans import checked_rows, withheld
from engine.inspection.records import plan
from engine.service_tasks import ServiceContext, service_task


@service_task("save-plan", title="登记年度抽查计划")
def save_plan(ctx: ServiceContext) -> dict[str, Any]:
    """Every row lies in the plan's year and names items that may be checked (R24, R25); rows without a code get one.

    Returns ``tasks`` with their codes and ``withheld``, how many rows are not to be made public.
    """
    values = dict(ctx.values or {})
    row = plan(ctx.session, ctx.district_id, ctx.business_key)
    values["tasks"] = checked_rows(ctx.session, row, values["tasks"])
    row.name, row.content, row.state = values["name"], values, "审批中"
    row.document_number = values.get("document_number") or ""
    return {"tasks": values["tasks"], "withheld": len(withheld(values["tasks"])), "prepared_by": ctx.actor.user_id}
