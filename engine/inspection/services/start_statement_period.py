"""Start the party's days for a statement or a request for a hearing (PL64)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.bpmn.timers import parse_instant
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-statement-period", title="起算陈述申辩期")
def start_statement_period(ctx: ServiceContext, served: Mapping[str, Any]) -> dict[str, Any]:
    """``served`` is what the service of the notice came to; the days run from the day after it."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    served_on = str(served["served_on"])[:10]
    notice = {
        **row.facts["notice"], "served_on": served_on, "method": served.get("mode_name") or served.get("mode"),
        "service": served.get("number"),
        "document_number": row.facts["notice"].get("document_number") or served.get("document_number") or "",
    }  # fmt: skip
    row.facts = {**row.facts, "notice": notice, "notices": [*row.facts.get("notices", [])[:-1], notice]}
    row.state = "已告知"
    ctx.set_deadline(ctx.business_key, "statement", started_at=parse_instant(served_on, ctx.settings.timezone))
    return {"served_on": served_on}
