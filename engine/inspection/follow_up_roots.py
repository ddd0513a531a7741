"""Where a chain of follow-ups begins: a department's inspection, or a case lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.lead_models import CaseLead
from engine.inspection.models import DepartmentInspection, Inspection

#: What a follow-up keeps of its subject; the object registry names the type ``kind``.
SUBJECT = (
    "name", "uscc", "address", "subject_kind", "legal_representative", "contact", "phone", "business_scope",
)  # fmt: skip


@dataclass(frozen=True)
class Root:
    """The beginning of a chain: its business key, its process, whose it is, and whom it is about."""

    number: str
    kind: str
    department: str
    subject: dict[str, Any]


Finder = Callable[[Session, str, str], Root | None]


def inspection_root(session: Session, district_id: str, number: str) -> Root | None:
    """A department's part of an inspection; its subject is the object as drawn."""
    row = session.execute(
        sa.select(DepartmentInspection.department, Inspection.object)
        .join(
            Inspection,
            sa.and_(
                Inspection.district_id == DepartmentInspection.district_id,
                Inspection.number == DepartmentInspection.inspection,
            ),
        )
        .where(DepartmentInspection.district_id == district_id, DepartmentInspection.number == number)
    ).one_or_none()
    if row is None:
        return None
    found = {**row.object, "subject_kind": row.object.get("kind") or ""}
    subject = {name: found[name] for name in SUBJECT if found.get(name)}
    return Root(number, "department-inspection", row.department, subject)


def lead_root(session: Session, district_id: str, number: str) -> Root | None:
    """A case lead; its subject is whom it was found to be about."""
    row = session.scalar(sa.select(CaseLead).where(CaseLead.district_id == district_id, CaseLead.number == number))
    return None if row is None else Root(row.number, "case-lead", row.department, dict(row.subject))


#: Asked in this order.
ROOTS: tuple[Finder, ...] = (inspection_root, lead_root)
