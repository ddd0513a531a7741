"""Put another officer in the place of one who must stand back (PL43)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("replace-handler", title="更换办案人员")
def replace_handler(ctx: ServiceContext, decision: Mapping[str, Any]) -> dict[str, Any]:
    """``decision`` is the message of the recusal; open tasks go to who handles the case now."""
    leaving, successor = str(decision.get("handler") or ""), str(decision.get("successor") or "")
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    present = handlers.of_case(row)
    if not successor or leaving not in present:
        return {"handlers": present}
    now = [successor if each == leaving else each for each in present]
    row.facts = {**row.facts, "handlers": list(dict.fromkeys(now))}
    ctx.refresh_candidates()
    ctx.record("handler-replaced", {"handler": leaving, "successor": successor})
    return {"handlers": row.facts["handlers"]}
