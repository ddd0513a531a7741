"""What documents of sampling may say of the sample at hand."""

from __future__ import annotations

from typing import Any

from engine.inspection import samples, tables
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact
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
