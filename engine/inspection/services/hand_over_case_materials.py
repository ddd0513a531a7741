"""Hand things and files over to public security after it has filed the case."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import crime_transfers as crimes
from engine.inspection import held_items
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("hand-over-case-materials", title="移交物品和材料")
def hand_over_case_materials(ctx: ServiceContext) -> None:
    """Every thing still held is handed over or the form says why not (rules 12); what becomes of the own case.

    Where the law wants a penalty first, its days count again from now on.  Raises :class:`InvalidInput`.
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    last = max(filter(None, (crimes.noted(row, s) for s in ("police", "review_result", "supervision_result"))))
    at = crimes.moment(ctx, "handed_over_at", after=last, what="收到立案通知")
    things = {i.number: i for i in held_items.held_of_root(ctx.session, ctx.district_id, row.root)}
    waiting = {number for number, item in things.items() if item.state not in held_items.ENDED}
    lines = values.get("things") or []
    if waiting - {line["item"] for line in lines}:
        raise InvalidInput("物品清单有变动。", fields={"things": ["在管物品有变动，请重新打开任务后逐件登记。"]})
    for line in lines:
        if line["item"] in waiting and line["moved"] == "移交":
            # The whole department reads the register: to whom is told by this case alone.
            held_items.change(ctx, things[line["item"]], held_items.MOVED, "按规定移送，接收人另行登记")
    row = crimes.keep(ctx, "materials", f"公安机关已立案，{values['handling']}", at)
    ctx.meet_deadline("case-materials")
    if values["handling"] == crimes.PENALTY_FIRST:
        crimes.resume_penalties(ctx, row)
