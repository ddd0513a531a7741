"""抽查情况汇总表: figures compiled from published results only, in the plan's order of departments.

The lead compiles and overrules nobody's finding; departments are never ranked by problems or fines
(国办发〔2024〕54号).  The figures are frozen with the lead's words when the table is submitted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.errors import Conflict
from engine.inspection import records, tables
from engine.inspection.draws import standing_draw
from engine.inspection.follow_ups import not_restricted
from engine.inspection.joint_models import CampaignSummary
from engine.inspection.models import Campaign, DepartmentInspection, DrawnObject, Finding, FollowUp, Inspection
from engine.models import Deadline
from engine.settings import Settings

PUBLISHED, WITHHELD, REMOVED = "已公示", "不予公开", "已移出"
WAITING, RETURNED, APPROVED = "待审批", "已退回", "已审批"
NOTHING = "无需处置"


def unpublished(session: Session, campaign: Campaign) -> int:
    """How many department inspections of the campaign are neither public nor lawfully withheld."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                DepartmentInspection.district_id == campaign.district_id,
                DepartmentInspection.campaign == campaign.number,
                DepartmentInspection.state.not_in((PUBLISHED, WITHHELD, REMOVED)),
            )
        )
        or 0
    )


def figures(session: Session, settings: Settings, campaign: Campaign, today: date) -> dict[str, Any]:
    """The table's figures as JSON: ``totals``, ``departments``, ``categories``, ``handling`` and ``objects``.

    Raises :class:`Conflict` while a result is not published yet.
    """
    if left := unpublished(session, campaign):
        raise Conflict(f"还有 {left} 项部门检查结果没有公示，汇总表在全部结果公示之后编制。")
    view = _Published(session, settings, campaign, today)
    return {
        "totals": view.totals(),
        "departments": view.departments(),
        "categories": view.counted("result-category", view.categories),
        "handling": view.counted("handling", view.handling),
        "objects": view.objects(),
    }


class _Published:
    """What was published of one campaign, read once."""

    def __init__(self, session: Session, settings: Settings, campaign: Campaign, today: date) -> None:
        self.session, self.settings, self.campaign, self.today = session, settings, campaign, today
        self.zone = settings.timezone
        self.names = records.department_names(session, campaign.district_id)
        self.inspections = session.scalars(
            sa.select(Inspection)
            .where(Inspection.district_id == campaign.district_id, Inspection.campaign == campaign.number)
            .order_by(Inspection.number)
        ).all()
        parts = session.scalars(
            sa.select(DepartmentInspection).where(
                DepartmentInspection.district_id == campaign.district_id,
                DepartmentInspection.campaign == campaign.number,
            )
        ).all()
        self.parts = [part for part in parts if part.state != REMOVED]
        present = {part.department for part in self.parts}
        self.order = [d for d in (campaign.lead, *campaign.participants) if d in present]
        self.findings: defaultdict[str, list[Finding]] = defaultdict(list)
        public = {part.number for part in self.parts if part.state == PUBLISHED}
        for finding in session.scalars(
            sa.select(Finding)
            .join(
                DepartmentInspection,
                sa.and_(
                    DepartmentInspection.district_id == Finding.district_id,
                    DepartmentInspection.number == Finding.department_inspection,
                ),
            )
            .where(Finding.district_id == campaign.district_id, DepartmentInspection.campaign == campaign.number)
            .order_by(Finding.item)
        ):
            if finding.department_inspection in public:
                self.findings[finding.department_inspection].append(finding)

    def _mine(self, department: str) -> list[DepartmentInspection]:
        return [part for part in self.parts if part.department == department]

    def _problem(self, part: DepartmentInspection) -> bool:
        return any(finding.problem for finding in self.findings[part.number])

    def categories(self, part: DepartmentInspection) -> list[str]:
        """The published categories in words: the conclusion's, else those of the findings."""
        codes = [str(part.conclusion["category"])] if part.conclusion.get("category") else []
        codes = codes or sorted({f.category for f in self.findings[part.number] if f.checked}) or ["1"]
        return [tables.label(self.settings, "result-category", code, self.today) for code in codes]

    def handling(self, part: DepartmentInspection) -> list[str]:
        """What the department decided to do about it."""
        return [str(part.conclusion.get("handling") or NOTHING) if self._problem(part) else NOTHING]

    def totals(self) -> dict[str, int]:
        draw = standing_draw(self.session, self.campaign)
        removed = 0
        if draw is not None:
            removed = self.session.scalar(
                sa.select(sa.func.count()).where(
                    DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id,
                    DrawnObject.failed_reason != "",
                )
            ) or 0  # fmt: skip
        return {
            "objects": len(self.inspections), "removed": removed, "parts": len(self.parts),
            "published": sum(p.state == PUBLISHED for p in self.parts),
            "withheld": sum(p.state == WITHHELD for p in self.parts),
            "with_problem": len({p.inspection for p in self.parts if self._problem(p)}),
        }  # fmt: skip

    def departments(self) -> list[dict[str, Any]]:
        timely = Counter(
            self.session.scalars(
                sa.select(DepartmentInspection.department)
                .join(
                    Deadline,
                    sa.and_(
                        Deadline.district_id == DepartmentInspection.district_id,
                        Deadline.business_key == DepartmentInspection.number,
                    ),
                )
                .where(
                    DepartmentInspection.district_id == self.campaign.district_id,
                    DepartmentInspection.campaign == self.campaign.number,
                    DepartmentInspection.state == PUBLISHED,
                    Deadline.name == "publication", Deadline.met_at <= Deadline.due_at,
                )
            )
        )  # fmt: skip
        follow_ups = Counter(
            self.session.scalars(
                sa.select(FollowUp.department)
                .join(
                    DepartmentInspection,
                    sa.and_(
                        DepartmentInspection.district_id == FollowUp.district_id,
                        DepartmentInspection.number == FollowUp.origin,
                    ),
                )
                .where(
                    FollowUp.district_id == self.campaign.district_id,
                    DepartmentInspection.campaign == self.campaign.number,
                    not_restricted(),
                )
            )
        )
        return [
            {
                "name": self.names.get(code, code), "due": len(mine),
                "checked": sum(p.visit_ended_at is not None for p in mine),
                "published": sum(p.state == PUBLISHED for p in mine), "timely": timely[code],
                "withheld": sum(p.state == WITHHELD for p in mine), "problems": sum(map(self._problem, mine)),
                "follow_ups": follow_ups[code],
            }
            for code in self.order
            for mine in [self._mine(code)]
        ]  # fmt: skip

    def counted(self, code_table: str, words_of: Callable[[DepartmentInspection], list[str]]) -> list[dict[str, Any]]:
        """Published results by ``words_of``, in the code table's order: ``[{name, counts, total}]`` by department."""
        listed = [option["label"] for option in tables.options(self.settings, code_table, self.today)]
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for part in self.parts:
            if part.state == PUBLISHED:
                for word in words_of(part):
                    counts[word][part.department] += 1
        return [
            {"name": word, "counts": [counts[word][code] for code in self.order], "total": counts[word].total()}
            for word in sorted(counts, key=lambda word: (listed.index(word) if word in listed else len(listed), word))
        ]

    def objects(self) -> list[dict[str, Any]]:
        by_inspection: defaultdict[str, list[DepartmentInspection]] = defaultdict(list)
        for part in self.parts:
            by_inspection[part.inspection].append(part)
        place = {code: n for n, code in enumerate(self.order)}
        return [
            {
                "name": row.object["name"], "uscc": row.uscc,
                "results": [
                    {
                        "department": self.names.get(part.department, part.department),
                        "result": "、".join(self.categories(part)) if part.state == PUBLISHED else part.state,
                        "handling": "、".join(self.handling(part)) if part.state == PUBLISHED else "",
                        "published_on": self._day(part.published_at) if part.state == PUBLISHED else "",
                    }
                    for part in sorted(by_inspection[row.number], key=lambda p: place.get(p.department, 99))
                ],
            }
            for row in self.inspections
        ]  # fmt: skip

    def _day(self, moment: datetime | None) -> str:
        return moment.astimezone(self.zone).date().isoformat() if moment else ""


