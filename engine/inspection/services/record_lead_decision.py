"""Keep what was decided about a lead; whether a case is filed is decided in the penalty's own process."""

from __future__ import annotations

from typing import Any

from engine.inspection import redaction, tables
from engine.inspection.lead_reporters import reporter_words
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("record-lead-decision", title="登记线索处理决定")
def record_lead_decision(ctx: ServiceContext, filing: bool = False) -> dict[str, Any]:
    """``filing``: the head decides on filing a case (立案) in the penalty, and the limit runs until then.

    Returns what the follow-up begins with: ``variables``.
    """
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    found = row.facts.get("verification") or {}
    today = ctx.calendar.local_date(ctx.now)
    row.verdict = str(found["verdict"])
    row.verdict_words = next(
        str(one["told"]) for one in tables.rows(ctx.settings, "lead-verdict", today) if one["code"] == row.verdict
    )
    if filing:
        row.state = "待立案决定"
    else:
        row.decided_on, row.state = today, "待告知" if row.real_name else "待决定"
        ctx.meet_deadline("case-filing")
    reporters = reporter_words(ctx.session, ctx.district_id, row.number)  # joined leads came after the facts
    variables = {
        "case_facts": redaction.without(str(found.get("facts") or ""), reporters),
        "basis": str(found.get("clause") or ""),
    }
    return {"verdict": row.verdict, "variables": variables}
