"""检查结论更正: an organ corrects its own finding, reviewed; what it said before stays to be read.

Nobody else changes a finding: the process belongs to the part of the organ that made it, and its services refuse any
other.  What is public follows: it is corrected through an application of its own, and never says anything but the
finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import public_fields, publication, publication_sources, visits
from engine.inspection.models import DepartmentInspection, Finding, Publication
from engine.inspection.visit_models import FindingCorrection
from engine.settings import Settings

PROCESS = "finding-correction"
#: Fields of the table ``public-field`` that repeat a finding.
PUBLIC = ("items", "categories")
_FIELDS = ("problem", "category", "clause", "handling", "note")
_CONCLUSION = ("facts", "basis", "category", "handling")
#: What a corrected conclusion calls no problem; the category itself is that of the findings.
CLEAN: dict[str, Any] = {}


def of_part(session: Session, part: DepartmentInspection) -> list[FindingCorrection]:
    """Corrections that took effect, the first one first."""
    return list(
        session.scalars(
            sa.select(FindingCorrection)
            .where(
                FindingCorrection.district_id == part.district_id,
                FindingCorrection.department_inspection == part.number,
            )
            .order_by(FindingCorrection.at, FindingCorrection.number)
        )
    )  # fmt: skip


def findings(session: Session, part: DepartmentInspection) -> dict[str, Finding]:
    """The findings of a part by their item."""
    rows = session.scalars(
        sa.select(Finding)
        .where(Finding.district_id == part.district_id, Finding.department_inspection == part.number)
        .order_by(Finding.item)
    )
    return {row.item: row for row in rows}


def said(row: Finding) -> dict[str, Any]:
    """What a finding says, without what a correction leaves alone."""
    return {name: getattr(row, name) for name in _FIELDS}


def wanted(row: Finding, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a finding is to say; without a problem there is neither clause nor handling."""
    if given["problem"] == "是":
        return {
            "problem": True, "category": str(given["category"]), "clause": given.get("clause") or "",
            "handling": given.get("handling") or "", "note": given.get("note") or "",
        }  # fmt: skip
    clean = row.category if row.category in (visits.CLEAN, visits.NOT_ACTIVE) else visits.CLEAN
    note = given.get("note") or ""
    return {"problem": False, "category": clean, "clause": "", "handling": "无需处置", "note": note}


def conclusion(part: DepartmentInspection, values: Mapping[str, Any]) -> dict[str, Any]:
    """The conclusion as it is to be: empty without a problem, as when there never was one."""
    if values["outcome"] != "发现问题":
        return {}
    return {**part.conclusion, **{name: values.get(name) for name in _CONCLUSION}}


def differs(part: DepartmentInspection, known: Mapping[str, Finding], values: Mapping[str, Any]) -> bool:
    """Whether anything at all would change."""
    changed = any(wanted(known[f["item"]], f) != said(known[f["item"]]) for f in values["findings"])
    return changed or conclusion(part, values) != part.conclusion


def public_words(
    session: Session, settings: Settings, row: Publication, on: date
) -> dict[str, Any]:  # fmt: skip
    """What the fields that repeat a finding must say, by their public labels."""
    source = publication_sources.of_publication(session, settings, row, on)
    prepared = publication.prepare(settings, source, publication.Choices(), on).content
    rules = public_fields.rules(settings, source.document, source.subject_kind, on)
    return {rule.label: prepared[rule.label] for rule in rules if rule.field in PUBLIC and rule.label in prepared}


def public_changes(expected: Mapping[str, Any], shown: Mapping[str, Any]) -> list[dict[str, str]]:
    """The cells of a publication that do not say what the finding says: ``{"cell", "new"}``."""
    changes: list[dict[str, str]] = []
    for label, new in expected.items():
        old = shown.get(label)
        if not isinstance(old, list) or not isinstance(new, list):
            continue
        for n, cell in enumerate(old, 1):
            if isinstance(cell, Mapping):
                match: Mapping[str, Any] = next((one for one in new if one.get("事项") == cell.get("事项")), {})
                if match and match.get("结果") != cell.get("结果"):
                    changes.append({"cell": f"{label} / 第{n}项 / 结果", "new": str(match["结果"])})
        if not any(isinstance(cell, Mapping) for cell in old) and _words(old) != _words(new):
            # One cell takes all the words: their number may differ from what was public.
            changes.append({"cell": f"{label} / 第1项", "new": "、".join(map(str, new))})
            changes += [{"cell": f"{label} / 第{n}项", "new": "—"} for n in range(2, len(old) + 1)]
    return changes


def contradicts(expected: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    """Labels of fields of a corrected publication that would say something else than the finding."""
    return [
        label for label, new in expected.items()
        if label in content and _words(content[label]) != _words(new)
    ]  # fmt: skip


def _words(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {"：".join(str(one) for one in value.values())}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {word for one in value for word in _words(one)}
    return {word for word in str(value).split("、") if word not in ("", "—")}
