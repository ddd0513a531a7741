"""Keep what the party says within its days (PL45, PL64)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-statement", title="登记陈述申辩")
def record_statement(ctx: ServiceContext) -> dict[str, Any]:
    """How and when it was made; a hearing only where it was offered, a waiver only in writing.

    A statement leaves the party the rest of its days; asking for a hearing or waiving them ends the deadline
    ``statement``.  ``to_review``: something the party said about this notice must be reviewed (PL45).
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now).isoformat()
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    notice, made = row.facts.get("notice") or {}, str(values["received_on"])[:10]
    faults: dict[str, list[str]] = {}
    if not str(notice.get("served_on") or "")[:10] <= made <= today:
        faults["received_on"] = [f"应当在告知书送达（{notice.get('served_on')}）至今天之间。"]
    if values["kind"] == "要求听证" and notice.get("hearing_right") != "是":
        faults["kind"] = ["本案没有告知听证权利（没有达到听证标准），请登记为“提出陈述申辩”并答复当事人。"]
    if values["kind"] == "书面放弃" and not values.get("attachments"):
        faults["attachments"] = ["放弃陈述申辩、听证的，请上传当事人签名的书面声明；没有书面声明的等待期满。"]
    if faults:
        raise InvalidInput("陈述申辩登记有误。", fields=faults)
    said = {**values, "in_time": True, "notice": notice.get("document_number")}
    row.facts = {**row.facts, "statement": said, "statements": [*row.facts.get("statements", []), said]}
    row.state = {"要求听证": "要求听证", "书面放弃": "放弃陈述申辩"}.get(values["kind"], "收到陈述申辩")
    if values["kind"] != penalties.STATEMENT:
        ctx.meet_deadline("statement")
    return {"in_time": True, "to_review": bool(penalties.statements(row))}
