"""The decision is made: from now on a reporter who gave a name is to be told (5 wd)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from engine.inspection.lead_steps import keep
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("start-reporter-clock", title="起算告知期限")
def start_reporter_clock(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``tell``.  A decision made elsewhere (filing, the inspection or lead joined) is taken over first."""
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    filed, joined = ctx.data.get("filing_decided"), ctx.data.get("lead_result")
    if row.merged_into and joined:
        row.verdict, row.verdict_words = str(joined.get("verdict") or ""), str(joined["words"])
        keep(row, "joined", joined)
        row.decided_on = ctx.calendar.local_date(ctx.now)
    elif filed:
        row.verdict_words = f"经核查，本机关决定{filed['decision']}。"
        keep(row, "filing", filed)
        row.decided_on = date.fromisoformat(str(filed.get("decided_on") or ctx.calendar.local_date(ctx.now)))
    decided = row.decided_on or ctx.calendar.local_date(ctx.now)
    row.decided_on = decided
    ctx.meet_deadline("case-filing")
    if row.real_name:
        row.state = "待告知"
        began = datetime.combine(decided, time(), tzinfo=ctx.settings.timezone)
        ctx.set_deadline(row.number, "reporter-notice", started_at=began)
    return {"tell": row.real_name}
