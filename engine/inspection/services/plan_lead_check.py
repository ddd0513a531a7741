"""Keep how a lead is checked: on site, from the desk, or together with what is under way about the same firm."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection.item_validity import not_checkable
from engine.inspection.lead_models import CaseLead
from engine.inspection.lead_steps import day_of, keep
from engine.inspection.leads import MERGED_INSPECTION, MERGED_LEAD, lead, running_inspections, running_leads
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("plan-lead-check", title="登记核查安排")
def plan_lead_check(ctx: ServiceContext) -> None:
    """Raises :class:`InvalidInput` when the inspection or lead to join is over, when the limit is, and for items that
    may not be checked on the day.
    """
    values = dict(ctx.values or {})
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    way, target = str(values["way"]), ""
    if way == "并入正在办理的检查":
        target = str(values.get("inspection") or "")
        _joinable(ctx, row, target, "inspection", [part.number for part in running_inspections(ctx.session, row)])
        row.state = MERGED_INSPECTION
    elif way == "并入正在办理的线索":
        target = str(values.get("lead") or "")
        _joinable(ctx, row, target, "lead", [other.number for other in running_leads(ctx.session, row)])
        row.state = MERGED_LEAD
    else:
        row.state = "核查中"
    if way == "现场检查":
        _check_visit(ctx, values)
    row.merged_into = target
    row.facts = {step: kept for step, kept in row.facts.items() if step not in ("approval", "verification")}
    keep(row, "plan", values)


def _joinable(ctx: ServiceContext, row: CaseLead, target: str, field: str, offered: list[str]) -> None:
    if target not in offered:
        raise InvalidInput("不能并入。", fields={field: ["该事项已有结论，不能再并入，请刷新后另选核查方式。"]})
    due = ctx.session.scalar(
        sa.select(Deadline.due_at).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number,
            Deadline.name == "case-filing",
        )
    )  # fmt: skip
    if due is not None and due < ctx.now:
        raise InvalidInput("不能并入。", fields={"way": ["核查期限已经届满，不能再并入其他事项，请立即核查。"]})


def _check_visit(ctx: ServiceContext, values: dict[str, Any]) -> None:
    faults: dict[str, list[str]] = {}
    day = day_of(values, "planned_on")
    if day is not None and day < ctx.calendar.local_date(ctx.now) and values.get("urgent") != "是":
        faults["planned_on"] = ["检查日期早于今天。检查须先经批准；情况紧急先检查的，请选“紧急”并写明理由。"]
    if day is not None:
        wrong = not_checkable(ctx.session, ctx.district_id, list(values.get("items") or []), day, day)
        if wrong:
            faults["items"] = [f"{code} {reason}，请改选。" for code, reason in wrong.items()]
    if len(set(values.get("inspectors") or [])) < 2:
        faults["inspectors"] = ["执法检查人员不得少于两人，请再选一名。"]
    if faults:
        raise InvalidInput(f"有 {len(faults)} 项需要改正。", fields=faults)
