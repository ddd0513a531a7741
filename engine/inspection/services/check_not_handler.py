"""Who handles a case does not approve its end (调查和审批分开)."""

from __future__ import annotations

from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("check-not-handler", title="核对审批人不是办案人员")
def check_not_handler(ctx: ServiceContext) -> None:
    """Every handler of the case is excluded, not only who submitted.  Raises :class:`InvalidInput`."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    handlers.refuse_handler(row, ctx.actor.user_id, "审批")
