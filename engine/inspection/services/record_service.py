"""Keep the service of the decision (送达, PL61)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-service", title="登记送达")
def record_service(ctx: ServiceContext) -> None:
    """Served on or after the day of the decision."""
    values = ctx.values or {}
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    decided = str((row.facts.get("decision") or {}).get("decided_on", ""))[:10]
    if str(values["served_on"])[:10] < decided:
        raise InvalidInput("送达日期早于决定日期。", fields={"served_on": [f"送达日期不能早于决定日期 {decided}。"]})
    row.state, row.facts = "已送达", {**row.facts, "service": dict(values)}
