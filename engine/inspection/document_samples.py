"""What documents of a visit may say of the sample at hand and of the materials asked for."""

from __future__ import annotations

from typing import Any

from engine.inspection import samples, tables, written_materials
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact
from engine.inspection.visit_models import WrittenMaterial
from engine.periods import rule_words


@fact(
    "sample",
    "name kind specification quantity reserve seal taken_on laboratory report_number result conclusion round "
    "retest_words retest_basis",
)
def sample(case: DocumentCase) -> dict[str, Any] | None:
    """The sample whose process this is, with its latest test."""
    row = samples.of_number(case.session, case.district_id, case.instance.business_key)
    tests = samples.tests_of(case.session, case.district_id, [row.number])
    test = tests[-1] if tests else None
    kinds = tables.rows(case.settings, "sample-kind", case.today)
    kind = next((k for k in kinds if k["code"] == row.kind), {})
    term = kind.get("retest_rule")
    return {
        "name": row.name, "kind": kind.get("name") or row.kind, "specification": row.specification,
        "quantity": row.quantity, "reserve": row.reserve, "seal": row.seal, "taken_on": case.local_day(row.taken_at),
        "laboratory": test.laboratory if test else row.intended_for,
        "report_number": test.report_number if test else "", "result": test.result if test else "",
        "conclusion": test.conclusion if test else "", "round": test.round if test else 0,
        "retest_words": rule_words(term) if term else "", "retest_basis": kind.get("legal_basis") or "",
    }  # fmt: skip


@fact("asked_materials", "name note due_on state", many=True)
def asked_materials(case: DocumentCase) -> list[dict[str, Any]]:
    """What a written check asks for: as kept, before that as the notice is being written."""
    rows = [] if case.part is None else written_materials.of_part(case.session, case.part)
    if rows:
        return [_material(row) for row in rows]
    form = case.step("prepare_visit") or {}
    due_on = form.get("materials_due")
    return [
        {"name": row.get("name"), "note": row.get("note") or "", "due_on": due_on, "state": ""}
        for row in form.get("asked_materials") or []
    ]


@fact("owed_materials", "name note due_on state", many=True)
def owed_materials(case: DocumentCase) -> list[dict[str, Any]]:
    """What did not come, or not completely."""
    rows = [] if case.part is None else written_materials.of_part(case.session, case.part)
    return [_material(row) for row in written_materials.owed(rows)]


def _material(row: WrittenMaterial) -> dict[str, Any]:
    return {"name": row.name, "note": row.note, "due_on": row.due_on, "state": written_materials.state(row)}
