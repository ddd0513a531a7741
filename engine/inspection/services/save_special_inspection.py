"""Keep the proposal of a special inspection."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import records, special_inspections
from engine.inspection.item_validity import not_checkable
from engine.inspection.models import Item
from engine.models import InstanceDepartment, ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("save-special-inspection", title="登记专项检查")
def save_special_inspection(ctx: ServiceContext) -> dict[str, Any]:
    """Check dates and items, keep the proposal verbatim (R47); returns what the approval table asks for.

    ``organs`` counts the organs taking part, ``whole_district`` says that no sub-district was chosen.
    Raises :class:`InvalidInput` naming every faulty field at once.
    """
    values = dict(ctx.values or {})
    row = special_inspections.special_inspection(ctx.session, ctx.district_id, ctx.business_key)
    if values["action"] == "撤回":
        row.state = special_inspections.WITHDRAWN
        return {"organs": 0, "whole_district": False}
    values["participants"] = [p for p in values.get("participants") or [] if p != ctx.department]
    faults = _faults(ctx, values)
    if faults:
        raise InvalidInput("专项检查有内容需要修改。", fields=faults)
    row.name, row.content, row.state = values["name"], values, special_inspections.IN_APPROVAL
    instance = ctx.session.get_one(ProcessInstance, ctx.instance_id)
    instance.title = f"专项检查：{row.name}"[:300]
    known = set(
        ctx.session.scalars(
            sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance.id)
        )
    )
    ctx.session.add_all(
        InstanceDepartment(instance_id=instance.id, department=code, district_id=ctx.district_id)
        for code in values["participants"]
        if code not in known
    )
    return {
        "participants": values["participants"],
        "organs": 1 + len(values["participants"]),
        "whole_district": not values.get("regions"),
    }


def _faults(ctx: ServiceContext, values: dict[str, Any]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    first, last = date.fromisoformat(values["start_date"]), date.fromisoformat(values["end_date"])
    if last < first:
        faults["end_date"] = ["检查截止日期早于开始日期，请修改。"]
    if last < ctx.calendar.local_date(ctx.now):
        faults["end_date"] = ["检查截止日期已经过去，请修改。"]
    found = ctx.session.execute(
        sa.select(Item.code, Item.department).where(Item.district_id == ctx.district_id, Item.code.in_(values["items"]))
    ).all()
    owner = {row.code: row.department for row in found}
    organs = [ctx.department, *values["participants"]]
    # Only published items in force may be checked (国办发〔2024〕54号).
    reasons = not_checkable(ctx.session, ctx.district_id, values["items"], first, max(first, last))
    messages = [f"事项 {code} {reason}，不得列入检查，请更换事项或检查时间。" for code, reason in reasons.items()]
    if foreign := [code for code in values["items"] if code in owner and owner[code] not in organs]:
        messages.append(f"事项 {'、'.join(foreign)} 所属部门没有参与，请增加参与部门或取消该事项。")
    names = records.department_names(ctx.session, ctx.district_id)
    if idle := [names.get(code, code) for code in organs if code not in owner.values()]:
        messages.append(f"{'、'.join(idle)}没有选择任何抽查事项，请为其选择事项或取消参与。")
    if messages:
        faults["items"] = messages
    return faults
