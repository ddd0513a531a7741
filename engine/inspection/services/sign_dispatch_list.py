"""A unit signs for its inspections, or returns them (签收、退回)."""

from __future__ import annotations

from typing import Any

from engine.inspection import dispatch_lists
from engine.service_tasks import ServiceContext, service_task


@service_task("sign-dispatch-list", title="签收或者退回派发单")
def sign_dispatch_list(ctx: ServiceContext) -> dict[str, Any]:
    """Record who signed for the list and when, or why the unit is not competent."""
    values = ctx.values or {}
    row = dispatch_lists.dispatch_list(ctx.session, ctx.district_id, str(ctx.data["dispatched"]["number"]))
    body = {"number": row.number, "unit": row.unit_name}
    if values.get("decision") == "退回":
        reason = str(values["return_reason"])
        dispatch_lists.send_back(ctx.session, row, ctx.actor, reason, ctx.now)
        ctx.record("dispatch-returned", {**body, "reason": reason})
        return {}
    dispatch_lists.sign(
        ctx.session, row, ctx.actor, str(values.get("contact") or ""), str(values.get("note") or ""), ctx.now
    )
    ctx.record("dispatch-received", {**body, "count": len(row.inspections)})
    return {}
