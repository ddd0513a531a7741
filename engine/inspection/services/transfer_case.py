"""Hand a penalty case on to the organ that is competent (PL22-25): letter, papers, and in this system a lead there."""

from __future__ import annotations

from typing import Any

from engine.inspection.lead_handover import Handover, hand_over
from engine.inspection.lead_steps import check_told, day_of
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("transfer-case", title="移送案件")
def transfer_case(ctx: ServiceContext) -> dict[str, Any]:
    """``in_system`` is true when a department here receives it: its acceptance is the receipt.

    Raises :class:`InvalidInput` for a day before the decision or to come.
    """
    values: dict[str, Any] = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    receiver = str(values.get("receiver") or "")
    decision = row.facts["decision"]
    decided = day_of(decision, "decided_on") or ctx.calendar.local_date(ctx.now)
    check_told(ctx, values, decided, "sent_on")
    before = row.facts.get("transfer") or {}
    earlier = [*row.facts.get("transfers", []), *([before] if before.get("sent_on") else [])]
    row.facts = {**row.facts, "transfers": earlier, "transfer": values}
    row.state = "移送中"
    if not receiver:
        return {"in_system": False, "lead": ""}
    cause = str((row.facts.get("filing") or {}).get("cause") or "移送的案件")
    content = "\n".join((str(decision.get("facts") or ""), str(values["reason"])))
    given = Handover(receiver, cause, content, row.subject, None, row.root)
    return {"in_system": True, "lead": hand_over(ctx, given)}
