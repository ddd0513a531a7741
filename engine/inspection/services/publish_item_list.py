"""Compile the district's item list anew and publish it."""

from __future__ import annotations

from typing import Any

from engine.inspection import item_adjustments, item_changes
from engine.inspection.item_list_commands import read_head
from engine.inspection.item_lists import compile_district
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-item-list", title="汇编并公布区级清单")
def publish_item_list(ctx: ServiceContext) -> dict[str, Any]:
    """Bring this adjustment and those compiled with it into the list; the new version is public at once (R7, R58).

    The processes of the others hear ``item-list-published`` and end.  Returns ``version``,
    ``count`` of items and ``adjustments``.
    """
    values = ctx.data["compile_list"]
    today = ctx.calendar.local_date(ctx.now)
    head = read_head(
        {k: str(values.get(k) or "") for k in ("version", "title", "document_number", "issued_on", "note")}, today
    )
    numbers = [ctx.business_key, *(values.get("others") or [])]
    rows = [item_adjustments.adjustment(ctx.session, ctx.district_id, number, lock=True) for number in numbers]
    for row in rows:
        item_changes.apply(ctx.session, row, actor=ctx.actor, now=ctx.now)
        row.state, row.list_version, row.published_at = "已公布", head.version, ctx.now
    compiled = compile_district(ctx.session, ctx.district_id, head, actor=ctx.actor, now=ctx.now)
    ctx.record("item-list-compiled", {"version": head.version, "items": compiled.count, "adjustments": numbers})
    for number in numbers[1:]:
        ctx.send_message("item-list-published", number, {"version": head.version})
    return {"version": head.version, "count": compiled.count, "adjustments": numbers}
