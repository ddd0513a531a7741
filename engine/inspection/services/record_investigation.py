"""Keep what an investigation found (调查取证, PL54–PL55)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-investigation", title="登记调查取证")
def record_investigation(ctx: ServiceContext) -> None:
    """Evidence is obtained before today is over, after nothing else; who proposes to end says on what ground."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now).isoformat()
    faults = {
        f"evidence_list[{at}].obtained_on": ["取得日期不能晚于今天。"]
        for at, piece in enumerate(values.get("evidence_list") or [])
        if str(piece.get("obtained_on") or "")[:10] > today
    }
    if faults:
        raise InvalidInput("证据清单有误。", fields=faults)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state = "调查取证"
    row.facts = {**row.facts, "investigation": values}
