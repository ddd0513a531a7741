"""Who handles a case."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import handlers
from engine.inspection.models import FollowUp
from engine.service_tasks import diagram_function


@diagram_function("penalty_handlers")
def penalty_handlers(session: Session, district_id: str, number: str) -> list[str]:
    """User ids of the present handlers of the case ``number``; empty before it was filed."""
    row = session.scalar(sa.select(FollowUp).where(FollowUp.district_id == district_id, FollowUp.number == number))
    return handlers.of_case(row) if row is not None else []
