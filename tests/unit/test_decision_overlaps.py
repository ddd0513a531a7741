"""Rules that can hold together are found before the table runs, and only those."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bpmn.decision_overlaps import overlaps
from engine.bpmn.decisions import read_decisions
from engine.lint.linter import lint

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def document(inputs: list[str], *rules: tuple[str, ...], policy: str = "UNIQUE", allowed: str = "") -> str:
    values = f"<inputValues><text>{escape(allowed)}</text></inputValues>" if allowed else ""
    columns = "".join(
        f"<input><inputExpression><text>{escape(name)}</text></inputExpression>{values}</input>" for name in inputs
    )
    rows = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[:-1])
        + f"<outputEntry><text>{escape(rule[-1])}</text></outputEntry></rule>"
        for rule in rules
    )
    table = f'<decisionTable id="table" hitPolicy="{policy}">{columns}<output name="x"/>{rows}</decisionTable>'
    return (
        f'<definitions xmlns="{NAMESPACE}" id="d" name="d" namespace="urn:t"><decision id="t" name="t">{table}'
        "</decision></definitions>"
    )


def found(inputs: list[str], *rules: tuple[str, ...], policy: str = "UNIQUE", allowed: str = "") -> list[str]:
    ((_, table),) = read_decisions(document(inputs, *rules, policy=policy, allowed=allowed)).tables()
    return [f"{pair.first}-{pair.second}{'' if pair.certain else '?'}" for pair in overlaps(table)]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("< 5", ">= 5", []), ("<= 5", ">= 5", ["1-2"]), ("[1..5]", "[5..9]", ["1-2"]), ("[1..5)", "[5..9]", []),
        ("> 4", "< 5", ["1-2?"]), ("> 4", "< 6", ["1-2"]), ('"a","b"', '"b"', ["1-2"]), ('"a"', '"b"', []),
        ("true", "false", []), ("true", "true", ["1-2"]), ("-", "5", ["1-2"]), ("-", "-", ["1-2"]), ('"a"', "5", []),
        ("1,3,5", "[4..6]", ["1-2"]), ("1,3", "[4..6]", []), ("-3", "< 0", ["1-2"]), ("not(5)", "6", []),
        ("null", "-", []), ("limit", "5", []), ("? > 3", "5", []), ("(1..2)", "[1..2]", ["1-2?"]),
        ('< date("2026-01-02")', '>= date("2026-01-02")', []), ('<= @"2026-01-02"', '>= @"2026-01-02"', ["1-2"]),
        ("= 5", "5", ["1-2"]),
    ],
)  # fmt: skip
def test_two_cells_overlap_when_one_value_passes_both(first: str, second: str, expected: list[str]) -> None:
    assert found(["n"], (first, "1"), (second, "2")) == expected


def test_every_column_must_overlap() -> None:
    assert found(["a", "b"], ("> 1", '"x"', "1"), ("> 5", '"y"', "2"), ("-", '"x","y"', "3")) == ["1-3", "2-3"]


def test_columns_that_may_depend_on_each_other_prove_nothing() -> None:
    assert found(["a", "a + 1"], ("> 1", "< 2", "1"), ("> 1", "< 2", "2")) == []


def test_values_that_are_not_allowed_do_not_count() -> None:
    assert found(["n"], ("<= 5", "1"), (">= 5", "2"), allowed="[1..4],[6..9]") == []
    assert found(["n"], ("-", "1"), ('"a"', "2"), allowed='"a","b"') == ["1-2"]


def test_any_tolerates_equal_results_and_other_policies_all() -> None:
    assert found(["n"], ("> 1", '"x"'), ("> 5", '"x"'), policy="ANY") == []
    assert found(["n"], ("> 1", '"x"'), ("> 5", '"y"'), policy="ANY") == ["1-2"]
    assert found(["n"], ("> 1", '"x"'), ("> 5", "n"), policy="ANY") == []
    assert found(["n"], ("> 1", '"x"'), ("> 5", '"y"'), policy="FIRST") == []


def test_an_overlap_between_two_whole_numbers_is_a_warning() -> None:
    certain, doubtful = ((">= 5", "1"), ("<= 5", "2")), (("> 4", "1"), ("< 5", "2"))
    for rules, severity in ((certain, "error"), (doubtful, "warning")):
        findings = lint({"t.dmn": document(["n"], *rules)})
        assert [(one.rule, one.severity) for one in findings] == [("decision-overlaps", severity)]
        assert "第 1 条和第 2 条规则" in findings[0].message


CELLS = st.one_of(
    st.just("-"),
    st.integers(0, 6).map(str),
    st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.integers(0, 6)).map(lambda made: f"{made[0]} {made[1]}"),
    st.tuples(st.sampled_from("[("), st.integers(0, 3), st.integers(4, 6), st.sampled_from("])")).map(
        lambda made: f"{made[0]}{made[1]}..{made[2]}{made[3]}"
    ),
    st.lists(st.integers(0, 6).map(str), min_size=2, max_size=3).map(",".join),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=3))
def test_what_is_found_is_what_running_the_table_meets(cells: list[tuple[str, str]]) -> None:
    rules = [(a, b, str(index)) for index, (a, b) in enumerate(cells)]
    decisions = read_decisions(document(["a", "b"], *rules, policy="COLLECT"))
    values = [one / 2 for one in range(-2, 15)]
    met = set()
    for a in values:
        for b in values:
            hits = decisions.decide("t", {"a": a, "b": b})
            met |= {f"{x + 1}-{y + 1}" for x in hits for y in hits if x < y}
    assert {pair.removesuffix("?") for pair in found(["a", "b"], *rules)} == met
