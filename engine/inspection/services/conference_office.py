"""Where the office of the joint conference sits."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.opening import OFFICE
from engine.models import User, UserRole
from engine.service_tasks import diagram_function


@diagram_function("conference_office")
def conference_office(session: Session, district_id: str) -> str | None:
    """The department whose people hold 联席会议办公室 (in the market regulator, R65); None when nobody does."""
    return session.scalar(
        sa.select(UserRole.department)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.district_id == district_id, UserRole.role == OFFICE, User.active)
        .order_by(UserRole.department)
        .limit(1)
    )
