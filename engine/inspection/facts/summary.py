"""The figures of the 抽查情况汇总表."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import campaign_summary
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.follow_ups import not_restricted
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
            .where(
                FollowUp.district_id == campaign.district_id,
                DepartmentInspection.campaign == campaign.number,
                not_restricted(),
            )
            .group_by(FollowUp.department)
        ).all()
    }
    body = [
        [names.get(d, d), total, visited, published, found, timely, follow_ups.get(d, 0)]
        for d, total, visited, published, found, timely in figures
    ]
    head = ["部门", "应查户数", "已查", "已公示", "发现问题", "按期公示", "后续处置"]
    return table("抽查情况统计", head, body)


def _tables(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    columns = campaign_summary.DEPARTMENT_COLUMNS
    names = [each["name"] for each in figures["departments"]]
    return [
        table(
            "各部门检查情况", [label for _, label in columns],
            [[each[key] for key, _ in columns] for each in figures["departments"]],
        ),
        *(
            table(title, [title, *names, "合计"], [[r["name"], *r["counts"], r["total"]] for r in figures[key]])
            for key, title in (("categories", "检查结果类别"), ("handling", "处置情况"))
        ),
    ]  # fmt: skip


def _summary(desk: Desk) -> dict[str, Any]:
    """What the table will say, from published results only; the figures are frozen on submission."""
    facts = _tables(campaign_summary.figures(desk.session, desk.settings, desk.campaign, desk.today))
    returned = desk.data.get("summary_approval") or {}
    if returned.get("decision") == "退回":
        facts.insert(0, rows("机关负责人退回", ("退回理由", returned.get("return_reason"))))
    return {"facts": facts, "previous": desk.data.get("summary")}


def _approval(desk: Desk) -> dict[str, Any]:
    """The table as submitted, beside its approval."""
    row = (
        campaign_summary.summary_of(desk.session, desk.campaign) if desk.task.element_id == "summary_approval" else None
    )
    if row is None:
        return {}
    words = [(title, row.words.get(key)) for key, title in campaign_summary.WORDS]
    return {"facts": [rows("文字说明", *words), *_tables(row.figures)]}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "campaign-summary": _summary,
    "approval": _approval,
}
