"""公示期: which rule a penalty falls under by the day of its decision, and its last day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.deadline_rules import deadline_rule
from engine.errors import ServiceTaskFailed
from engine.inspection import penalty_publicity
from engine.inspection.models import FollowUp
from engine.inspection.publicity_periods import ORDINARY, SIMPLIFIED, months_after, period_of
from engine.settings import Settings

SETTINGS = Settings()


def decision(day: str, amount: float = 0, *kinds: str) -> dict[str, Any]:
    return {"decided_on": day, "amount": amount, "kinds": list(kinds) or ["罚款"]}


#: decision, kind of subject, procedure, severity, is it public, last day when published ten days later, repair after
RULES = {
    "the last day of the old rules, light": (
        decision("2026-03-31", 50000), "企业", ORDINARY, "较轻", True, date(2026, 7, 10), date(2026, 7, 10),
    ),
    "the last day of the old rules, any other": (
        decision("2026-03-31", 50001), "企业", ORDINARY, "其他", True, date(2029, 4, 10), date(2026, 10, 10),
    ),
    "a person's lower threshold": (
        decision("2026-03-31", 5001), "个人", ORDINARY, "其他", True, date(2029, 4, 10), date(2026, 10, 10),
    ),
    "the first day of the new rules, warning": (
        decision("2026-04-01", 0, "警告"), "企业", ORDINARY, "免予公示", False, date(2026, 4, 1), date(2026, 4, 1),
    ),
    "the first day of the new rules, on the spot": (
        decision("2026-04-01", 3000), "企业", SIMPLIFIED, "免予公示", False, date(2026, 4, 1), date(2026, 4, 1),
    ),
    "the first day of the new rules, minor": (
        decision("2026-04-01", 50000), "企业", ORDINARY, "轻微", True, date(2026, 7, 1), date(2026, 4, 1),
    ),
    "the first day of the new rules, normal": (
        decision("2026-04-01", 50000, "罚款", "没收违法所得"), "企业", ORDINARY, "一般", True, date(2027, 4, 1),
        date(2026, 7, 1),
    ),
    "the first day of the new rules, grave by its kind": (
        decision("2026-04-01", 0, "责令停产停业"), "企业", ORDINARY, "严重", True, date(2029, 4, 1), date(2027, 4, 1),
    ),
    "the first day of the new rules, grave by its fine": (
        decision("2026-04-01", 1_000_000), "企业", ORDINARY, "严重", True, date(2029, 4, 1), date(2027, 4, 1),
    ),
    "the day before a grave fine": (
        decision("2026-04-01", 999_999), "企业", ORDINARY, "一般", True, date(2027, 4, 1), date(2026, 7, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_the_tables_of_the_day_of_decision_say_how_long_a_penalty_is_public(name: str) -> None:
    what, kind, procedure, severity, public, last, repairable = RULES[name]
    period = period_of(SETTINGS, what, kind, procedure)
    decided = date.fromisoformat(what["decided_on"])
    published = date(2026, 4, 10)
    assert (period.severity, period.published) == (severity, public)
    assert period.last_day(decided, published) == last
    assert period.repairable_on(decided, published) == repairable


def test_a_person_is_judged_as_one_wherever_the_record_says_so() -> None:
    what = {**decision("2026-03-31", 5001), "subject_kind": "个人"}
    of_body = FollowUp(kind="simplified-penalty", subject={"subject_kind": "企业"}, facts={"decision": what})
    assert penalty_publicity.period_of(SETTINGS, of_body).severity == "其他"
    of_body.facts = {"decision": {**what, "subject_kind": "企业"}}
    assert penalty_publicity.period_of(SETTINGS, of_body).severity == "较轻"


def test_fields_where_safety_is_at_stake_have_a_longer_shortest_time_under_the_old_rules() -> None:
    period = period_of(SETTINGS, decision("2026-03-02", 80000), "企业", ORDINARY)
    assert period.repairable_on(date(2026, 3, 2), date(2026, 3, 20), special=True) == date(2027, 3, 20)


def test_a_month_without_the_corresponding_day_ends_on_its_last_one() -> None:
    assert months_after(date(2025, 11, 30), 3) == date(2026, 2, 28)
    assert months_after(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert months_after(date(2026, 12, 31), 36) == date(2029, 12, 31)


def test_a_penalty_without_a_day_of_decision_cannot_be_judged() -> None:
    with pytest.raises(ServiceTaskFailed, match="决定的日期"):
        period_of(SETTINGS, {"kinds": ["罚款"], "amount": 1}, "企业", ORDINARY)


def test_organs_with_a_row_of_their_own_publish_penalties_sooner() -> None:
    on = date(2026, 3, 2)
    found = {code: deadline_rule(SETTINGS, "penalty-publication", on, code).rule for code in ("SCJG", "WJJ", "")}
    assert found == {"SCJG": "20wd", "WJJ": "7wd", "": "20wd"}
