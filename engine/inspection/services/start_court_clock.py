"""The party's time for review and lawsuit is over: three months to ask the court run (ACL53)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.inspection.enforcement_models import PenaltyRemedy
from engine.inspection.follow_ups import running_deadline
from engine.inspection.tables import limit
from engine.service_tasks import ServiceContext, service_task


@service_task("start-court-clock", title="起算申请法院强制执行的期限")
def start_court_clock(ctx: ServiceContext) -> None:
    """Starts ``court-application`` from the last day of the deadline ``lawsuit``, or of the term that
    was missed when that came later; after a lawsuit that was lost by
    the party its length is that of the row ``judgment-enforcement``.
    """
    row = steps.own(ctx)
    lawsuit = running_deadline(ctx.session, ctx.district_id, row.number, "lawsuit")
    last = ctx.calendar.local_date(lawsuit.due_at) if lawsuit and lawsuit.due_at else steps.today(ctx)
    row.remedy_ends_on = last
    if row.overdue_since is not None:  # a deferral may end later than the party's time: it is late from then on only
        last = max(last, row.overdue_since - timedelta(days=1))
    ctx.meet_deadline("lawsuit")
    judged = ctx.session.scalar(
        sa.select(PenaltyRemedy.id).where(
            PenaltyRemedy.district_id == ctx.district_id, PenaltyRemedy.penalty == row.penalty,
            PenaltyRemedy.kind == "行政诉讼", PenaltyRemedy.outcome == "驳回",
        ).limit(1)
    )  # fmt: skip
    name = "judgment-enforcement" if judged else "court-application"
    source = limit(ctx.settings, name, last)
    ctx.set_deadline(
        row.number,
        "court-application",
        started_at=steps.morning(ctx, last),
        rule=source.rule,
        label=source.label,
        legal_basis=source.legal_basis,
    )
    if pending := next((pause for pause in e.pauses_of(ctx.session, row) if pause.until is None), None):
        remedies.suspend(ctx, row, "court-application", "remedy", pending.ground, pending.since)
