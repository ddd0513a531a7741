"""Put the subject on the list that was decided."""

from __future__ import annotations

from typing import Any

from engine.inspection import credit_case, credit_listings
from engine.service_tasks import ServiceContext, service_task


@service_task("enter-credit-list", title="列入名单")
def enter_credit_list(ctx: ServiceContext) -> dict[str, Any]:
    """The entry is kept for good; the object registry bears the mark the ratio and frequency tables see (R13)."""
    case = credit_case.of(ctx)
    row = credit_listings.enter(ctx, case, case.facts["proposal"], case.facts["decision"])
    case.state = row.state
    ctx.record(
        "credit-listed",
        {"list": row.list_code, "ground": row.ground, "document": row.document_number, "uscc": row.uscc},
    )
    return {"list": row.list_code, "until": row.until.isoformat() if row.until else None}
