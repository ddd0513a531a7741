"""Keep that the inspected party was told the result (检查结果告知)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import department_inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-result-notice", title="登记检查结果告知")
def record_result_notice(ctx: ServiceContext) -> None:
    """The party is told before the public is."""
    values = ctx.values or {}
    if str(values["told_on"])[:10] > ctx.calendar.local_date(ctx.now).isoformat():
        raise InvalidInput("告知日期晚于今天，请核对。", fields={"told_on": ["告知日期晚于今天，请核对。"]})
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    row.told_at = ctx.now
    row.record = {**row.record, "result_notice": dict(values)}
