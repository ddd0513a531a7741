"""Gapless serial numbers, taken under their row's lock inside the command's transaction."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from engine.db import is_postgresql
from engine.inspection.models import NumberSeries


def next_number(session: Session, district_id: str, series: str) -> int:
    """The next number of ``series`` (1, 2, 3 …); a rolled-back command gives its number back.

    Two that ask for the first number of a series at once follow one another as at any later number.
    """
    key = (district_id, series)
    row = session.get(NumberSeries, key, with_for_update=True)
    if row is None and is_postgresql(session):
        # There is no row to lock yet: whoever inserts second waits for the first and then finds its row.
        values = {"district_id": district_id, "series": series, "last": 0}
        session.execute(postgresql.insert(NumberSeries).values(values).on_conflict_do_nothing())
        row = session.get(NumberSeries, key, with_for_update=True)
    if row is None:
        row = NumberSeries(district_id=district_id, series=series, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return row.last
