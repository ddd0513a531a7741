"""检查表: the participants' items merged into one checklist per object type (R23, R31: one visit, many checks).

An item's lines are rows of ``item_checkpoint``; an item without rows gives one line per sentence of its content.
Lines of one subject, or of the same words, are one line that names every organ in need of it: looked at once,
recorded and concluded by each organ for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection import records
from engine.inspection.joint_models import CampaignChecklist, Checkpoint
from engine.inspection.models import Campaign, DepartmentInspection, Item
from engine.inspection.object_kinds import OBJECT_KINDS

ON_SITE = "实地核查"
_SENTENCES = re.compile(r"[；;\n]+")
_MARKS = re.compile(r"[\s，。、；：,.;:（）()“”\"《》]+")


@dataclass(frozen=True)
class Need:
    """Why a line is looked at: one organ's item, its own words, basis and method."""

    item: str
    department: str
    content: str
    legal_basis: str
    method: str


@dataclass
class Line:
    """One line of a merged checklist; ``industries`` bounds it to those (empty: every object of the type)."""

    number: int
    content: str
    subject: str
    industries: list[str]
    needs: list[Need] = field(default_factory=list)

    @property
    def departments(self) -> list[str]:
        """The organs in need of the line, the first one asks."""
        return list(dict.fromkeys(need.department for need in self.needs))

    def applies(self, industry: str) -> bool:
        """Is the line meant for an object of this industry?"""
        return not self.industries or industry.startswith(tuple(self.industries))


@dataclass(frozen=True)
class Checklist:
    """The merged lines for some object types that have the same lines."""

    kinds: tuple[str, ...]
    lines: list[Line]

    @property
    def title(self) -> str:
        """The object types in words."""
        return "各类检查对象" if set(self.kinds) == set(OBJECT_KINDS) else "、".join(self.kinds)

    @property
    def saved(self) -> int:
        """How many lines were merged away: asked once instead of by every organ."""
        return sum(len(line.needs) - 1 for line in self.lines)


@dataclass(frozen=True)
class PartLine:
    """A line as one department checks it; ``number`` is the same for every organ of the visit."""

    number: str
    item: str
    content: str
    legal_basis: str
    method: str
    shared_with: tuple[str, ...]


def methods_of(plan: Mapping[str, Any], items: Iterable[str]) -> dict[str, str]:
    """How each item is checked (R35): as the work plan says for it, else the plan's only method, else on site."""
    own = {str(row["item"]): str(row["method"]) for row in plan.get("item_methods") or []}
    methods = list(plan.get("methods") or [])
    default = methods[0] if len(methods) == 1 else ON_SITE
    return {code: own.get(code, default) for code in items}


def applicable(plan: Mapping[str, Any], items: Sequence[Item], industry: str) -> list[Item]:
    """The items that apply to an object: industries chosen in the plan stand before the items' own."""
    if plan.get("industries"):
        return list(items)
    return [item for item in items if not item.industries or industry.startswith(tuple(item.industries))]


def points_of(session: Session, items: Sequence[Item]) -> dict[str, list[Checkpoint]]:
    """The lines of each item in their order; made from its content when it has none of its own."""
    if not items:
        return {}
    found: dict[str, list[Checkpoint]] = {item.code: [] for item in items}
    rows = session.scalars(
        sa.select(Checkpoint)
        .where(Checkpoint.district_id == items[0].district_id, Checkpoint.item.in_(list(found)))
        .order_by(Checkpoint.item, Checkpoint.position)
    )
    for row in rows:
        found[row.item].append(row)
    for item in items:
        if not found[item.code]:
            texts = [text.strip() for text in _SENTENCES.split(item.content) if text.strip()] or [item.name]
            found[item.code] = [
                Checkpoint(item=item.code, position=n, content=text, legal_basis=item.legal_basis, subject="", kinds=[])
                for n, text in enumerate(texts, start=1)
            ]
    return found


def merged(session: Session, plan: Mapping[str, Any], items: Sequence[Item], order: Sequence[str]) -> list[Checklist]:
    """One checklist per object type of the plan; types with the same lines share one.

    ``order`` are the departments, the lead first: the first organ's words stand for a shared line.
    """
    place = {code: n for n, code in enumerate(order)}
    listed = sorted(items, key=lambda item: (place.get(item.department, len(place)), item.code))
    points, methods = points_of(session, listed), methods_of(plan, [item.code for item in listed])
    by_lines: dict[tuple[int, ...], tuple[list[str], list[Line]]] = {}
    for kind in plan.get("kinds") or OBJECT_KINDS:
        chosen = [(item, p) for item in listed for p in points[item.code] if not p.kinds or kind in p.kinds]
        key = tuple(id(p) for _, p in chosen)
        if key not in by_lines:
            by_lines[key] = ([], _lines(plan, chosen, methods))
        by_lines[key][0].append(kind)
    return [Checklist(tuple(kinds), lines) for kinds, lines in by_lines.values() if lines]