def summary_of(session: Session, campaign: Campaign) -> CampaignSummary | None:
    """The campaign's table as last submitted, or None."""
    return session.scalar(
        sa.select(CampaignSummary).where(
            CampaignSummary.district_id == campaign.district_id, CampaignSummary.campaign == campaign.number
        )
    )


def keep(
    session: Session, settings: Settings, campaign: Campaign, values: Mapping[str, Any], actor: Actor, now: datetime
) -> CampaignSummary:
    """Freeze the figures of this moment with the lead's words; a table sent back is compiled anew.

    Raises :class:`Conflict` while a result is not published yet.
    """
    found = figures(session, settings, campaign, now.astimezone(settings.timezone).date())
    row = summary_of(session, campaign)
    if row is None:
        row = CampaignSummary(id=new_id(), district_id=campaign.district_id, campaign=campaign.number)
        session.add(row)
    row.figures, row.document_number = found, str(values.get("document_number") or "")
    row.words = {key: str(values.get(key) or "") for key, _ in WORDS}
    row.state, row.compiled_by_name, row.compiled_at = WAITING, actor.name, now
    row.approved_by_name, row.approved_at = "", None
    session.flush()
    return row


def decide(session: Session, campaign: Campaign, agreed: bool, actor: Actor, now: datetime) -> None:
    """The lead organ's head approves the table or sends it back."""
    row = summary_of(session, campaign)
    if row is None:
        raise Conflict("还没有编制抽查情况汇总表，请先由承办人提交。")
    row.state = APPROVED if agreed else RETURNED
    row.approved_by_name, row.approved_at = (actor.name, now) if agreed else ("", None)
    session.flush()


#: The lead's own words and their headings.
WORDS: Sequence[tuple[str, str]] = (
    ("overview", "组织实施情况"), ("problems", "发现的主要问题"), ("follow_up", "后续处置情况"),
    ("suggestions", "工作建议"),
)  # fmt: skip
#: The columns of the departments' table: key and heading.
DEPARTMENT_COLUMNS: Sequence[tuple[str, str]] = (
    ("name", "部门"), ("due", "应查户数"), ("checked", "已查户数"), ("published", "已公示"), ("timely", "其中按期公示"),
    ("withheld", "依法不予公开"), ("problems", "发现问题户数"), ("follow_ups", "后续处置"),
)  # fmt: skip
