"""Keep a laboratory's report on a sample."""

from __future__ import annotations

from datetime import date

from engine.errors import InvalidInput
from engine.inspection import missed_limits, samples
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-sample-result", title="登记检验结果")
def record_sample_result(ctx: ServiceContext) -> None:
    """Meets the limit ``sample-result`` and starts ``sample-notice``; a report after its day stays on record as late.

    Raises :class:`InvalidInput` for days out of their order.
    """
    values = dict(ctx.values or {})
    row = samples.of_number(ctx.session, ctx.district_id, ctx.business_key)
    test = samples.latest(ctx)
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    reported_on, received_on = (date.fromisoformat(str(values[key])[:10]) for key in ("reported_on", "received_on"))
    faults: dict[str, list[str]] = {}
    if reported_on < test.sent_on:
        faults["reported_on"] = [f"报告日期早于送检日期（{test.sent_on}），请核对。"]
    if not reported_on <= received_on <= ctx.calendar.local_date(ctx.now):
        faults["received_on"] = ["收到日期应当在报告日期以后，不能晚于今天。"]
    if faults:
        raise InvalidInput("检验结果的日期有误。", fields=faults)
    missed_limits.note(ctx, case)
    test.report_number, test.reported_on, test.received_on = values["report_number"], reported_on, received_on
    test.result, test.conclusion, test.files = values["result"], values["conclusion"], list(values["files"])
    row.result, row.state = test.result, samples.TO_TELL
    case.state = samples.TO_TELL
    ctx.meet_deadline(samples.RESULT)
    ctx.set_deadline(ctx.business_key, samples.NOTICE, started_at=ctx.calendar.end_of_day(received_on))
