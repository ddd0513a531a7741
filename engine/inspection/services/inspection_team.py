"""Who visits: the accounts of a department inspection's present pair."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import DepartmentInspection, Inspector
from engine.service_tasks import diagram_function


@diagram_function("inspection_team")
def inspection_team(session: Session, district_id: str, number: str) -> list[str]:
    """User ids of the pair of department inspection ``number``, the qualified officer first.

    Read when a task opens, so that a recusal decided meanwhile counts.  Inspectors without an
    account are left out; when none has one the department's group acts (代录).
    """
    codes = session.scalar(
        sa.select(DepartmentInspection.inspectors).where(
            DepartmentInspection.district_id == district_id, DepartmentInspection.number == number
        )
    )
    rows = session.execute(
        sa.select(Inspector.code, Inspector.user_id).where(
            Inspector.district_id == district_id, Inspector.code.in_(codes or [])
        )
    )
    accounts = {code: user_id for code, user_id in rows if user_id}
    return [accounts[code] for code in codes or [] if code in accounts]
