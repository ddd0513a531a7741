"""Release a penalty decision (PL48), after preview and second sign-off."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import publication_release, records
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-penalty", title="公示处罚信息")
def publish_penalty(ctx: ServiceContext) -> dict[str, Any]:
    """Publish what was signed off, or record the decision not to publish with its legal ground."""
    row = records.publication(ctx.session, ctx.district_id, "penalty", ctx.business_key)
    if row is None:
        raise ServiceTaskFailed("没有经过公示预览，不能公示。")
    if row.state == "withholding":
        publication_release.withhold(ctx, row, ctx.data["publication_preview"])
    else:
        publication_release.release(ctx, row)
    return {"publication": row.id, "state": row.state}
