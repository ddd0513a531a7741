"""What a finished draw says: which objects, in which order, and whose pair visits them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from engine.errors import ServiceTaskFailed
from engine.inspection.models import Draw, DrawnObject

DRAWN = ("drawn", "imported")


def drawn_objects(draw: Draw) -> list[DrawnObject]:
    """The drawn objects as they stand, in the order of their rank.

    Raises :class:`ServiceTaskFailed` before the draw is done.
    """
    session = _session(draw)
    return list(
        session.scalars(
            sa.select(DrawnObject)
            .where(
                DrawnObject.district_id == draw.district_id,
                DrawnObject.draw_id == draw.draw_id,
                DrawnObject.failed_reason == "",
            )
            .order_by(DrawnObject.rank)
        )
    )


def assignments(draw: Draw, uscc: str | None = None) -> dict[tuple[str, str], list[str]]:
    """(object, department) → the two inspectors' codes, the qualified officer first; of one object if named."""
    session = _session(draw)
    query = sa.select(DrawnObject.uscc, DrawnObject.pairs).where(
        DrawnObject.district_id == draw.district_id,
        DrawnObject.draw_id == draw.draw_id,
        DrawnObject.failed_reason == "",
    )
    if uscc is not None:
        query = query.where(DrawnObject.uscc == uscc)
    return {(o, department): list(pair) for o, pairs in session.execute(query) for department, pair in pairs.items()}


def _session(draw: Draw) -> Session:
    if draw.state not in DRAWN:
        raise ServiceTaskFailed(f"抽取 {draw.draw_id} 尚未完成，或已中止、作废。")
    session = object_session(draw)
    assert session is not None, "a draw is read inside a session"
    return session
