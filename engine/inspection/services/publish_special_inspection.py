"""Publish an approved and filed special inspection."""

from __future__ import annotations

from typing import Any

from engine.inspection import publication, publication_release, records, special_inspections
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-special-inspection", title="公布专项检查")
def publish_special_inspection(ctx: ServiceContext) -> dict[str, Any]:
    """Public from this moment, or withheld with its legal ground (R58); returns ``state`` of the publication."""
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    names = records.department_names(ctx.session, ctx.district_id)
    today = ctx.calendar.local_date(ctx.now)
    content = special_inspections.public_content(ctx.session, ctx.settings, row, names, today)
    withheld = row.content.get("publish") == special_inspections.WITHHELD
    kept = publication.keep(
        ctx.session, district_id=ctx.district_id, kind="special", subject=row.number, department=row.department,
        preview=publication.Preview(content, []),
        state="withheld" if withheld else "published",
        legal_ground=str(row.content.get("legal_ground") or "") if withheld else "",
    )  # fmt: skip
    if not withheld:
        row.published_at = ctx.now
        publication_release.release(ctx, kept)
    return {"publication": kept.id, "state": kept.state}
