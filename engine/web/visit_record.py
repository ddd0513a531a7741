"""What a department's visit left behind, as its lane shows it: arrivals, adopted conclusions, evidence, recusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.inspection import adoptions, evidence, recusals, visits
from engine.inspection.models import DepartmentInspection
from engine.inspection.visit_models import Adoption, Evidence, RecusalApplication, VisitAttempt


@dataclass(frozen=True)
class VisitRecord:
    """Rows in the order they came about."""

    arrivals: Sequence[VisitAttempt]
    adopted: Sequence[Adoption]
    evidence: Sequence[Evidence]
    recusals: Sequence[RecusalApplication]


def visit_record(session: Session, part: DepartmentInspection) -> VisitRecord:
    """Everything kept of the visit of ``part``; who may see the lane may see it."""
    return VisitRecord(
        visits.attempts(session, part), adoptions.of_part(session, part), evidence.of_part(session, part),
        recusals.of_part(session, part.district_id, part.number),
    )  # fmt: skip
