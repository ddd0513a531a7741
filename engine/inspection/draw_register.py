"""The public, append-only log of draws in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection import draw_log
from engine.inspection.models import DrawLogEntry
from engine.inspection.numbers import next_number
from engine.settings import Settings


def stamp(moment: datetime, settings: Settings) -> str:
    """A time as records and the log write it: local, to the millisecond, with its zone."""
    return moment.astimezone(settings.timezone).isoformat(timespec="milliseconds")


def append(session: Session, district_id: str, now: datetime, kind: str, draw_id: str, *fields: str) -> DrawLogEntry:
    """Add a line; the number series' row lock makes sure that no index is given twice."""
    index = next_number(session, district_id, "draw-log") - 1
    leaf = draw_log.leaf_text(kind, draw_id, *fields)
    entry = DrawLogEntry(
        id=new_id(), district_id=district_id, index=index, draw_id=draw_id, kind=kind, leaf=leaf, at=now
    )
    session.add(entry)
    session.flush()
    return entry


def leaves(session: Session, district_id: str) -> list[str]:
    """The whole log, one line a leaf."""
    return list(
        session.scalars(
            sa.select(DrawLogEntry.leaf).where(DrawLogEntry.district_id == district_id).order_by(DrawLogEntry.index)
        )
    )


def signed_head(session: Session, settings: Settings, now: datetime) -> dict[str, str]:
    """The present head of the log, signed."""
    lines = leaves(session, settings.district_id)
    root = draw_log.tree_of(lines).root()
    key = draw_log.log_key(settings.data_dir)
    return draw_log.signed_head(settings.district_id, len(lines), root, stamp(now, settings), key)


def proof(session: Session, settings: Settings, draw_id: str, now: datetime) -> tuple[dict[str, Any], str]:
    """``log.json`` of a draw and the whole log as text."""
    lines = leaves(session, settings.district_id)
    root = draw_log.tree_of(lines).root()
    key = draw_log.log_key(settings.data_dir)
    head = draw_log.signed_head(settings.district_id, len(lines), root, stamp(now, settings), key)
    return draw_log.log_proof(lines, draw_id, head), "".join(f"{line}\n" for line in lines)


def consistency(session: Session, district_id: str, first: int) -> dict[str, Any]:
    """The proof that the log of ``first`` lines is the beginning of today's.  IndexError when it never had as many."""
    tree = draw_log.tree_of(leaves(session, district_id))
    path = [step.hex() for step in tree.consistency_proof(first)]
    return {"first": first, "size": len(tree), "root": tree.root().hex(), "path": path}
