"""Take the subject off the list: no longer public, no longer marked, the units told."""

from __future__ import annotations

from typing import Any

from engine.inspection import credit_case, credit_listings, credit_measures, publicity_end, records
from engine.inspection.credit_letters import day
from engine.service_tasks import ServiceContext, service_task


@service_task("leave-credit-list", title="移出名单")
def leave_credit_list(ctx: ServiceContext) -> dict[str, Any]:
    """By the head's decision, after a repair, or because the entry's time is over; returns ``outcome``."""
    case = credit_case.of(ctx)
    listing = credit_listings.found(ctx.session, ctx.district_id, case.number)
    today = ctx.calendar.local_date(ctx.now)
    decided, removal = ctx.data.get("decide_removal") or {}, ctx.data.get("verify_removal") or {}
    repaired = ctx.data.get("repaired") or {}
    state = credit_listings.REMOVED
    if decided.get("decision") == "移出":
        reason, document, on = str(removal["cause"]), str(decided["document_number"]), day(decided["decided_on"])
        state = credit_listings.ANNULLED if removal["cause"] in credit_listings.VOIDING else state
    elif repaired:
        reason, document, on = "信用修复", str(repaired["document"]), day(repaired["decided_on"])
    else:
        reason, document, on = "列入期满", "", today
    credit_listings.leave(ctx, listing, reason=reason, document=document, on=on, state=state)
    row = records.publication(ctx.session, ctx.district_id, listing.list_code, listing.number)
    if row is not None:
        over = listing.until is not None and today > listing.until
        publicity_end.end(ctx, row, publicity_end.OVER if over else publicity_end.EARLY, reason, ctx.record)
    credit_measures.lift(ctx, listing, reason)
    ctx.record("credit-removed", {"list": listing.list_code, "reason": reason, "document": document})
    return {"outcome": listing.state, "reason": reason}
