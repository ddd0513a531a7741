"""Gapless serial numbers, taken under their row's lock inside the command's transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.inspection.models import NumberSeries


def next_number(session: Session, district_id: str, series: str) -> int:
    """The next number of ``series`` (1, 2, 3 …); a rolled-back command gives its number back."""
    row = session.get(NumberSeries, (district_id, series), with_for_update=True)
    if row is None:
        row = NumberSeries(district_id=district_id, series=series, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return row.last
