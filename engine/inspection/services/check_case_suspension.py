"""Check an application to let the clock of a case stand still (案件中止)."""

from __future__ import annotations

from engine.deadline_rules import deadline_rule
from engine.errors import InvalidInput
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("check-case-suspension", title="核对案件中止申请")
def check_case_suspension(ctx: ServiceContext) -> None:
    """Only a clock that runs and has not run out can stand still, from a day since filing until today.

    Only grounds the table lets begin before the approval (``backdated``: testing, identification) may name an
    earlier day.  Raises :class:`InvalidInput`.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    running = running_deadline(ctx.session, ctx.district_id, row.origin, "decision")
    if running is None:
        raise InvalidInput(
            "案件不能中止。", fields={"ground": ["案件还没有立案或者已经作出决定，没有可以中止的期限。"]}
        )
    if running.suspended_at is not None:
        raise InvalidInput("案件已经中止。", fields={"ground": ["办案期限正在中止中，恢复之后才能再次中止。"]})
    if running.due_at is not None and running.due_at < ctx.now:
        due = ctx.calendar.local_date(running.due_at)
        raise InvalidInput(
            "案件不能中止。", fields={"ground": [f"办案期限已于 {due} 届满，不能再中止，请在案件中说明逾期原因。"]}
        )
    since = str(values["since"])[:10]
    started = ctx.calendar.local_date(running.started_at).isoformat()
    if not started <= since <= today.isoformat():
        raise InvalidInput("中止日期有误。", fields={"since": [f"应当在立案（{started}）至今天之间。"]})
    ground = deadline_rule(ctx.settings, "decision", today).ground(str(values["ground"]))
    if not (ground and ground.backdated) and since < today.isoformat():
        said = "这一情形从批准之日起中止，不能早于今天；检验、检测、检疫、鉴定和辨认的可以填送检、交付的日期。"
        raise InvalidInput("中止日期有误。", fields={"since": [said]})
    expected = values.get("expected_on")  # a form of an earlier version does not ask for it
    if expected and str(expected)[:10] <= today.isoformat():
        raise InvalidInput("日期有误。", fields={"expected_on": ["预计恢复的日期应当在今天以后。"]})
    row.state = "等待批准"
    row.facts = {**row.facts, "suspension": {**values, "ground_name": ground.label if ground else ""}}
