"""What officials call the codes of departments, areas and items."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import records, tables
from engine.inspection.models import Item
from engine.settings import Settings


def code_names(session: Session, settings: Settings, district_id: str, today: date) -> dict[str, str]:
    """Code → name of every department, area and item; an item's name stands behind its code."""
    items = session.execute(sa.select(Item.code, Item.name).where(Item.district_id == district_id))
    return {
        **{code: f"{code} {name}" for code, name in items},
        **{row["value"]: row["label"] for row in tables.options(settings, "region", today)},
        **records.department_names(session, district_id),
    }
