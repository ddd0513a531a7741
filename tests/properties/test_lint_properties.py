"""Whatever blocks a process is made of, the linter lets it pass, and one fault in it is always found."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.lint.linter import lint
from tests.support.block_models import SIGNAL, Block, whole
from tests.support.block_strategies import models
from tests.support.broken_models import FAULTS, Fault
from tests.support.diagrams import diagram


def text(model: Block) -> str:
    return diagram(whole(model), messages="go").replace("</bpmn:definitions>", SIGNAL + "</bpmn:definitions>")


def errors(content: str) -> set[tuple[str, str]]:
    return {(f.rule, f.message) for f in lint({"a.bpmn": content}) if f.severity == "error"}


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_a_process_made_of_blocks_is_never_refused(model: Block) -> None:
    # Instances that run at the same time and count in one name may contradict each other.
    found = errors(text(model))
    assert {rule for rule, _ in found} <= {"parallel-writes"}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.sampled_from(FAULTS), st.data())
def test_one_fault_is_always_found(model: Block, fault: Fault, data: st.DataObject) -> None:
    root = etree.fromstring(text(model).encode())
    if fault(root, lambda found: data.draw(st.sampled_from(found))):
        assert errors(etree.tostring(root, encoding="unicode"))
