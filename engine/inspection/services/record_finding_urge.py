"""Keep that the receiving department was urged to sign for a notice, or to answer it."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import finding_notices, visits
from engine.service_tasks import ServiceContext, service_task


@service_task("record-finding-urge", title="登记催办签收、反馈")
def record_finding_urge(ctx: ServiceContext) -> None:
    """A moment that lies ahead is refused."""
    values = dict(ctx.values or {})
    if parse_instant(values["urged_at"], ctx.settings.timezone) > ctx.now + visits.CLOCK_SKEW:
        raise InvalidInput("催办时间晚于现在。", fields={"urged_at": ["催办时间晚于现在，请核对。"]})
    row = finding_notices.the_notice(ctx)
    finding_notices.keep(row, row.state, urges=[*row.facts.get("urges", []), values])
