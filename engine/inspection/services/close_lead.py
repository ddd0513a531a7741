"""Close a lead, and let those that were joined to it go on with its outcome."""

from __future__ import annotations

import sqlalchemy as sa

from engine.inspection.leads import ENDED, HANDED_ON, REFUSED, lead, tell_merged
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("close-lead", title="线索办结")
def close_lead(ctx: ServiceContext, state: str) -> dict[str, str]:
    """``state`` is 已办结, 不予受理 or 已移送; whatever limit is still open ends here."""
    if state not in ENDED:
        raise ValueError(f"a lead does not end as {state!r}")
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.closed_at = state, ctx.now
    for name in ctx.session.scalars(
        sa.select(Deadline.name).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number, Deadline.met_at.is_(None)
        )
    ).all():
        ctx.meet_deadline(name)
    said = {REFUSED: "并入的线索不予受理。", HANDED_ON: "并入的线索已移送有权机关办理。"}
    tell_merged(ctx, row.number, row.verdict, said.get(state) or row.verdict_words)
    return {"state": state}
