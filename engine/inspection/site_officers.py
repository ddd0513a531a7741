"""Who may act on the spot: two or more with a certificate valid that day, nobody who must stand back (PL42, PL43)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.handlers import LEAST, declared
from engine.inspection.models import Inspector
from engine.inspection.visits import why_not_certified


def faults(session: Session, district_id: str, codes: Iterable[str], uscc: str, on: date) -> list[str]:
    """Why the inspectors of these codes cannot act at the party on ``on``; empty when they can.

    A party without a credit code (``uscc`` empty) has no declared recusals: its inspectors ask at the door.
    """
    people = session.scalars(
        sa.select(Inspector)
        .where(Inspector.district_id == district_id, Inspector.code.in_(sorted(set(codes))))
        .order_by(Inspector.code)
    ).all()  # fmt: skip
    said = [] if len(people) >= LEAST else ["执法检查人员不得少于两人（行政处罚法第四十二条），请再选一名。"]
    for person in people:
        if lapsed := why_not_certified(person, on):
            said.append(f"{person.name}：{lapsed}，请改派他人。")
        reason = declared(session, district_id, person.code, uscc) if uscc else None
        if reason is not None:
            said.append(f"{person.name}：对当事人应当回避（{reason}），请改派他人。")
    return said
