"""Limits of a follow-up that passed without what they asked for: seen while they are open, on record afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import FollowUp
from engine.models import Deadline
from engine.service_tasks import ServiceContext

#: Where a follow-up keeps them among its facts.
KEY = "missed"


def missed(session: Session, row: FollowUp, now: datetime) -> list[dict[str, Any]]:
    """``{name, label, due_at}`` of every limit of the case that was missed, on record or open at ``now``."""
    over = session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.district_id == row.district_id, Deadline.business_key == row.number, Deadline.met_at.is_(None),
            Deadline.due_at < now,
        )
        .order_by(Deadline.due_at, Deadline.name)
    )  # fmt: skip
    known = list(row.facts.get(KEY) or [])
    seen = {(entry["name"], entry["due_at"]) for entry in known}
    fresh = [
        {"name": one.name, "label": one.label, "due_at": one.due_at.isoformat()} for one in over if one.due_at
    ]  # fmt: skip
    return known + [entry for entry in fresh if (entry["name"], entry["due_at"]) not in seen]


def note(ctx: ServiceContext, row: FollowUp) -> list[dict[str, Any]]:
    """Put those open now on record, once each, before the next step meets them or sets them anew; returns the new."""
    found = missed(ctx.session, row, ctx.now)
    fresh = found[len(row.facts.get(KEY) or []) :]
    if fresh:
        row.facts = {**row.facts, KEY: found}
        ctx.record("limit-missed", {"case": row.number, "limits": fresh})
    return fresh
