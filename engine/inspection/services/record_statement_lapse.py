"""Keep what came of the party's days once they are over: nothing, something posted in time, something late (PL64)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("record-statement-lapse", title="登记陈述申辩期满")
def record_statement_lapse(ctx: ServiceContext) -> dict[str, Any]:
    """A late request is kept whether admitted or not; only one made in time or admitted is acted upon.

    ``to_review``: something the party said about this notice, now or earlier in its days, must be reviewed (PL45).
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    _check(ctx, values, row.facts.get("notice") or {})
    outcome = values["outcome"]
    heard = outcome == "期满前已经提出" or values.get("admitted") == "准许"
    kind = values["request"] if heard else ("期满未提出" if outcome == "期满未提出" else "逾期未获准许")
    number = (row.facts.get("notice") or {}).get("document_number")
    said = {**values, "kind": kind, "in_time": outcome != "逾期提出", "notice": number}
    row.facts = {**row.facts, "statement": said, "statements": [*row.facts.get("statements", []), said]}
    row.state = {"要求听证": "要求听证", "提出陈述申辩": "收到陈述申辩"}.get(kind, "陈述申辩期满")
    ctx.meet_deadline("statement")
    return {"kind": kind, "to_review": bool(penalties.statements(row))}


def _check(ctx: ServiceContext, values: dict[str, Any], notice: dict[str, Any]) -> None:
    if values["outcome"] == "期满未提出":
        return
    due = ctx.session.scalar(
        sa.select(Deadline.due_at).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == ctx.business_key,
            Deadline.name == "statement",
        )
    )  # fmt: skip
    last = ctx.calendar.local_date(due).isoformat() if due else ""
    made, received = str(values["made_on"])[:10], str(values["received_on"])[:10]
    faults: dict[str, list[str]] = {}
    if values["outcome"] == "期满前已经提出" and made > last:
        faults["made_on"] = [f"期限于 {last} 届满，晚于这一天的请选“逾期提出”。"]
    if values["outcome"] == "逾期提出" and made <= last:
        faults["made_on"] = [f"期限于 {last} 届满，没有逾期，请选“期满前已经提出”。"]
    if received < made or received > ctx.calendar.local_date(ctx.now).isoformat():
        faults["received_on"] = ["收到日期应当在提出日期至今天之间。"]
    if values["request"] == "要求听证" and notice.get("hearing_right") != "是":
        faults["request"] = ["本案没有告知听证权利，请登记为“提出陈述申辩”。"]
    if faults:
        raise InvalidInput("期满核对有误。", fields=faults)
