"""Who signs for a list of inspections: the receivers of the unit it was sent to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.joint_models import DispatchList, Unit
from engine.models import User
from engine.service_tasks import diagram_function


@diagram_function("unit_receivers")
def unit_receivers(session: Session, district_id: str, number: str) -> list[str]:
    """User ids of the receivers of dispatch list ``number``, accounts in use only.

    Empty for the department's own office and for a unit without a receiver: its officers in charge sign then.
    """
    found = session.scalar(
        sa.select(Unit.receivers)
        .join(DispatchList, sa.and_(DispatchList.district_id == Unit.district_id, DispatchList.unit == Unit.code))
        .where(DispatchList.district_id == district_id, DispatchList.number == number)
    )
    active = set(session.scalars(sa.select(User.id).where(User.id.in_(found or []), User.active)))
    return [user_id for user_id in found or [] if user_id in active]
