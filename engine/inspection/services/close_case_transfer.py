"""A penalty case was received by the competent organ: with that it is dealt with here."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("close-case-transfer", title="登记移送办结")
def close_case_transfer(ctx: ServiceContext) -> None:
    """Meets ``decision`` and, where one was ordered, ``remake``: until somebody takes the case their clocks run on."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state = "已移送其他机关"
    ctx.meet_deadline("decision")
    ctx.meet_deadline("remake", row.origin)
