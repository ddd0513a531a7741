"""Keep the review of a department's result."""

from __future__ import annotations

from engine.inspection.records import department_inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-review", title="登记结果审核")
def record_review(ctx: ServiceContext) -> None:
    """Agreed: the result may be told and published; returned: back to the inspectors with the reason."""
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    if (ctx.values or {}).get("decision") == "同意":
        row.reviewed_at, row.state = ctx.now, "待公示"
    else:
        row.state = "待结论"
