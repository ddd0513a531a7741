"""Is everything there before a case is archived?  What is missing is listed; a stated reason lets it pass."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import official_documents
from engine.inspection.archives.case import Case
from engine.inspection.models import Publication
from engine.models import Department, Incident, ProcessInstance, UserTask


def missing(session: Session, case: Case) -> list[str]:
    """What the case lacks, a line each, in words an official can act on."""
    names = _departments(session, case)
    return [
        *_material(session, case, names),
        *_signed_copies(session, case, names),
        *_receipts(session, case, names),
        *_incidents(session, case, names),
    ]


def _departments(session: Session, case: Case) -> dict[str, str]:
    """Which department a part belongs to, where a case has several."""
    found = dict(
        session.execute(
            sa.select(Department.code, Department.name).where(Department.district_id == case.instance.district_id)
        )
        .tuples()
        .all()
    )
    several = len(case.parts) > 1
    return {i.id: f"{found.get(i.department, i.department)}：" if several else "" for i in case.instances}


def _material(session: Session, case: Case, names: dict[str, str]) -> list[str]:
    last: dict[str, dict[str, dict[str, Any]]] = {instance.id: {} for instance in case.instances}
    for instance_id, element, values, paper in session.execute(
        sa.select(UserTask.instance_id, UserTask.element_id, UserTask.values, UserTask.paper)
        .where(UserTask.instance_id.in_(case.streams), UserTask.state == "completed")
        .order_by(UserTask.closed_at, UserTask.id)
    ):
        last.setdefault(instance_id, {})[element] = {**(values or {}), "paper": paper}
    issued = {
        (row.instance_id, row.template)
        for row in official_documents.of_instances(session, case.streams)
        if row.state == "issued"
    }
    said = []
    for instance in case.instances:
        submitted = last[instance.id]
        for need in case.rule.requires:
            if need.process != instance.process_key or (need.when and not need.when.arose(submitted)):
                continue
            values = submitted.get(need.element)
            if (values is None and need.always) or (values is not None and not need.met_by(values)):
                said.append(f"{names[instance.id]}缺少{need.title}")
        said += [
            f"{names[instance.id]}缺少《{due.title}》"
            for due in case.rule.documents
            if due.process == instance.process_key
            and due.when.arose(submitted)
            and (instance.id, due.template) not in issued
        ]
    return said


def _signed_copies(session: Session, case: Case, names: dict[str, str]) -> list[str]:
    return [
        f"{names[row.instance_id]}缺少《{row.title}》（{row.number}）的签字扫描件"
        for row in official_documents.of_instances(session, case.streams)
        if row.state == "issued"
        and row.template in case.rule.signed_copies
        and not official_documents.scans(session, row)
    ]


def _receipts(session: Session, case: Case, names: dict[str, str]) -> list[str]:
    keys = {i.business_key: i for i in case.instances}
    waiting = session.scalars(
        sa.select(Publication.subject)
        .where(
            Publication.district_id == case.instance.district_id, Publication.subject.in_(list(keys)),
            Publication.state == "published", Publication.push_state != "received",
        )
        .order_by(Publication.subject)
    )  # fmt: skip
    return [f"{names[keys[subject].id]}缺少省工作平台的公示回执" for subject in waiting]


def _incidents(session: Session, case: Case, names: dict[str, str]) -> list[str]:
    counts = session.execute(
        sa.select(Incident.instance_id, sa.func.count())
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(Incident.instance_id.in_(case.streams), Incident.state == "open")
        .group_by(Incident.instance_id)
    )
    return [f"{names[instance_id]}有 {count} 个待处理异常没有处理" for instance_id, count in counts]
