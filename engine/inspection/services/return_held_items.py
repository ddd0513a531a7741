"""Register who signed for things that went back, were handed on or destroyed."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import held_items
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("return-held-items", title="登记退还和收据")
def return_held_items(ctx: ServiceContext) -> dict[str, int]:
    """Each line ends one thing in a way the table ``held-ending`` allows for its state; returns ``left``.

    Raises :class:`InvalidInput` for a line that does not fit or a day after today.
    """
    values = dict(ctx.values or {})
    items = {i.number: i for i in held_items.of_measure(ctx.session, ctx.district_id, ctx.business_key)}
    today = ctx.calendar.local_date(ctx.now)
    ways = held_items.endings(ctx.settings, today)
    faults: dict[str, list[str]] = {}
    for n, line in enumerate(values.get("things") or []):
        item, way = items.get(line["item"]), ways.get(line["ending"])
        if item is None or item.state in held_items.ENDED:
            # taken over by another measure, or ended meanwhile: its row says so, nothing is to be done here
            continue
        if way is None or item.state not in way["from"]:
            faults[f"things[{n}].ending"] = [f"“{item.state}”的物品不能这样登记，请重新选择。"]
        elif str(line.get("ended_on") or "") > today.isoformat():
            faults[f"things[{n}].ended_on"] = ["日期不能晚于今天，请修改。"]
    if faults:
        raise InvalidInput("登记内容需要修改。", fields=faults)
    for line in values.get("things") or []:
        item = items.get(line["item"])
        if item is None or item.state in held_items.ENDED or line["ending"] == held_items.STILL_OPEN:
            continue
        way = ways[line["ending"]]
        note = "，".join(filter(None, (way["name"], str(line["ended_on"]), line.get("receipt"))))
        held_items.change(ctx, item, way["state"], note, receiver=line["receiver"])
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.facts = {**row.facts, "costs": values.get("costs")}
    return {"left": held_items.left(items.values())}
