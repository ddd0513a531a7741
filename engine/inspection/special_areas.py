"""Special key areas (重点领域): which objects they cover, and for which departments the draw leaves them out.

All inspections go through the random draw except special key areas (R53); an area counts only
while it is published and in force, and only when it says that it is inspected outside the draw.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.item_models import SpecialArea
from engine.inspection.models import InspectedObject


@dataclass(frozen=True)
class SpecialAreas:
    """The areas in force on a day, with the objects that stand in their special registries."""

    areas: Sequence[SpecialArea]
    #: area id → USCCs named one by one or standing in one of the area's special registries
    named: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session, district_id: str, on: date) -> SpecialAreas:
        """Published areas in force on ``on``; reads the object registry only when an area names registries."""
        areas = list(
            session.scalars(
                sa.select(SpecialArea)
                .where(
                    SpecialArea.district_id == district_id,
                    SpecialArea.published_at.is_not(None),
                    sa.or_(SpecialArea.valid_from.is_(None), SpecialArea.valid_from <= on),
                    sa.or_(SpecialArea.valid_until.is_(None), SpecialArea.valid_until >= on),
                )
                .order_by(SpecialArea.department, SpecialArea.code)
            )
        )
        members = {
            area.id: frozenset(area.objects) | _registered(session, district_id, area.special_registries)
            for area in areas
        }
        return cls(areas, members)

    def covering(self, uscc: str, industry: str) -> list[SpecialArea]:
        """Every area that covers the object."""
        return [
            area for area in self.areas
            if uscc in self.named[area.id] or (area.industries and industry.startswith(tuple(area.industries)))
        ]  # fmt: skip

    def names_of(self, uscc: str, industry: str) -> list[str]:
        """The names of the areas that cover the object, for its page."""
        return [area.name for area in self.covering(uscc, industry)]

    def outside_draw(self, uscc: str, industry: str) -> dict[str, str]:
        """Department → name of its area that inspects this object without the draw."""
        return {area.department: area.name for area in self.covering(uscc, industry) if area.outside_draw}


def excluded_words(names: Collection[str], organs: Collection[str]) -> str:
    """Why the draw leaves an object out, as it stands in the frozen record."""
    return f"属重点领域“{'、'.join(names)}”，由{'、'.join(organs)}另行检查，不列入随机抽取"


def _registered(session: Session, district_id: str, registries: Sequence[str]) -> frozenset[str]:
    """The objects that stand in one of the special registries (专项名录)."""
    if not registries:
        return frozenset()
    text = sa.cast(InspectedObject.special_registries, sa.Text)
    spellings = {json.dumps(name, ensure_ascii=plain)[1:-1] for name in registries for plain in (True, False)}
    rows = session.execute(
        sa.select(InspectedObject.uscc, InspectedObject.special_registries).where(
            InspectedObject.district_id == district_id,
            sa.or_(*(text.contains(spelling, autoescape=True) for spelling in sorted(spellings))),
        )
    )
    wanted = set(registries)
    return frozenset(uscc for uscc, found in rows if wanted & set(found))
