"""Make the decision to list somebody public, and tell the units which measures the catalogue lists."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import credit_listings, credit_measures, publication_release, records
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-credit-listing", title="公示列入决定并通知措施")
def publish_credit_listing(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``units`` (who was told) and ``state`` (published, or withheld)."""
    listing = credit_listings.found(ctx.session, ctx.district_id, ctx.business_key)
    row = records.publication(ctx.session, ctx.district_id, listing.list_code, listing.number)
    if row is None:
        raise ServiceTaskFailed("没有经过公示预览，不能公示；请退回公示预览。")
    if row.state == "withholding":
        publication_release.withhold(ctx, row, ctx.data["publication_preview"])
    else:
        publication_release.release(ctx, row)
        row.public_until, row.repairable_on = listing.until, listing.repairable_on
    units = credit_measures.notify(ctx, listing)
    return {"units": units, "state": row.state}
