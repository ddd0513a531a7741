"""Keep the site record (现场检查笔录), item by item, and start the publication clock when the last visit ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.bpmn.timers import parse_instant
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import records, tables
from engine.inspection.models import DepartmentInspection, Finding
from engine.inspection.registry_history import Origin, difference, record_changes
from engine.service_tasks import ServiceContext, service_task

_CLEAN = "1"  # code 未发现问题 of the result-category table
_CLOCK_SKEW = timedelta(minutes=10)


@service_task("record-site-check", title="登记现场检查笔录")
def record_site_check(ctx: ServiceContext) -> dict[str, Any]:
    """Store one finding per item and say whether any is a problem.

    When the last department has left the object, every department's 20 working days begin
    (R40; domain.md §8: the clock starts with the end of the last visit).
    """
    values = dict(ctx.values or {})
    row = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    zone = ctx.settings.timezone
    arrived, left = parse_instant(values["arrived_at"], zone), parse_instant(values["left_at"], zone)
    _check(row, values, arrived, left, ctx.now)
    _store(ctx, row, values["findings"])
    problem = any(f.get("problem") == "是" for f in values["findings"])
    row.record = {**row.record, "site_check": values}
    records.note_who_entered(row, ctx.actor)
    row.state = "待结论" if problem else "待审核"
    first = row.visit_ended_at is None
    if first:
        row.visit_ended_at = left
        ctx.session.flush()
        _end_of_visits(ctx, row.inspection)
    return {"has_problem": problem}


def _check(row: DepartmentInspection, values: dict[str, Any], arrived: datetime, left: datetime, now: datetime) -> None:
    faults: dict[str, list[str]] = {}
    if left < arrived:
        faults["left_at"] = ["离开时间早于到达时间，请核对。"]
    elif left > now + _CLOCK_SKEW:
        faults["left_at"] = ["离开时间晚于现在，请核对。"]
    named = [f["item"] for f in values["findings"]]
    if sorted(named) != sorted(row.items):
        faults["findings"] = ["检查事项与派发的事项不一致，请刷新页面后重新填写，每个事项填写一行。"]
    for n, finding in enumerate(values["findings"]):
        problem = finding.get("problem") == "是"
        if problem and finding.get("category") == _CLEAN:
            faults[f"findings[{n}].category"] = ["发现问题的，请选择对应的结果类别。"]
        if finding.get("checked") == "是" and not problem and finding.get("category", _CLEAN) not in {_CLEAN, "8"}:
            faults[f"findings[{n}].problem"] = ["结果类别表明存在问题，请将“是否发现问题”改为“是”，或更正类别。"]
    if faults:
        raise InvalidInput("现场检查笔录有内容需要修改。", fields=faults)


def _store(ctx: ServiceContext, row: DepartmentInspection, findings: list[dict[str, Any]]) -> None:
    ctx.session.execute(
        sa.delete(Finding).where(Finding.district_id == ctx.district_id, Finding.department_inspection == row.number)
    )
    ctx.session.add_all(
        Finding(
            id=new_id(), district_id=ctx.district_id, department_inspection=row.number, department=row.department,
            item=finding["item"], checked=finding.get("checked") == "是", problem=finding.get("problem") == "是",
            category=finding.get("category") or _CLEAN, clause=finding.get("clause") or "",
            handling=finding.get("handling") or "无需处置",
            note=finding.get("note") or finding.get("unchecked_reason") or "", at=ctx.now,
        )
        for finding in findings
    )  # fmt: skip


def _end_of_visits(ctx: ServiceContext, inspection_number: str) -> None:
    inspection = records.locked_inspection(ctx.session, ctx.district_id, inspection_number)
    parts = records.department_inspections(ctx.session, ctx.district_id, inspection_number)
    ended = [p.visit_ended_at for p in parts]
    inspection.state = "检查中"
    if any(moment is None for moment in ended):
        return
    last = max(moment for moment in ended if moment is not None)
    rule = tables.limit(ctx.settings, "publication", ctx.calendar.local_date(last))
    deadline = None
    for key, department in [(inspection.number, ctx.department), *((p.number, p.department) for p in parts)]:
        deadline = ctx.set_deadline(
            "publication", rule.rule, started_at=last, legal_basis=rule.legal_basis, label=rule.label,
            business_key=key, department=department,
        )  # fmt: skip
    assert deadline is not None
    inspection.visits_ended_at, inspection.publication_due_at = last, deadline.due_at
    inspection.state = "待公示"
    _note_in_registry(ctx, inspection.uscc, inspection.number, ctx.calendar.local_date(last))
    ctx.send_message(
        "all-visits-ended", inspection.number, {"publication_due": deadline.due_at.isoformat()}
    )  # fmt: skip


def _note_in_registry(ctx: ServiceContext, uscc: str, number: str, day: date) -> None:
    """The registry tells when an object was last inspected; a later day it knows already stays."""
    row = records.inspected_object(ctx.session, ctx.district_id, uscc)
    if row is None or (row.last_inspected_on is not None and row.last_inspected_on >= day):
        return
    changes = difference({"last_inspected_on": row.last_inspected_on}, {"last_inspected_on": day})
    row.last_inspected_on, row.updated_at = day, ctx.now
    record_changes(
        ctx.session, ctx.district_id, "objects", [(uscc, changes)], at=ctx.now, actor=ctx.actor,
        origin=Origin("system", number, "检查结束"),
    )  # fmt: skip
