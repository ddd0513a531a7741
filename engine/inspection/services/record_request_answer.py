"""Keep how a party learned that nobody decides on its request any more."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-request-answer", title="登记对申请人的答复")
def record_request_answer(ctx: ServiceContext) -> None:
    """Nobody is answered tomorrow.  Raises :class:`InvalidInput`."""
    values, row = dict(ctx.values or {}), follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if steps.day(values["told_on"]) > steps.today(ctx):
        raise InvalidInput("日期有误。", fields={"told_on": ["答复日期不能晚于今天，请核对。"]})
    row.facts = {**row.facts, "request_answer": values}
