"""How far a campaign or an inspection has come: counts and states for pages, never ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Campaign, DepartmentInspection, Finding, Inspection
from engine.models import Deadline, ProcessInstance, UserTask

#: States in which a department has nothing more to publish.
PUBLISHED = ("已公示", "不予公开", "已移出")
#: The steps of a department inspection in their order, as lanes show them: element id → short name.
STEPS = {
    "prepare_visit": "准备与通知",
    "arrive": "到场告知",
    "site_check": "现场检查",
    "conclude": "形成结论",
    "review": "审核",
    "result_notice": "结果告知",
    "publication_preview": "公示预览",
    "second_signoff": "公示复核",
}


@dataclass(frozen=True)
class DepartmentProgress:
    """One department's part of a campaign, in counts."""

    department: str
    due: int
    visited: int
    published: int
    problems: int
    overdue: int

    @property
    def left(self) -> int:
        """Visited but not public yet."""
        return self.visited - self.published


def campaign_progress(session: Session, campaign: Campaign, now: datetime) -> list[DepartmentProgress]:
    """By department, the lead first and then as the plan names them; no ranking (国办发〔2024〕54号)."""
    part = DepartmentInspection
    problem = sa.exists().where(
        Finding.district_id == part.district_id, Finding.department_inspection == part.number, Finding.problem
    )
    late = sa.exists().where(
        Deadline.district_id == part.district_id, Deadline.business_key == part.number,
        Deadline.name == "publication", Deadline.met_at.is_(None), Deadline.due_at < now,
    )  # fmt: skip

    def counted(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    rows = session.execute(
        sa.select(
            part.department, sa.func.count(), counted(part.visit_ended_at.is_not(None)),
            counted(part.published_at.is_not(None)), counted(problem), counted(late),
        )
        .where(part.district_id == campaign.district_id, part.campaign == campaign.number)
        .group_by(part.department)
    )  # fmt: skip
    found = {row[0]: DepartmentProgress(*row) for row in rows}
    order = [campaign.lead, *campaign.participants]
    return [found[code] for code in order if code in found] + [found[code] for code in found if code not in order]


@dataclass(frozen=True)
class Part:
    """One department inspection with where it stands; ``element`` is its open step, empty when there is none."""

    row: DepartmentInspection
    instance: ProcessInstance | None
    element: str
    task: UserTask | None
    deadline: Deadline | None
    problems: int

    @property
    def done(self) -> bool:
        return self.row.state in PUBLISHED

    @property
    def steps(self) -> list[tuple[str, str]]:
        """(short name, done | now | next) of every step that applies: clean, no conclusion; written, no arrival."""
        keys = [k for k in STEPS if k != "conclude" or self.problems or self.row.conclusion or self.element == k]
        if (self.row.record.get("notice") or {}).get("on_site") is False:
            keys.remove("arrive")
        if self.done:
            return [(STEPS[k], "done") for k in keys]
        at = keys.index(self.element) if self.element in keys else -1
        return [(STEPS[k], "now" if n == at else "done" if n < at else "next") for n, k in enumerate(keys)]


def parts_of(session: Session, district_id: str, inspections: Sequence[str]) -> dict[str, list[Part]]:
    """The department inspections of some inspections, by inspection number, in department order."""
    part, numbers = DepartmentInspection, list(inspections)
    rows = session.scalars(
        sa.select(part).where(part.district_id == district_id, part.inspection.in_(numbers)).order_by(part.number)
    ).all()
    keys = [row.number for row in rows]
    instances = {
        i.business_key: i
        for i in session.scalars(
            sa.select(ProcessInstance).where(
                ProcessInstance.district_id == district_id, ProcessInstance.process_key == "department-inspection",
                ProcessInstance.business_key.in_(keys),
            )
        )
    }  # fmt: skip
    tasks: dict[str, UserTask] = {}
    for task in session.scalars(
        sa.select(UserTask).where(
            UserTask.business_key.in_(keys), UserTask.process_key == "department-inspection",
            UserTask.district_id == district_id, UserTask.state == "open",
        )
    ):  # fmt: skip
        if task.element_id in STEPS:  # a recusal to decide runs beside the visit
            tasks[task.business_key] = task
    due = {
        d.business_key: d
        for d in session.scalars(
            sa.select(Deadline).where(
                Deadline.district_id == district_id, Deadline.name == "publication", Deadline.business_key.in_(keys)
            )
        )
    }
    problems = dict(
        session.execute(
            sa.select(Finding.department_inspection, sa.func.count())
            .where(Finding.district_id == district_id, Finding.problem, Finding.department_inspection.in_(keys))
            .group_by(Finding.department_inspection)
        )
        .tuples()
        .all()
    )
    found: dict[str, list[Part]] = {number: [] for number in numbers}
    for row in rows:
        task_ = tasks.get(row.number)
        found[row.inspection].append(
            Part(
                row, instances.get(row.number), task_.element_id if task_ else "", task_, due.get(row.number),
                problems.get(row.number, 0),
            )
        )  # fmt: skip
    return found


def ordered(parts: Sequence[Part], inspection: Inspection) -> list[Part]:
    """The parts in the inspection's own order of departments: the lead first."""
    order = {code: n for n, code in enumerate(inspection.departments)}
    return sorted(parts, key=lambda part: order.get(part.row.department, 99))
