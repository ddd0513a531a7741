"""Release a department's result: public here, on its way to the 省工作平台, its clock stopped (R39, R40)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import ServiceTaskFailed
from engine.inspection import publication_release, records
from engine.inspection.models import Finding
from engine.service_tasks import ServiceContext, service_task

_DONE = {"已公示", "不予公开"}


@service_task("publish-result", title="公示检查结果")
def publish_result(ctx: ServiceContext) -> dict[str, Any]:
    """Publish what was signed off; when the last department of the object is done, tell the inspection."""
    row = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    publication = records.publication(ctx.session, ctx.district_id, "result", row.number)
    if publication is None:
        raise ServiceTaskFailed("没有经过公示预览，不能公示。")
    withheld = publication.state == "withholding"
    if withheld:
        publication_release.withhold(ctx, publication, ctx.data["publication_preview"])
    else:
        publication_release.release(ctx, publication)
    row.state, row.published_at = ("不予公开" if withheld else "已公示"), ctx.now
    ctx.meet_deadline("publication")
    ctx.session.flush()
    inspection = records.locked_inspection(ctx.session, ctx.district_id, row.inspection)
    parts = records.department_inspections(ctx.session, ctx.district_id, row.inspection)
    if all(p.state in _DONE for p in parts):
        problems = ctx.session.scalar(
            sa.select(sa.func.count())
            .select_from(Finding)
            .where(
                Finding.district_id == ctx.district_id, Finding.problem,
                Finding.department_inspection.in_([p.number for p in parts]),
            )
        )  # fmt: skip
        inspection.state = "已公示"  # the lead's summary may still be open
        ctx.meet_deadline("publication", row.inspection)
        ctx.send_message("all-departments-published", row.inspection, {"problems": problems or 0})
    return {"publication": publication.id, "state": publication.state}
