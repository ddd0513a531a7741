"""Keep the notice of inspection (行政检查通知书) and what is adopted instead of checked."""

from __future__ import annotations

from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import adoptions, visits, written_materials
from engine.inspection.records import department_inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-visit-notice", title="登记行政检查通知书")
def record_visit_notice(ctx: ServiceContext) -> dict[str, Any]:
    """The notice stands with the record of the visit.

    Returns ``on_site``: nobody goes to the firm for a written or network check, nor when every item's result is
    adopted from others (R35, R37); and ``asks_materials``: a written check whose notice lists what to hand in.
    """
    values = dict(ctx.values or {})
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    told = values.get("notified_at")
    if told and parse_instant(told, ctx.settings.timezone) > ctx.now + visits.CLOCK_SKEW:
        raise InvalidInput("通知时间晚于现在，请核对。", fields={"notified_at": ["通知时间晚于现在，请核对。"]})
    adoptions.keep(ctx, row, values.get("adoptions") or [])
    left = set(row.items) - adoptions.replaced_items(ctx.session, row)
    on_site = bool(left) and values.get("method", visits.ON_SITE) == visits.ON_SITE
    asks = not on_site and written_materials.ask(ctx, row, values)
    row.record = {**row.record, "notice": {**values, "on_site": on_site}}
    row.state = "检查中"
    return {"on_site": on_site, "asks_materials": asks}
