"""Keep whom was told that a hearing will not be held."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.document_service import day
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-hearing-termination", title="登记告知听证终止")
def record_hearing_termination(ctx: ServiceContext) -> None:
    """Nobody is told before the case was closed, or after today.  Raises :class:`InvalidInput`."""
    values, row = dict(ctx.values or {}), follow_up(ctx.session, ctx.district_id, ctx.business_key)
    told = day(values, "told_on")
    if told is None or told > ctx.calendar.local_date(ctx.now):
        raise InvalidInput("日期有误。", fields={"told_on": ["告知日期不能晚于今天，请核对。"]})
    row.facts = {**row.facts, "termination": values}
