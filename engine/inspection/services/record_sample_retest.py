"""Keep whether the party asked for a second test (复检), and whether it is granted."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import samples
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-sample-retest", title="登记复检申请")
def record_sample_retest(ctx: ServiceContext) -> dict[str, Any]:
    """A request counts by the day it was received, so one entered after the term's end is not lost.

    Returns ``granted``.  Raises :class:`InvalidInput` for a day outside the term: a late request may be refused for
    being late, not granted; "期满未申请" cannot be said before the term is over.
    """
    values = dict(ctx.values or {})
    row = samples.of_number(ctx.session, ctx.district_id, ctx.business_key)
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    term = running_deadline(ctx.session, ctx.district_id, ctx.business_key, samples.RETEST)
    last = ctx.calendar.local_date(term.due_at) if term is not None and term.due_at is not None else None
    asked = date.fromisoformat(str(values["retest_on"])[:10]) if values.get("retest_on") else None
    told = samples.latest(ctx).told_on
    faults: dict[str, list[str]] = {}
    if values["decision"] == "期满未申请":
        if term is not None and term.due_at is not None and ctx.now <= term.due_at:
            faults["decision"] = [f"复检申请的期限到 {last} 届满，届满以前不能登记为未申请。"]
    elif asked is None or asked > ctx.calendar.local_date(ctx.now) or (told is not None and asked < told):
        faults["retest_on"] = ["日期应当在告知当事人以后，不能晚于今天。"]
    elif values["decision"] == "受理" and last is not None and asked > last:
        faults["decision"] = [f"申请在期限（{last}）届满以后提出，不能受理；请选“不予受理”并写明理由。"]
    if faults:
        raise InvalidInput("复检申请的内容需要修改。", fields=faults)
    row.retest, row.retest_on = values["decision"], asked
    row.retest_reason = "；".join(filter(None, [values.get("reason"), values.get("refusal")]))
    ctx.meet_deadline(samples.RETEST)
    granted = values["decision"] == "受理"
    if granted:
        row.state = case.state = samples.TO_RETEST
    return {"granted": granted}
