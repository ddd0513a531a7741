"""Look whether the decision of a case is late (PL60)."""

from __future__ import annotations

from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("check-decision-overdue", title="核对决定是否逾期")
def check_decision_overdue(ctx: ServiceContext) -> dict[str, bool]:
    """True while the deadline ``decision`` runs; a decision made in time has met it."""
    running = running_deadline(ctx.session, ctx.district_id, ctx.business_key, "decision")
    return {"overdue": running is not None}
