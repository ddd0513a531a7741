"""Keep the notice of inspection (行政检查通知书)."""

from __future__ import annotations

from engine.inspection.records import department_inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-visit-notice", title="登记行政检查通知书")
def record_visit_notice(ctx: ServiceContext) -> None:
    """The notice stands with the record of the visit."""
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    row.record = {**row.record, "notice": dict(ctx.values or {})}
    row.state = "检查中"
