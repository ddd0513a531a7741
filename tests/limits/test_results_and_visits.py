"""Limits of an inspection's result: entered and published within 20 working days (R40), by two inspectors at least."""

from __future__ import annotations

from tests.support.limits import LEAD, OTHER, LimitDistrict

CONCLUSION = {
    "facts": "现场发现超过保质期的食品三袋，已当场销毁。", "basis": "食品安全法第三十四条", "category": "6",
    "handling": "责令改正", "minor": "否", "disagreement": "否",
}  # fmt: skip


def publish(district: LimitDistrict) -> None:
    """Whatever is left of the result of every part of the visited inspection, up to its publication."""
    district.deploy("rectification")
    for department in (LEAD, OTHER):
        number = f"{district.part.rpartition('/')[0]}/{department}"
        for step in ("conclude", "review", "result_notice", "publication_preview", "second_signoff"):
            if step in district.steps(number):  # without a problem the conclusion follows from the record
                district.do(number, step, CONCLUSION if step == "conclude" else None)


def test_a_result_is_published_within_twenty_working_days_of_the_visit(limits: LimitDistrict) -> None:
    inspection = limits.part.rpartition("/")[0]
    row = limits.deadline(inspection, "publication")
    before, on, after = limits.around(inspection, "publication", then=publish)
    assert row.due_at.date().isoformat() == "2026-03-30"
    assert (before.on_time, on.on_time, after.on_time) == (True, True, False)
    assert (before.colour, on.colour, after.colour) == ("orange", "orange", "red")
    assert not before.opened and not on.opened
    assert after.opened == {"supervise_overdue"}
    assert after.told == {"*/监管督查", f"{row.department}/科室负责人"}
