"""Registers in which tellings stand that are no step of a case, by the name the table of duties gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.credit_models import CreditMeasureNotice

#: Reads the tellings of some business keys: by key, what :class:`engine.inspection.chains.told.Told` keeps of each.
Register = Callable[[Session, str, Sequence[str]], Mapping[str, Sequence[Mapping[str, Any]]]]


def measure_notices(session: Session, district_id: str, keys: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
    """Units that were told of measures against whoever is on a list; ``way`` says whether they signed for it."""
    rows = session.scalars(
        sa.select(CreditMeasureNotice)
        .where(CreditMeasureNotice.district_id == district_id, CreditMeasureNotice.listing.in_(keys))
        .order_by(CreditMeasureNotice.notified_at, CreditMeasureNotice.number)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        way = f"系统通知，{row.received_by}签收" if row.received_at else "系统通知，尚未签收"
        found.setdefault(row.listing, []).append(
            {"on": row.notified_at, "way": way, "person": row.unit, "recorded_at": row.notified_at}
        )
    return found


TABLES: Mapping[str, Register] = {"measure-notice": measure_notices}
