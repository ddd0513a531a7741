"""Keep that the party was told what the laboratory found, and start the time for asking for a second test."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import missed_limits, samples
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-sample-notice", title="登记检验结果告知")
def record_sample_notice(ctx: ServiceContext) -> dict[str, Any]:
    """Meets ``sample-notice``; a first failed test starts ``sample-retest`` where the sample's kind knows one.

    Returns ``may_ask``.  Raises :class:`InvalidInput` for a day out of order, and for what was refused or left
    behind without a witness or a recording.
    """
    values = dict(ctx.values or {})
    row = samples.of_number(ctx.session, ctx.district_id, ctx.business_key)
    test = samples.latest(ctx)
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    told_on = date.fromisoformat(str(values["told_on"])[:10])
    faults: dict[str, list[str]] = {}
    if test.received_on is None or not test.received_on <= told_on <= ctx.calendar.local_date(ctx.now):
        faults["told_on"] = [f"告知日期应当在收到报告（{test.received_on}）以后，不能晚于今天。"]
    left_behind = values["method"] in ("留置送达", "拒收")
    if left_behind and not (values.get("refusal_witness") or values.get("refusal_recording")):
        faults["refusal_witness"] = ["拒收、留置的，请写明见证人，或者填写音像记录。"]
    if faults:
        raise InvalidInput("检验结果告知有内容需要修改。", fields=faults)
    missed_limits.note(ctx, case)
    test.told_on, test.told_how, test.recipient = told_on, values["method"], values.get("recipient") or ""
    ctx.meet_deadline(samples.NOTICE)
    kind = samples.kind(ctx.settings, row.kind, ctx)
    may_ask = test.round == 1 and test.result == samples.FAILED and bool(kind.get("retest_rule"))
    if may_ask:
        ctx.set_deadline(
            ctx.business_key, samples.RETEST, started_at=ctx.calendar.end_of_day(told_on), rule=kind["retest_rule"],
            legal_basis=kind["legal_basis"],
        )  # fmt: skip
        row.state = case.state = samples.ASKING
    return {"may_ask": may_ask}
