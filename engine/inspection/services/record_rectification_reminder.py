"""Keep that the party was reminded of its term."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import visits
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-rectification-reminder", title="登记提醒当事人")
def record_rectification_reminder(ctx: ServiceContext) -> None:
    """Who was reminded, when, how and what they said; a moment that lies ahead is refused."""
    values = ctx.values or {}
    if parse_instant(values["reminded_at"], ctx.settings.timezone) > ctx.now + visits.CLOCK_SKEW:
        raise InvalidInput("提醒时间晚于现在。", fields={"reminded_at": ["提醒时间晚于现在，请核对。"]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.facts = {**row.facts, "reminder": dict(values)}
