"""Each lawful model passes the linter, each forbidden one is refused by the rule that says why."""

from __future__ import annotations

import pytest

from engine.lint.finding import Finding
from engine.lint.linter import lint
from tests.support.standard import FORBIDDEN, LAWFUL, UNSUPPORTED


def errors(text: str) -> list[Finding]:
    return [finding for finding in lint({"sample.bpmn": text}) if finding.severity == "error"]


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_model_is_not_refused(name: str) -> None:
    assert errors(LAWFUL[name]) == []


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_lawful_model_that_cannot_be_run_here_is_told_by_name_and_not_deployed(name: str) -> None:
    refusing = [f for f in lint({"sample.bpmn": LAWFUL[name]}) if f.refuses]
    assert {(f.rule, f.severity) for f in refusing} == {(UNSUPPORTED[name], "unsupported")}
    assert all(f.message.endswith("。") and f.remedy for f in refusing)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_standard_forbids_is_refused_by_its_own_rule(name: str) -> None:
    rule, text = FORBIDDEN[name]
    assert rule in {finding.rule for finding in errors(text)}


def test_every_finding_names_an_element_of_the_model_and_a_remedy() -> None:
    for name, (_, text) in FORBIDDEN.items():
        for finding in errors(text):
            assert finding.message.endswith("。") and finding.remedy.endswith(("。", "）。")), (name, finding)
            assert not finding.element or f'"{finding.element}"' in text, (name, finding)
