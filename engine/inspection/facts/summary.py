"""The figures of the 抽查情况汇总表."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.facts.desk import Desk, Provider, table
from engine.inspection.models import Campaign, DepartmentInspection, Finding, FollowUp
from engine.models import Deadline


def campaign_statistics(session: Session, campaign: Campaign, names: Mapping[str, str]) -> dict[str, Any]:
    """The figures of the 抽查情况汇总表 by department; no ranking, no quota (国办发〔2024〕54号)."""
    problem = sa.exists().where(
        Finding.district_id == DepartmentInspection.district_id,
        Finding.department_inspection == DepartmentInspection.number,
        Finding.problem,
    )
    in_time = sa.exists().where(
        Deadline.district_id == DepartmentInspection.district_id,
        Deadline.business_key == DepartmentInspection.number,
        Deadline.name == "publication",
        Deadline.met_at <= Deadline.due_at,
    )
    count = sa.func.count()
    figures = session.execute(
        sa.select(
            DepartmentInspection.department,
            count,
            sa.func.sum(sa.case((DepartmentInspection.visit_ended_at.is_not(None), 1), else_=0)),
            sa.func.sum(sa.case((DepartmentInspection.published_at.is_not(None), 1), else_=0)),
            sa.func.sum(sa.case((problem, 1), else_=0)),
            sa.func.sum(sa.case((in_time, 1), else_=0)),
        )
        .where(
            DepartmentInspection.district_id == campaign.district_id,
            DepartmentInspection.campaign == campaign.number,
        )
        .group_by(DepartmentInspection.department)
        .order_by(DepartmentInspection.department)
    ).all()
    follow_ups: dict[str, int] = {
        department: n
        for department, n in session.execute(
            sa.select(FollowUp.department, sa.func.count())
            .join(DepartmentInspection, DepartmentInspection.number == FollowUp.origin)
            .where(FollowUp.district_id == campaign.district_id, DepartmentInspection.campaign == campaign.number)
            .group_by(FollowUp.department)
        ).all()
    }
    body = [
        [names.get(d, d), total, visited, published, found, timely, follow_ups.get(d, 0)]
        for d, total, visited, published, found, timely in figures
    ]
    head = ["部门", "应查户数", "已查", "已公示", "发现问题", "按期公示", "后续处置"]
    return table("抽查情况统计", head, body)


def _summary(desk: Desk) -> dict[str, Any]:
    return {"facts": [campaign_statistics(desk.session, desk.campaign, desk.department_names)]}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "campaign-summary": _summary,
}
