"""Open the correction or withdrawal that an upheld objection asks for."""

from __future__ import annotations

from engine.inspection import corrections, objections
from engine.service_tasks import ServiceContext, service_task


@service_task("open-objection-correction", title="异议成立，启动更正撤回")
def open_objection_correction(ctx: ServiceContext, kind: str) -> dict[str, str]:
    """Returns its ``number``, empty when nothing is public any more; it tells this case ``correction-closed``."""
    row, published = objections.of_task(ctx)
    if published.state != "published":
        return {"number": ""}
    number = corrections.open_application(ctx, published, kind, origin=row.number, cause="objection")
    row.facts = {**row.facts, "correction": number}
    return {"number": number}
