"""Keep the notice before a penalty (处罚告知, PL44, PL63)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-penalty-notice", title="登记处罚告知")
def record_penalty_notice(ctx: ServiceContext) -> dict[str, Any] | None:
    """What is told is what was reviewed, no more; where the organ's standard is reached the hearing must be offered.

    Notices of cases begun under earlier diagrams say the day of service themselves and are kept as they are.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if "kinds" not in values:
        row.state, row.facts = "已告知", {**row.facts, "notice": values}
        return None
    measure = penalties.check_measure(ctx.settings, today, values)
    penal, reviewed = penalties.current(row)
    more = penalties.heavier(ctx.settings, today, reviewed, measure) + penalties.reworded(reviewed, measure)
    if penal and more:
        raise InvalidInput(
            "告知的处罚与审核的处理建议不符。",
            fields={"kinds": [f"{'；'.join(more)}。请按审核的内容告知；确需改变的，退回补充调查后重新审核。"]},
        )  # fmt: skip
    subject_kind = str((row.subject or {}).get("subject_kind") or "")
    grounds = penalties.hearing_grounds(ctx.settings, today, row.department, subject_kind, measure)
    if grounds and values["hearing_right"] != "是":
        raise InvalidInput(
            "应当告知听证权利。",
            fields={"hearing_right": [f"{'；'.join(grounds)}，应当告知听证权利（行政处罚法第六十三条），请选“是”。"]},
        )  # fmt: skip
    hearing = values["hearing_right"] == "是"
    template, document = ("hearing-right-notice", "听证告知书") if hearing else ("penalty-notice", "行政处罚告知书")
    number = values.get("document_number") or penalties.issued_number(ctx.session, ctx.instance_id, template)
    told = {**values, **measure.fields(), "document_number": number, "document": document, "template": template}
    row.facts = {**row.facts, "notice": told, "notices": [*row.facts.get("notices", []), told]}
    row.state = "正在送达告知书"
    return {"document": document, "template": template, "document_number": number, **measure.fields()}
