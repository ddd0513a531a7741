"""Which cases belong to one chain, by the rows that bind them; who may see them is not asked here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection.follow_ups import find_follow_up, not_restricted
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import Campaign, DepartmentInspection, FollowUp, Inspection, Plan, Publication
from engine.inspection.plan_models import PlanCampaign
from engine.inspection.publication_models import PublicationCorrection

PLAN, CAMPAIGN, INSPECTION, PART = "annual-plan", "joint-inspection", "inspection", "department-inspection"
LEAD, CORRECTION = "case-lead", "publication-correction"
#: Inspections of a campaign and campaigns of a plan that one page shows.
SHOWN = 50
#: The same whether nothing has the number or the asker may not see it: the answer must not tell which.
UNKNOWN = "没有找到这项工作，可能编号有误，或不属于您所在的部门。"


@dataclass(frozen=True)
class Link:
    """One case of the chain: its business key and process, the case it came of, and its state in words."""

    key: str
    kind: str
    parent: str
    title: str
    department: str
    state: str
    opened_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Links:
    """``heads``: what it all came of, plan first.  ``more``: inspections or campaigns that are not shown."""

    heads: Sequence[Link]
    links: Sequence[Link]
    more: int = 0


def links_of(session: Session, district_id: str, number: str) -> Links:
    """The chain the business key belongs to.  Raises :class:`NotFound` when no case of a chain has it."""
    follow_up = find_follow_up(session, district_id, number)
    root = follow_up.root if follow_up else number
    part = session.scalar(
        sa.select(DepartmentInspection).where(
            DepartmentInspection.district_id == district_id, DepartmentInspection.number == root
        )
    )
    inspection = session.scalar(
        sa.select(Inspection).where(
            Inspection.district_id == district_id, Inspection.number == (part.inspection if part else root)
        )
    )
    if inspection is not None:
        heads = _heads(session, district_id, inspection.campaign)
        return Links(heads, _of_inspections(session, district_id, [inspection], inspection.campaign))
    lead = session.scalar(sa.select(CaseLead).where(CaseLead.district_id == district_id, CaseLead.number == root))
    if lead is not None:
        return Links([], _of_lead(session, district_id, lead))
    campaign = session.scalar(
        sa.select(Campaign).where(Campaign.district_id == district_id, Campaign.number == number)
    )  # fmt: skip
    if campaign is not None:
        return _of_campaign(session, district_id, campaign)
    plan = session.scalar(sa.select(Plan).where(Plan.district_id == district_id, Plan.business_key == number))
    if plan is not None:
        return _of_plan(session, district_id, plan)
    raise NotFound(UNKNOWN)


def _heads(session: Session, district_id: str, campaign: str) -> list[Link]:
    """The plan and the campaign an inspection came of."""
    row = session.execute(
        sa.select(Campaign, Plan)
        .outerjoin(
            PlanCampaign,
            sa.and_(PlanCampaign.district_id == Campaign.district_id, PlanCampaign.campaign == Campaign.number),
        )
        .outerjoin(Plan, sa.and_(Plan.district_id == PlanCampaign.district_id, Plan.business_key == PlanCampaign.plan))
        .where(Campaign.district_id == district_id, Campaign.number == campaign)
    ).first()
    if row is None:
        return []
    found = [_campaign(row[0], row[1].business_key if row[1] else "")]
    return [_plan(row[1]), *found] if row[1] else found


def _plan(row: Plan) -> Link:
    return Link(row.business_key, PLAN, "", row.name, row.department, row.state, row.filed_at, row.issued_at)


def _campaign(row: Campaign, plan: str = "") -> Link:
    return Link(row.number, CAMPAIGN, plan, row.name or "未命名的抽查任务", row.lead, row.state, row.created_at,
                row.archived_at)  # fmt: skip


def _of_plan(session: Session, district_id: str, plan: Plan) -> Links:
    campaigns = session.scalars(
        sa.select(Campaign)
        .join(
            PlanCampaign,
            sa.and_(PlanCampaign.district_id == Campaign.district_id, PlanCampaign.campaign == Campaign.number),
        )
        .where(Campaign.district_id == district_id, PlanCampaign.plan == plan.business_key)
        .order_by(Campaign.number)
    ).all()
    links = [_plan(plan), *(_campaign(row, plan.business_key) for row in campaigns[:SHOWN])]
    return Links([], links, max(len(campaigns) - SHOWN, 0))


def _of_campaign(session: Session, district_id: str, campaign: Campaign) -> Links:
    """The campaign with those of its inspections that something came of."""
    heads = _heads(session, district_id, campaign.number)
    something = sa.exists().where(
        FollowUp.district_id == DepartmentInspection.district_id,
        FollowUp.root == DepartmentInspection.number,
        not_restricted(),
    )
    numbers = list(
        session.scalars(
            sa.select(DepartmentInspection.inspection)
            .where(
                DepartmentInspection.district_id == district_id, DepartmentInspection.campaign == campaign.number,
                something,
            )
            .distinct()
            .order_by(DepartmentInspection.inspection)
        )
    )  # fmt: skip
    inspections = session.scalars(
        sa.select(Inspection)
        .where(Inspection.district_id == district_id, Inspection.number.in_(numbers[:SHOWN]))
        .order_by(Inspection.number)
    ).all()
    links = _of_inspections(session, district_id, inspections, campaign.number)
    return Links(heads[:-1], [heads[-1], *links], max(len(numbers) - SHOWN, 0))


def _of_inspections(
    session: Session, district_id: str, inspections: Sequence[Inspection], campaign: str
) -> list[Link]:  # fmt: skip
    numbers = [row.number for row in inspections]
    parts = session.scalars(
        sa.select(DepartmentInspection)
        .where(DepartmentInspection.district_id == district_id, DepartmentInspection.inspection.in_(numbers))
        .order_by(DepartmentInspection.number)
    ).all()
    found = [
        Link(i.number, INSPECTION, campaign, str(i.object.get("name") or i.uscc), "", i.state, None, i.closed_at)
        for i in inspections
    ]
    names = {link.key: link.title for link in found}
    found += [
        Link(p.number, PART, p.inspection, names[p.inspection], p.department, p.state, None, p.published_at)
        for p in parts
    ]
    return found + _after(session, district_id, [p.number for p in parts])


def _of_lead(session: Session, district_id: str, lead: CaseLead) -> list[Link]:
    return [_lead(lead, ""), *_after(session, district_id, [lead.number])]


def _lead(row: CaseLead, parent: str) -> Link:
    """A lead without a word of who reported it."""
    return Link(row.number, LEAD, parent, row.subject_name, row.department, row.state, row.registered_at,
                row.closed_at)  # fmt: skip


def _after(session: Session, district_id: str, roots: Sequence[str]) -> list[Link]:
    """What came of some roots: follow-ups of every depth, leads bound to them, corrections of what was published."""
    rows = session.scalars(
        sa.select(FollowUp)
        .where(FollowUp.district_id == district_id, FollowUp.root.in_(roots))
        .order_by(FollowUp.opened_at, FollowUp.number)
    ).all()
    found = [
        Link(r.number, r.kind, r.origin, r.subject_name, r.department, r.state, r.opened_at, r.closed_at) for r in rows
    ]
    keys = [*roots, *(row.number for row in rows)]
    leads = session.scalars(
        sa.select(CaseLead)
        .where(
            CaseLead.district_id == district_id,
            sa.or_(CaseLead.merged_into.in_(keys), CaseLead.handed_from.in_(keys)),
        )
        .order_by(CaseLead.number)
    )
    found += [_lead(row, row.merged_into if row.merged_into in keys else row.handed_from) for row in leads]
    corrections = session.execute(
        sa.select(PublicationCorrection, Publication.subject, Publication.title)
        .join(Publication, Publication.id == PublicationCorrection.publication_id)
        .where(PublicationCorrection.district_id == district_id, Publication.subject.in_(keys))
        .order_by(PublicationCorrection.created_at, PublicationCorrection.id)
    )
    for row, subject, title in corrections:
        parent = row.origin if row.origin in keys else subject
        closed = row.applied_at
        found.append(Link(row.number, CORRECTION, parent, f"{row.kind}：{title}" if row.kind else title,
                          row.department, row.state, row.created_at, closed))  # fmt: skip
    return found
