"""Keep an interview (询问, PL55)."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-questioning", title="登记询问笔录")
def record_questioning(ctx: ServiceContext) -> None:
    """Two or more with a valid certificate ask; it ends after it began and before it is entered."""
    values, zone = dict(ctx.values or {}), ctx.settings.timezone
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    began = parse_instant(values["began_at"], zone)
    ended = parse_instant(values["ended_at"], zone) if values.get("ended_at") else began
    faults: dict[str, list[str]] = {}
    if began > ctx.now:
        faults["began_at"] = ["开始时间不能晚于现在。"]
    if ended < began or ended > ctx.now:
        faults["ended_at"] = ["结束时间应当在开始时间之后，不能晚于现在。"]
    if faults:
        raise InvalidInput("询问时间有误。", fields=faults)
    handlers.check(
        ctx.session, ctx.district_id, values.get("interviewers"), row.uscc, ctx.calendar.local_date(began),
        field="interviewers",
    )  # fmt: skip
    row.state, row.facts = values["outcome"], {**row.facts, "questioning": values}
