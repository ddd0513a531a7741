"""Send a sample to a laboratory, or say why it is not sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import samples
from engine.inspection.records import follow_up
from engine.inspection.sample_models import SampleTest
from engine.service_tasks import ServiceContext, service_task


@service_task("send-sample", title="登记送检")
def send_sample(ctx: ServiceContext) -> dict[str, Any]:
    """One row a test; the limit ``sample-result`` ends on the day the laboratory is to report.

    Returns ``sent``.  Raises :class:`InvalidInput` for days out of their order and for a second test by the
    laboratory of the first.
    """
    values = dict(ctx.values or {})
    row = samples.of_number(ctx.session, ctx.district_id, ctx.business_key)
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if values["decision"] != "送检":
        row.not_sent_reason = values["not_sent_reason"]
        case.state = samples.NOT_SENT
        return {"sent": False}
    sent_on, expected_on = (date.fromisoformat(str(values[key])[:10]) for key in ("sent_on", "expected_on"))
    taken_on, today = ctx.calendar.local_date(row.taken_at), ctx.calendar.local_date(ctx.now)
    earlier = samples.tests_of(ctx.session, ctx.district_id, [row.number])
    faults: dict[str, list[str]] = {}
    if not taken_on <= sent_on <= today:
        faults["sent_on"] = [f"送检日期应当在抽样当日（{taken_on}）以后，不能晚于今天。"]
    if expected_on <= sent_on:
        faults["expected_on"] = ["预计出具报告的日期应当在送检日期之后。"]
    if any(test.laboratory == values["laboratory"].strip() for test in earlier):
        faults["laboratory"] = ["复检机构与初检机构不得为同一机构，请另选机构。"]
    if faults:
        raise InvalidInput("送检的内容需要修改。", fields=faults)
    ctx.session.add(
        SampleTest(
            id=new_id(), district_id=ctx.district_id, sample=row.number, round=len(earlier) + 1,
            laboratory=values["laboratory"].strip(), accreditation=values.get("accreditation") or "",
            commission_number=values.get("commission_number") or "", asked=values["asked"], sent_on=sent_on,
            sent_by=ctx.actor.name, expected_on=expected_on, by_user=ctx.actor.user_id, at=ctx.now,
        )
    )  # fmt: skip
    row.state = case.state = samples.TESTING
    began = ctx.calendar.end_of_day(sent_on)
    ctx.set_deadline(ctx.business_key, samples.RESULT, started_at=began, rule=f"{(expected_on - sent_on).days}d")
    return {"sent": True}
