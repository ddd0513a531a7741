"""File an approved adjustment with the market regulator."""

from __future__ import annotations

from typing import Any

from engine.inspection import item_adjustments
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext, service_task


@service_task("file-item-adjustment", title="事项调整备案")
def file_item_adjustment(ctx: ServiceContext) -> dict[str, Any]:
    """Filed (备案) with the market regulator at once, under a gapless number (R8); returns ``filing_number``."""
    row = item_adjustments.adjustment(ctx.session, ctx.district_id, ctx.business_key, lock=True)
    if not row.filing_number:  # filed again after a return, it keeps its number
        year = ctx.calendar.local_date(ctx.now).year
        serial = next_number(ctx.session, ctx.district_id, f"item-filing/{year}")
        row.filing_number = f"事项备〔{year}〕{serial}号"
    row.filed_at, row.state = ctx.now, item_adjustments.AWAITING
    ctx.record("item-adjustment-filed", {"number": row.number, "filing_number": row.filing_number})
    return {"filing_number": row.filing_number}
