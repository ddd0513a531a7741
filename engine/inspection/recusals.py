"""回避申请: each application and the head's decision on it as a row (PL43)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.visit_models import RecusalApplication

#: The message that brings an application before the organ's head.
MESSAGE = "recusal-requested"
APPROVED = "决定回避"


def of_part(session: Session, district_id: str, number: str) -> list[RecusalApplication]:
    """Every application in a department inspection, the first one first."""
    return list(
        session.scalars(
            sa.select(RecusalApplication)
            .where(
                RecusalApplication.district_id == district_id, RecusalApplication.department_inspection == number
            )
            .order_by(RecusalApplication.requested_at, RecusalApplication.id)
        )
    )  # fmt: skip


def undecided(session: Session, district_id: str, number: str) -> RecusalApplication | None:
    """The application that waits for the head, if any: one is decided at a time."""
    return next((row for row in reversed(of_part(session, district_id, number)) if row.decided_at is None), None)


def keep(session: Session, district_id: str, number: str, request: Mapping[str, Any], now: datetime) -> None:
    """Keep an application as it was made; ``request`` is the message's payload."""
    session.add(_row(district_id, number, request, now))
    session.flush()


def decide(
    session: Session, district_id: str, number: str, request: Mapping[str, Any], decision: Mapping[str, Any], *,
    successor: str, by: str | None, now: datetime,
) -> RecusalApplication:  # fmt: skip
    """Write the head's decision beside the application; one that came by message alone is kept with it."""
    row = undecided(session, district_id, number)
    if row is None:
        row = _row(district_id, number, request, now)
        session.add(row)
    row.decision, row.ground = str(decision["decision"]), str(decision.get("reason") or "")
    row.inspector = str(decision.get("inspector") or row.inspector)
    row.prior_work, row.successor = str(decision.get("prior_work") or ""), successor
    told = str(decision.get("told_on") or "")[:10]
    row.told_on = date.fromisoformat(told) if told else None
    row.decided_by, row.decided_at = by, now
    session.flush()
    return row


def _row(district_id: str, number: str, request: Mapping[str, Any], now: datetime) -> RecusalApplication:
    return RecusalApplication(
        id=new_id(), district_id=district_id, department_inspection=number,
        applicant=str(request.get("applicant") or "当事人")[:64], inspector=str(request.get("inspector") or ""),
        reason=str(request.get("reason") or ""), requested_at=now,
    )  # fmt: skip
