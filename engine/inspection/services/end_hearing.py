"""End a hearing whose penalty was closed meanwhile."""

from __future__ import annotations

from engine.inspection import decision_clock, hearing_steps, hearings
from engine.service_tasks import ServiceContext, service_task

#: What the hearing came to.
ENDED = "听证终止"


@service_task("end-hearing", title="听证随案件办结终止")
def end_hearing(ctx: ServiceContext) -> None:
    """No day is fixed any more, nothing is announced; what was held and said stays on record."""
    row = hearing_steps.at_hand(ctx)
    row.outcome, row.closed_at, row.announced_at = ENDED, ctx.now, None
    hearing_steps.state(ctx, row, hearings.CLOSED)
    running = decision_clock.decision_above(ctx, row.origin)
    decision_clock.go_on(ctx, running, decision_clock.HEARING, ENDED)