def _lines(
    plan: Mapping[str, Any], chosen: Sequence[tuple[Item, Checkpoint]], methods: Mapping[str, str]
) -> list[Line]:
    found: dict[str, Line] = {}
    everywhere = bool(plan.get("industries"))
    for item, point in chosen:
        key = point.subject or _MARKS.sub("", point.content)
        scope = [] if everywhere else list(item.industries or [])
        line = found.get(key)
        if line is None:
            line = found[key] = Line(len(found) + 1, point.content, point.subject, scope)
        else:
            line.industries = sorted({*line.industries, *scope}) if line.industries and scope else []
        if all(need.item != item.code or need.content != point.content for need in line.needs):
            line.needs.append(
                Need(item.code, item.department, point.content, point.legal_basis or item.legal_basis,
                     methods[item.code])
            )  # fmt: skip
    return list(found.values())


def items_of(session: Session, district_id: str, codes: Iterable[str]) -> list[Item]:
    """The items of a plan as far as the list knows them."""
    return list(session.scalars(sa.select(Item).where(Item.district_id == district_id, Item.code.in_(list(codes)))))


def keep(session: Session, campaign: Campaign) -> list[Checklist]:
    """Freeze the checklists of the campaign's plan as submitted; a plan submitted again replaces them."""
    found = fresh(session, campaign)
    session.execute(
        sa.delete(CampaignChecklist).where(
            CampaignChecklist.district_id == campaign.district_id, CampaignChecklist.campaign == campaign.number
        )
    )
    session.add_all(
        CampaignChecklist(
            id=new_id(), district_id=campaign.district_id, campaign=campaign.number, position=n,
            kinds=list(each.kinds), lines=[asdict(line) for line in each.lines],
        )
        for n, each in enumerate(found, start=1)
    )  # fmt: skip
    session.flush()
    return found


def fresh(session: Session, campaign: Campaign, plan: Mapping[str, Any] | None = None) -> list[Checklist]:
    """What the checklists are today, for ``plan`` or the campaign's own."""
    plan = campaign.plan if plan is None else plan
    order = [campaign.lead, *(plan.get("participants") or [])]
    return merged(session, plan, items_of(session, campaign.district_id, plan.get("items") or []), order)


def of_campaign(session: Session, campaign: Campaign) -> list[Checklist]:
    """The campaign's checklists as approved; of a campaign without kept ones, what they are today."""
    rows = session.scalars(
        sa.select(CampaignChecklist)
        .where(CampaignChecklist.district_id == campaign.district_id, CampaignChecklist.campaign == campaign.number)
        .order_by(CampaignChecklist.position)
    ).all()
    if not rows:
        return fresh(session, campaign)
    return [Checklist(tuple(row.kinds), [_line(line) for line in row.lines]) for row in rows]


def _line(stored: Mapping[str, Any]) -> Line:
    return Line(**{**stored, "needs": [Need(**need) for need in stored["needs"]]})


def of_object(checklists: Sequence[Checklist], kind: str, industry: str) -> list[Line]:
    """The lines for one object; an object of a type the plan does not name gets the longest list."""
    fitting = [each for each in checklists if kind in each.kinds]
    fitting = fitting or sorted(checklists, key=lambda each: -len(each.lines))[:1]
    return [line for each in fitting[:1] for line in each.lines if line.applies(industry)]


def part_lines(session: Session, part: DepartmentInspection) -> list[PartLine]:
    """What one department checks at its object, in the order of the joint checklist."""
    campaign = records.campaign(session, part.district_id, part.campaign)
    inspected = records.inspection(session, part.district_id, part.inspection).object
    lines = of_object(
        of_campaign(session, campaign), str(inspected.get("kind") or ""), str(inspected.get("industry") or "")
    )
    return [
        PartLine(
            str(line.number), need.item, need.content, need.legal_basis, need.method,
            tuple(code for code in line.departments if code != part.department),
        )
        for line in lines
        for need in line.needs
        if need.department == part.department and need.item in part.items
    ]  # fmt: skip
