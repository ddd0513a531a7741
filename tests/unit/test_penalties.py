"""What makes a penalty heavier, which standards it reaches, and what the decision tables make of it (PL45, PL57–58)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.bpmn.decisions import load_decisions
from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.models import FollowUp
from engine.inspection.penalties import Measure
from engine.settings import Settings
from engine.shipped import folder

SETTINGS, TODAY = Settings(), date(2026, 3, 2)


def measure(**values: Any) -> Measure:
    return Measure.of(values)


FINE = {"kinds": ["罚款"], "amount": 5000}


@pytest.mark.parametrize(
    ("after", "reasons"),
    [
        (FINE, 0), ({**FINE, "amount": 4999.99}, 0), ({**FINE, "amount": 5000.01}, 1), ({"kinds": ["警告"]}, 0),
        ({}, 0), ({"kinds": ["罚款", "警告"], "amount": 5000}, 1), ({"kinds": ["吊销许可证件"], "terms": "吊销。"}, 1),
        ({"kinds": ["罚款", "没收违法所得"], "amount": 100, "confiscated": 50}, 1),
    ],
    ids=["same", "lower", "higher", "lighter-kind", "nothing", "further-kind", "heavier-kind", "confiscation-besides"],
)  # fmt: skip
def test_a_penalty_is_heavier_by_amount_or_by_a_kind_that_no_heavier_one_was_dropped_for(
    after: dict[str, Any], reasons: int
) -> None:
    assert len(penalties.heavier(SETTINGS, TODAY, measure(**FINE), measure(**after))) == reasons


@pytest.mark.parametrize(
    ("organ", "party", "limit"),
    [("SCJG", "个人", 10000), ("SCJG", "企业", 100000), ("WJJ", "个体工商户", 5000), ("WJJ", "其他组织", 50000),
     ("SCJG", "", 10000)],
    ids=["person", "firm", "sole-trader-elsewhere", "organisation-elsewhere", "unknown-party"],
)  # fmt: skip
def test_a_hearing_is_offered_from_the_organs_amount_on(organ: str, party: str, limit: int) -> None:
    def offered(amount: float) -> bool:
        told = measure(kinds=["罚款"], amount=amount)
        return bool(penalties.hearing_grounds(SETTINGS, TODAY, organ, party, told))

    assert (offered(limit - 0.01), offered(limit), offered(limit + 0.01)) == (False, True, True)
    assert penalties.hearing_grounds(SETTINGS, TODAY, organ, party, measure(kinds=["吊销许可证件"]))


def test_confiscated_goods_count_with_confiscated_money_and_other_words_need_a_new_notice() -> None:
    goods = {"kinds": ["没收非法财物", "没收违法所得"], "goods": "食品三袋", "confiscated": 4000}
    for value, offered in ((95999.99, False), (96000, True)):
        told = measure(**goods, goods_value=value)
        assert bool(penalties.hearing_grounds(SETTINGS, TODAY, "SCJG", "企业", told)) is offered
    before = measure(**goods, goods_value=100)
    assert penalties.heavier(SETTINGS, TODAY, before, measure(**goods, goods_value=101))
    assert penalties.reworded(before, measure(**{**goods, "goods": "食品四袋"}))
    assert penalties.reworded(before, measure(**goods, terms="停业三十日"))
    assert not penalties.reworded(before, measure(kinds=["没收违法所得"], confiscated=4000))
    assert before.fields()["goods_value"] == 100


def test_a_penalty_says_what_its_kinds_ask_for_and_keeps_to_the_row_of_discretion() -> None:
    for faulty in ({"kinds": ["罚款"]}, {"kinds": ["警告"], "amount": 100}, {"kinds": ["责令停产停业"]}):
        with pytest.raises(InvalidInput):
            penalties.check_measure(SETTINGS, TODAY, faulty)
    for amount, fits in ((4999, False), (5000, True), (20000, True), (20001, False)):
        chosen = {"kinds": ["罚款"], "amount": amount, "discretion": "DEMO-2"}
        checked = penalties.check_measure(SETTINGS, TODAY, chosen)
        if fits:
            penalties.check_discretion(SETTINGS, TODAY, "SCJG", chosen, checked)
        else:
            with pytest.raises(InvalidInput, match="裁量幅度"):
                penalties.check_discretion(SETTINGS, TODAY, "SCJG", chosen, checked)
        penalties.check_discretion(SETTINGS, TODAY, "SCJG", {**chosen, "deviation": "有法定减轻情节。"}, checked)


def test_a_review_that_keeps_to_the_penalty_keeps_to_the_one_last_told() -> None:
    first, second = {**FINE, "proposal": "给予行政处罚"}, {"kinds": ["罚款"], "amount": 9000}
    row = FollowUp(facts={"report": first, "notice": FINE})
    assert penalties.current(row) == (True, measure(**FINE))
    row.facts = {**row.facts, "statement_review": {**second, "change": "查出新的事实"}}
    assert penalties.current(row) == (True, measure(**second))
    row.facts = {**row.facts, "notice": second, "statement_review": {"change": "维持拟处罚"}}
    assert penalties.current(row) == (True, measure(**second))
    row.facts = {key: value for key, value in row.facts.items() if key != "statement_review"}  # a new report
    assert penalties.current(row) == (True, measure(**FINE))


NOTHING = dict.fromkeys(
    ("hearing", "by_organ", "collective", "public_interest", "complex", "grave", "heard", "changed"), False
)  # fmt: skip


def asked(table: str, stage: str = "告知前", **traits: bool) -> Any:
    content = (folder("processes") / "administrative-penalty" / f"{table}.dmn").read_bytes()
    return load_decisions(content).decide(
        table, {"stage": stage, "weigh_penalty": {"penal": True, **NOTHING, **traits}}
    )


def test_the_four_classes_go_to_the_legal_review_and_all_others_to_the_case_review() -> None:
    for trait in ("hearing", "public_interest", "complex", "by_organ"):
        assert asked("legal-review", **{trait: True}) == "法制审核", trait
        assert asked("legal-review", penal=False, **{trait: True}) == "案件审核", trait
    assert asked("legal-review") == "案件审核"
    assert asked("legal-review", "决定前", complex=True) == "无需再审"
    assert asked("legal-review", "决定前", heard=True) == "法制审核"
    assert asked("legal-review", "决定前", changed=True) == "案件审核"


def test_grave_and_complex_cases_are_discussed_by_the_heads_together() -> None:
    for trait in ("grave", "public_interest", "collective"):
        assert asked("collective-discussion", **{trait: True}) is True, trait
        assert asked("collective-discussion", penal=False, **{trait: True}) is False, trait
        assert asked("collective-discussion", "决定前", **{trait: True}) is False, trait
        assert asked("collective-discussion", "决定前", heard=True, **{trait: True}) is True, trait
    assert asked("collective-discussion") is False
