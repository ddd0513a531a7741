"""Before a new version of the item list: does everything that goes into it still fit?"""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import item_adjustments, item_changes, item_lists
from engine.inspection.item_list_commands import read_head
from engine.service_tasks import ServiceContext, service_task


@service_task("check-item-compilation", title="核对清单汇编")
def check_item_compilation(ctx: ServiceContext) -> dict[str, Any]:
    """The version's name is free and no adjustment in it has been overtaken; a return is kept as such (R7).

    Raises :class:`InvalidInput` naming every faulty field.
    """
    values = dict(ctx.values or {})
    row = item_adjustments.adjustment(ctx.session, ctx.district_id, ctx.business_key, lock=True)
    if values["decision"] == "退回":
        row.state = "已退回"
        return {}
    head = read_head(
        {k: str(values.get(k) or "") for k in ("version", "title", "document_number", "issued_on", "note")},
        ctx.calendar.local_date(ctx.now),
    )
    faults: dict[str, list[str]] = {}
    known = item_lists.versions(ctx.session, ctx.district_id, item_lists.DISTRICT)
    if any(one.version == head.version for one in known):
        faults["version"] = [f"区级清单已有版本“{head.version}”，请换一个版本名称。"]
    waiting = {one.number: one for one in item_adjustments.awaiting(ctx.session, ctx.district_id, row.number)}
    chosen = list(values.get("others") or [])
    if gone := [number for number in chosen if number not in waiting]:
        faults["others"] = [f"{'、'.join(gone)} 已经汇编或退回，请取消选择。"]
    together = [row, *(waiting[number] for number in chosen if number in waiting)]
    seen: set[str] = set()
    for one in together:
        said = item_changes.stale(ctx.session, one) + [f"事项 {c} 重复" for c in one.codes if c in seen]
        seen |= set(one.codes)
        if said:
            field = "decision" if one is row else "others"
            faults.setdefault(field, []).append(f"{one.number}：{'；'.join(said)}，请退回提出部门重新核对。")
    if faults:
        raise InvalidInput("清单不能这样汇编，请看标出的内容。", fields=faults)
    return {}
