"""Receive the filing of a special inspection."""

from __future__ import annotations

from typing import Any

from engine.inspection import special_inspections
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext, service_task


@service_task("record-special-filing", title="专项检查备案")
def record_special_filing(ctx: ServiceContext) -> dict[str, Any]:
    """The market regulator gives a gapless filing number, or asks for what is missing; returns ``filing_number``."""
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    if (ctx.values or {})["decision"] != "予以备案":
        return {"filing_number": ""}
    if not row.filing_number:
        year = ctx.calendar.local_date(ctx.now).year
        serial = next_number(ctx.session, ctx.district_id, f"special-filing/{year}")
        row.filing_number = f"专项备〔{year}〕{serial}号"
    row.filed_at = ctx.now
    ctx.meet_deadline("special-filing")
    ctx.record("special-inspection-filed", {"number": row.number, "filing_number": row.filing_number})
    return {"filing_number": row.filing_number}
