"""What a department's visit left behind, as its lane shows it: arrivals, materials, evidence, samples, corrections …"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from engine.inspection import adoptions, evidence, finding_corrections, recusals, samples, visits, written_materials
from engine.inspection.facts.visits import finding_words
from engine.inspection.models import DepartmentInspection
from engine.inspection.sample_models import Sample
from engine.inspection.visit_models import Adoption, Evidence, RecusalApplication, VisitAttempt, WrittenMaterial


@dataclass(frozen=True)
class VisitRecord:
    """Rows in the order they came about."""

    arrivals: Sequence[VisitAttempt]
    adopted: Sequence[Adoption]
    evidence: Sequence[Evidence]
    recusals: Sequence[RecusalApplication]
    #: what a written check asked for, with how it stands in words
    materials: Sequence[tuple[WrittenMaterial, str]]
    owed: int
    samples: Sequence[Sample]
    #: ``(item or 检查结论, before, after, why, who and when)``
    corrections: Sequence[tuple[str, str, str, str, str]]


def visit_record(session: Session, part: DepartmentInspection) -> VisitRecord:
    """Everything kept of the visit of ``part``; who may see the lane may see it."""
    asked = written_materials.of_part(session, part)
    corrected = finding_corrections.of_part(session, part)
    return VisitRecord(
        visits.attempts(session, part), adoptions.of_part(session, part), evidence.of_part(session, part),
        recusals.of_part(session, part.district_id, part.number),
        [(row, written_materials.state(row)) for row in asked], len(written_materials.owed(asked)),
        samples.of_part(session, part),
        [
            (row.item or "检查结论", finding_words(row.old), finding_words(row.new), f"{row.cause}：{row.reason}",
             f"{row.proposed_by} 提出，{row.reviewed_by} 审核")
            for row in corrected
        ],
    )  # fmt: skip
