"""Objects as lists show them: some columns, in a given order."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from engine.inspection.models import InspectedObject

_O = InspectedObject
SHOWN = (
    _O.uscc, _O.name, _O.kind, _O.status, _O.region, _O.industry, _O.address, _O.legal_representative, _O.risk_grade,
    _O.tags, _O.to_verify, _O.on_abnormal_list, _O.last_inspected_on, _O.established_on, _O.updated_at, _O.supervisor,
)  # fmt: skip


def objects_of(session: Session, district_id: str, usccs: Sequence[str]) -> list[InspectedObject]:
    """These objects in this order, with the columns a list shows; codes nobody has are left out."""
    statement = sa.select(_O).where(_O.district_id == district_id, _O.uscc.in_(usccs)).options(load_only(*SHOWN))
    by_code = {row.uscc: row for row in session.scalars(statement)}
    return [by_code[uscc] for uscc in usccs if uscc in by_code]
