"""Lists of inspections, of one campaign or of all the reader may see, paged by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Inspection
from engine.inspection.progress import Part, ordered, parts_of
from engine.models import Deadline, ProcessInstance
from engine.scope import scope
from engine.web.context import actor, settings

PAGE = 50
STATES = ("待检查", "检查中", "待公示", "已公示", "已办结", "已移出")
CHIPS = {
    "待检查": "", "检查中": "chip-blue", "待公示": "chip-amber", "已办结": "chip-green", "待结论": "chip-amber",
    "待检验结果": "chip-amber", "待审核": "chip-amber", "已公示": "chip-green", "不予公开": "", "已移出": "",
}  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One inspection and its departments' parts."""

    row: Inspection
    parts: Sequence[Part]

    @property
    def deadline(self) -> Deadline | None:
        """When its results must be public: one day for all departments (R40)."""
        return next((part.deadline for part in self.parts if part.deadline), None)


@dataclass(frozen=True)
class InspectionPage:
    """One page; ``next`` is the number to continue after, empty on the last page."""

    rows: list[Listed]
    next: str


def inspection_page(
    session: Session, *, campaign: str = "", state: str = "", search: str = "", after: str = "", limit: int = PAGE
) -> InspectionPage:
    """Inspections in the reader's scope by number; ``search`` looks in the object's name, code and number."""
    statement = scope(
        sa.select(Inspection).join(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == Inspection.district_id,
                ProcessInstance.process_key == "inspection",
                ProcessInstance.business_key == Inspection.number,
            ),
        ),
        actor(),
    ).where(Inspection.district_id == settings().district_id)
    if campaign:
        statement = statement.where(Inspection.campaign == campaign)
    if state:
        statement = statement.where(Inspection.state == state)
    if search:
        like = f"%{search.replace('%', '').replace('_', '')}%"
        statement = statement.where(
            sa.or_(ProcessInstance.title.like(like), Inspection.uscc.like(like), Inspection.number.like(like))
        )
    if after:
        statement = statement.where(Inspection.number > after)
    found = session.scalars(statement.order_by(Inspection.number).limit(limit + 1)).all()
    rows = found[:limit]
    parts = parts_of(session, settings().district_id, [row.number for row in rows])
    listed = [Listed(row, ordered(parts[row.number], row)) for row in rows]
    return InspectionPage(listed, rows[-1].number if len(found) > limit else "")
