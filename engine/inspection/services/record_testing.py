"""Keep the result of testing things that are sealed or seized."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import held_items, missed_limits
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-testing", title="登记检测结果")
def record_testing(ctx: ServiceContext) -> None:
    """Meets the limit ``measure-testing``; a result after it stays on record as late.

    Raises :class:`InvalidInput` for a report that lies ahead; forms of the earlier diagram also ask when the party
    was told.
    """
    values, zone = dict(ctx.values or {}), ctx.settings.timezone
    faults: dict[str, list[str]] = {}
    if parse_instant(values["received_at"], zone) > ctx.now:
        faults["received_at"] = ["收到报告的时间不能晚于现在，请核对。"]
    if str(values.get("told_on") or "")[:10] > ctx.calendar.local_date(ctx.now).isoformat():
        faults["told_on"] = ["书面告知当事人的日期不能晚于今天，请核对。"]
    if faults:
        raise InvalidInput("检测结果的日期有误。", fields=faults)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    missed_limits.note(ctx, row)
    row.facts = {**row.facts, "tests": [*(row.facts.get("tests") or []), values]}
    ctx.meet_deadline(held_items.TESTING)
