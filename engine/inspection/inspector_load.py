"""How much work inspectors have had and still have; shown to plan leave and teams, never to rank people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import DepartmentInspection

#: States after the visit; before it the work is still ahead.
AHEAD = "待检查"


@dataclass(frozen=True)
class Load:
    """Visits made since the given day, and visits still to be made."""

    made: int = 0
    ahead: int = 0


def loads(session: Session, district_id: str, codes: Collection[str], since: datetime) -> dict[str, Load]:
    """The load of the inspectors ``codes``: visits that ended since ``since``, and those not made yet."""
    if not codes:
        return {}
    row = DepartmentInspection
    member = _members(session)
    statement = (
        sa.select(
            member.c.value,
            sa.func.sum(sa.case((row.visit_ended_at >= since, 1), else_=0)),
            sa.func.sum(sa.case((row.state == AHEAD, 1), else_=0)),
        )
        .select_from(row)
        .join(member, sa.true())
        .where(row.district_id == district_id, sa.or_(row.visit_ended_at >= since, row.state == AHEAD))
        .where(member.c.value.in_(list(codes)))
        .group_by(member.c.value)
    )
    return {code: Load(int(made), int(ahead)) for code, made, ahead in session.execute(statement)}


def _members(session: Session) -> sa.TableValuedAlias:
    """The codes in ``inspectors`` as rows of one column."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    function = sa.func.json_array_elements_text if postgresql else sa.func.json_each
    return function(DepartmentInspection.inspectors).table_valued("value", name="member")
