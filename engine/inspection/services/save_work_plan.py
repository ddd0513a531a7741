"""Keep the drafted work plan (抽查工作方案) as the campaign's plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import checklists, preparation, records, special_inspections
from engine.inspection.item_validity import not_checkable
from engine.inspection.models import Item
from engine.inspection.ratios import by_grade
from engine.inspection.work_plan_checks import check_form, check_methods
from engine.models import InstanceDepartment, ProcessInstance, User
from engine.service_tasks import ServiceContext, service_task


@service_task("save-work-plan", title="登记抽查工作方案")
def save_work_plan(ctx: ServiceContext) -> dict[str, Any]:
    """Check the plan as a whole and keep it verbatim; participants then see the campaign (R25, R31).

    Raises :class:`InvalidInput` naming every faulty field at once.
    """
    values = dict(ctx.values or {})
    participants = [p for p in dict.fromkeys(values.get("participants") or []) if p != ctx.department]
    values["participants"] = participants
    faults: dict[str, list[str]] = {}
    _check_dates(values, faults)
    _check_items(ctx, values, [ctx.department, *participants], faults)
    _check_witnesses(ctx, values, faults)
    _check_disclosure(values, faults)
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    special_inspections.check_within(ctx.session, campaign, values, faults)
    today = ctx.calendar.local_date(ctx.now)
    check_form(ctx.settings, values, today, faults)
    check_methods(values, checklists.items_of(ctx.session, ctx.district_id, values["items"]), faults)
    if faults:
        raise InvalidInput("方案中有内容需要修改。", fields=faults)
    campaign.name = values["name"]
    campaign.participants = participants
    campaign.plan = values
    campaign.document_number = values.get("document_number") or ""
    campaign.state = "审批中"
    checklists.keep(ctx.session, campaign)
    preparation.keep_supply(ctx.session, campaign, campaign.lead, values, ctx.now)
    instance = ctx.session.get(ProcessInstance, ctx.instance_id)
    assert instance is not None
    instance.title = values["name"]
    known = set(
        ctx.session.scalars(
            sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance.id)
        )
    )
    ctx.session.add_all(
        InstanceDepartment(instance_id=instance.id, department=code, district_id=ctx.district_id)
        for code in participants
        if code not in known
    )
    return {"participants": participants}


def _check_dates(values: dict[str, Any], faults: dict[str, list[str]]) -> None:
    if values["end_date"] < values["start_date"]:
        faults["end_date"] = ["检查截止日期早于开始日期，请修改。"]


def _check_items(
    ctx: ServiceContext, values: dict[str, Any], departments: list[str], faults: dict[str, list[str]]
) -> None:
    codes = values["items"]
    rows = ctx.session.execute(
        sa.select(Item.code, Item.department).where(Item.district_id == ctx.district_id, Item.code.in_(codes))
    ).all()
    found = {row.code: row for row in rows}
    first, last = date.fromisoformat(values["start_date"]), date.fromisoformat(values["end_date"])
    # Only published items in force may be checked (国办发〔2024〕54号).
    reasons = not_checkable(ctx.session, ctx.district_id, codes, first, max(first, last))
    messages = [f"事项 {code} {reason}，不得列入检查，请更换事项或检查时间。" for code, reason in reasons.items()]
    if foreign := [c for c in codes if c in found and found[c].department not in departments]:
        messages.append(f"事项 {'、'.join(foreign)} 所属部门没有参与本次任务，请增加参与部门或取消该事项。")
    covered = {found[c].department for c in codes if c in found}
    names = records.department_names(ctx.session, ctx.district_id)
    if idle := [names.get(d, d) for d in departments if d not in covered]:
        messages.append(f"{'、'.join(idle)}没有选择任何抽查事项，请为其选择事项或取消参与。")
    if messages:
        faults["items"] = messages


def _check_witnesses(ctx: ServiceContext, values: dict[str, Any], faults: dict[str, list[str]]) -> None:
    witnesses = values.get("witnesses") or []
    if values.get("draw_source") != "本系统":
        return
    departments = set(ctx.session.scalars(sa.select(User.department).where(User.id.in_(witnesses))))
    if len(set(witnesses)) < 2 or len(departments) < 2:
        faults["witnesses"] = ["抽取监督人至少两名，并且来自不同部门，请重新选择。"]


def _check_disclosure(values: dict[str, Any], faults: dict[str, list[str]]) -> None:
    if values.get("disclosure") == "open" and by_grade(values):
        # Strata by grade in an open record would tell every firm's grade (draw-protocol: never public).
        faults["disclosure"] = ["按比例表抽取的记录会反映风险等级，不能公开，请改为“受保护”或者统一比例。"]
