"""Let what was decided of things that are held take effect, thing by thing."""

from __future__ import annotations

from typing import Any

from engine.inspection import held_items
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("dispose-held-items", title="处理决定生效")
def dispose_held_items(ctx: ServiceContext) -> dict[str, Any]:
    """Only an approved decision has an effect; it meets the measure's term.  Returns ``left``, things still to settle.

    Things to be sealed or seized open a measure of their own, which takes them over when it is carried out.
    """
    items = {i.number: i for i in held_items.of_measure(ctx.session, ctx.district_id, ctx.business_key)}
    if (ctx.values or {}).get("decision") != "批准":
        return {"left": held_items.left(items.values())}
    allowed = held_items.outcomes(ctx.settings, ctx.process_key, ctx.calendar.local_date(ctx.now))
    proposed: dict[str, Any] = ctx.data.get("propose") or {}
    to_seize = []
    for line in proposed.get("things") or []:
        item, outcome = items[line["item"]], allowed[line["outcome"]]
        note = "：".join(filter(None, (outcome["name"], line.get("note"))))
        held_items.change(ctx, item, outcome["state"], note)
        if item.state == held_items.TO_SEIZE:
            to_seize.append(item.number)
    ctx.meet_deadline(held_items.LIMITS[ctx.process_key])
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "已作处理决定", {**row.facts, "disposal": {**proposed, **(ctx.values or {})}}
    if to_seize:
        open_follow_up(ctx, "coercive-measure", row.number, {"taken_over": to_seize})
    return {"left": held_items.left(items.values())}
