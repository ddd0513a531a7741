"""Each lawful model passes the linter, each forbidden one is refused by the rule that says why."""

from __future__ import annotations

import pytest

from engine.lint.finding import Finding
from engine.lint.linter import lint
from tests.support.standard import FORBIDDEN, LAWFUL


def errors(text: str) -> list[Finding]:
    return [finding for finding in lint({"sample.bpmn": text}) if finding.severity == "error"]


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_model_is_not_refused(name: str) -> None:
    assert errors(LAWFUL[name]) == []


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_standard_forbids_is_refused_by_its_own_rule(name: str) -> None:
    rule, text = FORBIDDEN[name]
    assert rule in {finding.rule for finding in errors(text)}


def test_every_finding_names_an_element_of_the_model_and_a_remedy() -> None:
    for name, (_, text) in FORBIDDEN.items():
        for finding in errors(text):
            assert finding.message.endswith("。") and finding.remedy.endswith(("。", "）。")), (name, finding)
            assert not finding.element or f'"{finding.element}"' in text, (name, finding)
