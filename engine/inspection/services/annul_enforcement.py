"""The decision is no longer in force: nothing may be enforced (ACL40)."""

from __future__ import annotations

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("annul-enforcement", title="处罚决定撤销后停止执行")
def annul_enforcement(ctx: ServiceContext) -> None:
    """What was paid is given back by the case of the remedy."""
    row = steps.own(ctx)
    row.fine = row.confiscated = 0
    row.closed_at = ctx.now
    steps.state(ctx, row, e.ANNULLED)
    steps.drop_request(ctx, row, e.ANNULLED)
