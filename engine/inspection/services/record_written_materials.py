"""Keep which materials of a written check came, and remind of those still owed (R35)."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import evidence, records, written_materials
from engine.service_tasks import ServiceContext, service_task


@service_task("record-written-materials", title="登记书面材料")
def record_written_materials(ctx: ServiceContext) -> dict[str, Any]:
    """Item by item; a reminder moves the last day of what is owed and is kept with the item.

    Returns ``done``: the check begins, the limit ``written-materials`` is met.  Raises :class:`InvalidInput` for days
    out of their order, for what is to be amended without saying what, and for a check begun without everything and
    without a reason.
    """
    values = dict(ctx.values or {})
    part = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    rows = {str(row.serial): row for row in written_materials.of_part(ctx.session, part)}
    today = ctx.calendar.local_date(ctx.now)
    faults: dict[str, list[str]] = {}
    if [str(m["serial"]) for m in values["materials"]] != list(rows):
        raise InvalidInput("材料与通知书不一致。", fields={"materials": ["请刷新页面后重新填写，每项材料一行。"]})
    for n, given in enumerate(values["materials"]):
        row = rows[str(given["serial"])]
        row.received_on = date.fromisoformat(str(given["received_on"])[:10]) if given.get("received_on") else None
        row.complete = row.received_on is not None and given.get("complete") == "是"
        row.remarks = given.get("remarks") or ""
        if row.received_on is not None and not row.asked_on <= row.received_on <= today:
            faults[f"materials[{n}].received_on"] = [f"收到日期应当在要求（{row.asked_on}）以后，不能晚于今天。"]
        if row.received_on is not None and not row.complete and not row.remarks:
            faults[f"materials[{n}].remarks"] = ["需要补正的，请写明缺什么。"]
    owed = written_materials.owed(list(rows.values()))
    decision = values["decision"]
    if decision == "开始检查" and owed and not values.get("owed_note"):
        faults["owed_note"] = [f"还有 {len(owed)} 项材料没有交齐，请写明原因，或者选择催交。"]
    if decision == "催交" and not owed:
        faults["decision"] = ["材料已经收齐，不需要催交，请选择开始检查。"]
    due_on = date.fromisoformat(str(values["due_on"])[:10]) if decision == "催交" else None
    if due_on is not None and due_on <= today:
        faults["due_on"] = ["改定的截止日期应当在今天以后。"]
    if faults:
        raise InvalidInput("书面材料的登记有内容需要修改。", fields=faults)
    if due_on is not None:
        told = {
            "on": today.isoformat(), "by": values["reminded_by"], "person": values["reminded_person"],
            "due_on": due_on.isoformat(), "official": ctx.actor.name,
        }  # fmt: skip
        for row in owed:
            row.due_on, row.reminders = due_on, [*row.reminders, told]
        written_materials.set_limit(ctx, part, due_on)
    evidence.keep(ctx, part, values, place="书面检查", stage=ctx.element_id)
    done = decision == "开始检查"
    if done:
        ctx.meet_deadline(written_materials.LIMIT)
        part.record = {**part.record, "materials_note": values.get("owed_note") or ""}
    return {"done": done}
