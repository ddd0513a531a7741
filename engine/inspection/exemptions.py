"""轻微违法免罚和初次违法免罚清单 (PL33, R62): which rows of the list a finding may come under.

The list proposes and never decides: whether a violation is slight, was corrected in time and did no harm is for the
officials; what the system knows of its own records (is it the first offence?) stands beside each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import tables
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Inspection, Item
from engine.settings import Settings

PENALTIES = ("administrative-penalty", "simplified-penalty")


@dataclass(frozen=True)
class Candidate:
    """A row of the list that fits; ``first_offence`` is None where the row does not ask for it.

    ``earlier`` says in words what the own records hold of the same object within the row's years.
    """

    code: str
    ground: str
    ground_name: str
    result: str
    violation: str
    conditions: str
    legal_basis: str
    note: str
    first_offence: bool | None
    earlier: tuple[str, ...]

    @property
    def label(self) -> str:
        """As an option of a form."""
        return f"{self.code} {self.violation}（{self.ground_name}，{self.result}）"


@dataclass(frozen=True)
class Violation:
    """What was found, as far as the list asks: items, categories and the words of item names and findings."""

    department: str
    items: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    words: str = ""


def listed(settings: Settings, on: date) -> list[dict[str, Any]]:
    """The whole list in force on ``on``, each row with the words of its ground under ``ground_row``."""
    grounds = {row["code"]: row for row in tables.rows(settings, "exemption-ground", on)}
    return [
        {**row, "ground_row": grounds[row["ground"]]}
        for row in tables.rows(settings, "exemption", on)
        if row["ground"] in grounds
    ]


def candidates(
    session: Session, settings: Settings, district_id: str, violation: Violation, uscc: str, on: date,
    case: Iterable[str] = (),
) -> list[Candidate]:  # fmt: skip
    """The rows that fit, in the order of the list; ``case`` names what is not an earlier offence: the chain itself."""
    own = frozenset(case)
    return [
        _candidate(session, settings, district_id, row, uscc, on, own)
        for row in listed(settings, on)
        if _fits(row, violation)
    ]


def of_part(session: Session, settings: Settings, part: DepartmentInspection, on: date) -> list[Candidate]:
    """Candidates for what a department found."""
    uscc = session.scalar(
        sa.select(Inspection.uscc).where(
            Inspection.district_id == part.district_id, Inspection.number == part.inspection
        )
    )
    return candidates(
        session, settings, part.district_id, _violation_of(session, part), uscc or "", on, [part.number]
    )  # fmt: skip


def of_case(session: Session, settings: Settings, row: FollowUp, on: date) -> list[Candidate]:
    """Candidates for a follow-up: by the findings at its root, and by what its own steps say of the facts."""
    part = session.scalar(
        sa.select(DepartmentInspection).where(
            DepartmentInspection.district_id == row.district_id, DepartmentInspection.number == row.root
        )
    )
    found = _violation_of(session, part) if part is not None else Violation(row.department)
    told = " ".join(
        str(step.get(key) or "") for step in row.facts.values() if isinstance(step, dict)
        for key in ("cause", "facts", "content")
    )  # fmt: skip
    violation = Violation(row.department, found.items, found.categories, f"{found.words} {told}")
    return candidates(session, settings, row.district_id, violation, row.uscc, on, [row.root or row.origin])


def _violation_of(session: Session, part: DepartmentInspection) -> Violation:
    rows = session.execute(
        sa.select(Finding.item, Finding.category, Finding.clause, Finding.note, Item.name)
        .outerjoin(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(
            Finding.district_id == part.district_id, Finding.department_inspection == part.number, Finding.problem
        )
    ).all()  # fmt: skip
    conclusion = part.conclusion or {}
    told = [str(conclusion.get("facts") or ""), *(" ".join(map(str, (r.name, r.clause, r.note))) for r in rows)]
    categories = {r.category for r in rows} | {str(conclusion.get("category") or "")}
    return Violation(part.department, frozenset(r.item for r in rows), frozenset(categories - {""}), " ".join(told))


def _fits(row: dict[str, Any], violation: Violation) -> bool:
    if row["departments"] and violation.department not in row["departments"]:
        return False
    return bool(
        violation.items & set(row["items"])
        or violation.categories & set(row["categories"])
        or any(word in violation.words for word in row["words"])
    )


def _candidate(
    session: Session, settings: Settings, district_id: str, row: dict[str, Any], uscc: str, on: date,
    own: frozenset[str],
) -> Candidate:  # fmt: skip
    years, ground = int(row["within_years"]), row["ground_row"]
    earlier = _earlier(session, settings, district_id, uscc, row, _years_before(on, years), own) if years else ()
    return Candidate(
        row["code"], row["ground"], ground["name"], ground["result"], row["violation"], row["conditions"],
        row["legal_basis"], row["note"], not earlier if years else None, tuple(earlier),
    )  # fmt: skip


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:  # 29 February
        return on.replace(year=on.year - years, day=28)


def _earlier(
    session: Session, settings: Settings, district_id: str, uscc: str, row: dict[str, Any], since: date,
    own: frozenset[str],
) -> Sequence[str]:  # fmt: skip
    """The same violation of the same object since then: problems found, and penalties decided, by any department."""
    if not uscc:
        return ()
    start = datetime.combine(since, time(), settings.timezone)
    found = session.execute(
        sa.select(Finding.at, Finding.item, Finding.category, Finding.clause, Finding.note, Item.name,
                  DepartmentInspection.number, DepartmentInspection.department)
        .join(DepartmentInspection, sa.and_(
            DepartmentInspection.number == Finding.department_inspection,
            DepartmentInspection.district_id == Finding.district_id,
        ))
        .join(Inspection, sa.and_(
            Inspection.number == DepartmentInspection.inspection, Inspection.district_id == Finding.district_id
        ))
        .outerjoin(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == district_id, Finding.problem, Inspection.uscc == uscc, Finding.at >= start)
        .order_by(Finding.at)
    ).all()  # fmt: skip
    same_visit = {
        number.rpartition("/")[0] for number in own
    }  # what other departments found the same day is no earlier one
    words = []
    for one in found:
        told = " ".join(map(str, (one.name, one.clause, one.note)))
        violation = Violation(one.department, frozenset([one.item]), frozenset([one.category]), told)
        if one.number.rpartition("/")[0] not in same_visit and _fits(row, violation):
            day = one.at.astimezone(settings.timezone).date()
            words.append(f"{day} 检查发现问题（{one.number}）")
    return [*words, *_penalties(session, settings, district_id, uscc, row, start, own)]


def _penalties(
    session: Session, settings: Settings, district_id: str, uscc: str, row: dict[str, Any], start: datetime,
    own: frozenset[str],
) -> list[str]:  # fmt: skip
    rows = session.scalars(
        sa.select(FollowUp)
        .where(
            FollowUp.district_id == district_id, FollowUp.uscc == uscc, FollowUp.kind.in_(PENALTIES),
            FollowUp.closed_at >= start,
        )
        .order_by(FollowUp.closed_at)
    )  # fmt: skip
    words = []
    for one in rows:
        decision = one.facts.get("decision") or {}
        told = f"{decision.get('facts') or ''} {(one.facts.get('filing') or {}).get('cause') or ''}"
        again = _fits(row, Violation(one.department, words=told)) and (one.root or one.origin) not in own
        if again and decision.get("decision") == "处罚":
            words.append(f"{decision.get('decided_on') or ''} 受过行政处罚（{one.number}）".strip())
    return words
