"""Keep that the decision was served (送达, PL61)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-decision-served", title="登记决定书送达")
def record_decision_served(ctx: ServiceContext, served: Mapping[str, Any]) -> dict[str, Any]:
    """``served`` is what the service came to; a decision that could not be served has no day."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    method = served.get("mode_name") or served.get("mode") or ""
    service = {"served_on": str(served.get("served_on") or "")[:10], "method": method, "number": served.get("number")}
    row.facts = {**row.facts, "service": service}
    row.state = "已送达" if service["served_on"] else "没有送达"
    return service
