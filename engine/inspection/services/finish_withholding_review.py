"""Let the second person's word on something withheld take effect."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import ServiceTaskFailed
from engine.inspection import credit_listings, penalty_publicity, publication_release, records
from engine.inspection.models import DepartmentInspection
from engine.service_tasks import ServiceContext, service_task


@service_task("finish-withholding-review", title="复查结果生效")
def finish_withholding_review(ctx: ServiceContext) -> dict[str, Any]:
    """Public now, or closed on a ground with a new day of review; returns ``disclosed`` and ``review_on``."""
    values = ctx.data["review"]
    row = publication_release.by_id(ctx, str(ctx.data["publication"]))
    if values["decision"] == publication_release.WITHHELD:
        publication_release.withhold(ctx, row, values)
        return {"disclosed": False, "review_on": values["review_on"]}
    kept = publication_release.of_withheld(ctx, row.id)
    if kept is not None:
        kept.ended_at = ctx.now
        kept.reviews += 1
    row.legal_ground = ""
    publication_release.release(ctx, row, "disclosed")
    if row.kind == "penalty":
        penalty = records.follow_up(ctx.session, ctx.district_id, row.subject)
        penalty_publicity.fix(ctx.settings, penalty, row, ctx.calendar.local_date(ctx.now))
    elif row.kind in credit_listings.LISTS:
        listing = credit_listings.found(ctx.session, ctx.district_id, row.subject)
        if listing.state != credit_listings.LISTED:
            raise ServiceTaskFailed(f"{listing.subject_name}{listing.state}，不再公示；请退回，选“不予公开”。")
        row.public_until, row.repairable_on = listing.until, listing.repairable_on
    if row.kind == "result":
        ctx.session.execute(
            sa.update(DepartmentInspection)
            .where(DepartmentInspection.district_id == ctx.district_id, DepartmentInspection.number == row.subject)
            .values(state="已公示", published_at=ctx.now)
        )
    return {"disclosed": True, "review_on": None}
