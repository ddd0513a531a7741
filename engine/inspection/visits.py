"""到场 and 离场: who may go in, what an arrival came to, and when the last department has left the firm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection import records, samples, tables
from engine.inspection.models import DepartmentInspection, Finding, Inspector
from engine.inspection.registry_history import Origin, difference, record_changes
from engine.inspection.visit_models import VisitAttempt
from engine.service_tasks import ServiceContext
from engine.settings import Settings

ON_SITE = "实地核查"
#: How an item's result came about when somebody else's conclusion stands in for the check.
ADOPTED = "采用结论"
#: A device's clock may run ahead of ours by this much before a time typed counts as lying ahead.
CLOCK_SKEW = timedelta(minutes=10)
CLEAN, NOT_ACTIVE = "1", "8"  # codes of the table result-category that state no problem


def team(session: Session, part: DepartmentInspection) -> list[Inspector]:
    """The pair as it stands now, the qualified officer first."""
    found = {
        row.code: row
        for row in session.scalars(
            sa.select(Inspector).where(Inspector.district_id == part.district_id, Inspector.code.in_(part.inspectors))
        )
    }
    return [found[code] for code in part.inspectors if code in found]


def why_not_certified(row: Inspector, on: date) -> str:
    """Why the person's certificate does not hold on the day of the visit (PL42); empty when it does."""
    if row.expert:
        return "专家只协助，不计入检查人员"
    if not row.certificate_number:
        return "没有执法证件"
    if row.certificate_until is not None and row.certificate_until < on:
        return f"执法证件于 {row.certificate_until} 到期"
    return ""


def certificate(row: Inspector) -> dict[str, Any]:
    """The certificate as it is shown at the door."""
    until = row.certificate_until.isoformat() if row.certificate_until else None
    return {"code": row.code, "name": row.name, "number": row.certificate_number, "until": until}


def attempts(session: Session, part: DepartmentInspection) -> list[VisitAttempt]:
    """Every arrival at the firm, the first one first."""
    return list(
        session.scalars(
            sa.select(VisitAttempt)
            .where(
                VisitAttempt.district_id == part.district_id,
                VisitAttempt.department_inspection == part.number,
            )
            .order_by(VisitAttempt.attempt)
        )
    )


def concludes(settings: Settings, outcome: dict[str, Any], earlier: Sequence[VisitAttempt], arrived: datetime) -> bool:
    """Whether this arrival settles the matter without a check.

    The row of the table ``entry-outcome`` says how many arrivals of the same category it takes and how many
    calendar days lie between them (a firm not found: two, on different days).
    """
    if outcome["then"] != "conclude":
        return False
    zone = settings.timezone
    day = arrived.astimezone(zone).date()
    known = {row["code"]: row for row in tables.rows(settings, "entry-outcome", day)}
    days = [
        one.arrived_at.astimezone(zone).date()
        for one in earlier
        if known.get(one.outcome, {}).get("category") == outcome["category"]
    ]
    apart = timedelta(days=int(outcome["days_apart"]))
    counted: list[date] = []
    for one in sorted([*days, arrived.astimezone(zone).date()]):
        if not counted or one - counted[-1] >= apart:
            counted.append(one)
    return len(counted) >= int(outcome["attempts"])


def store_findings(ctx: ServiceContext, part: DepartmentInspection, findings: Sequence[Finding]) -> None:
    """Replace the part's findings: one row an item."""
    ctx.session.execute(
        sa.delete(Finding).where(Finding.district_id == ctx.district_id, Finding.department_inspection == part.number)
    )
    ctx.session.add_all(findings)
    ctx.session.flush()


def finding(ctx: ServiceContext, part: DepartmentInspection, item: str, **values: Any) -> Finding:
    """A new finding of the part; ``values`` are its columns."""
    return Finding(
        id=new_id(), district_id=ctx.district_id, department_inspection=part.number, department=part.department,
        item=item, at=ctx.now, **values,
    )  # fmt: skip


def end_of_visit(ctx: ServiceContext, part: DepartmentInspection, ended_at: datetime) -> None:
    """The department is done at the firm; amending its record later moves nothing.

    When the last department has left, every department's 20 working days begin (R40; domain.md §8: the clock
    starts with the end of the last visit).
    """
    if part.visit_ended_at is not None:
        return
    part.visit_ended_at = ended_at
    ctx.session.flush()
    inspection = records.locked_inspection(ctx.session, ctx.district_id, part.inspection)
    parts = records.department_inspections(ctx.session, ctx.district_id, part.inspection)
    ended = [p.visit_ended_at for p in parts]
    inspection.state = "检查中"
    if any(moment is None for moment in ended):
        return
    last = max(moment for moment in ended if moment is not None)
    for part_ in parts:
        ctx.set_deadline(part_.number, "publication", started_at=last, department=part_.department)
        samples.stand_still(ctx, part_)
    deadline = ctx.set_deadline(inspection.number, "publication", started_at=last, department=ctx.department)
    assert deadline.due_at is not None  # nothing suspends a deadline that has just begun
    inspection.visits_ended_at = last
    inspection.state = "待公示"
    _note_in_registry(ctx, inspection.uscc, inspection.number, ctx.calendar.local_date(last))
    ctx.send_message("all-visits-ended", inspection.number, {"publication_due": deadline.due_at.isoformat()})


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
