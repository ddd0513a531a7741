"""Keep the head's decision whether the case goes to public security."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

_STATES = {"批准移送": "待移送", "不批准移送": crimes.NOT_TRANSFERRED, "退回核实": "专案组核实"}


@service_task("decide-crime-transfer", title="登记移送决定")
def decide_crime_transfer(ctx: ServiceContext) -> None:
    """An approval starts the hours to the transfer at the moment it was given; a refusal's reason stays on record.

    Raises :class:`InvalidInput` for a moment before the report or after now.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    decided = crimes.moment(ctx, "decided_at", after=crimes.noted(row, "report"), what="专案组的报告")
    decision = (ctx.values or {})["decision"]
    crimes.keep(ctx, "approval", _STATES[decision], decided)
    ctx.meet_deadline("transfer-decision")
    if decision == "批准移送":
        ctx.set_deadline(ctx.business_key, "crime-transfer", started_at=decided)
