"""The lead sends a returned list to another unit (改派)."""

from __future__ import annotations

from engine.inspection import dispatch_lists
from engine.service_tasks import ServiceContext, service_task


@service_task("redirect-dispatch-list", title="改派派发单")
def redirect_dispatch_list(ctx: ServiceContext) -> None:
    """Objects and inspectors stay as drawn; only the unit that sees to them changes."""
    values = ctx.values or {}
    row = dispatch_lists.dispatch_list(ctx.session, ctx.district_id, str(ctx.data["dispatched"]["number"]))
    dispatch_lists.redirect(ctx.session, row, str(values["unit"]), str(values["instruction"]), ctx.now)
    ctx.record(
        "dispatch-redirected",
        {"number": row.number, "unit": row.unit_name, "reason": str(values["instruction"])},
    )
