"""The cells of decision tables: S-FEEL unary tests."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import parse_unary_tests


@pytest.mark.parametrize(
    ("cell", "accepted", "refused"),
    [
        ("-", [1, None, "x", [], True], []),
        ("", [1, None], []),
        ('"a","b"', ["a", "b"], ["c", None, 1]),
        ('"违法处罚", "线索移送办案机构"', ["违法处罚", "线索移送办案机构"], ["责令改正"]),
        ('not("a")', ["b", ""], ["a"]),
        ('not("a", "b")', ["c"], ["a", "b"]),
        ("< 5", [4, -1, 4.9], [5, 6, None, "4"]),
        ("<= 5", [5], [6]),
        ("> 5", [6], [5]),
        (">= 5", [5], [4]),
        ("!= 5", [4], [5]),
        ("= 5", [5], [4]),
        ("[1..9]", [1, 9, 5], [0, 10, None]),
        ("(1..9)", [2, 8], [1, 9]),
        ("]1..9[", [2], [1, 9]),
        ("[1..9)", [1], [9]),
        ("not([1..9])", [0, 10], [1, 9]),
        ("1,5", [1, 5], [2, 15, 1.5]),
        ("1, 3, [5..7], > 100", [1, 3, 6, 101], [2, 8, 100]),
        ("5", [5, 5.0], ["5", None]),
        ("true", [True], [False, None, "true"]),
        ("false", [False], [True, None]),
        ("null", [None], [0, "", False]),
        ("not(null)", [0, ""], [None]),
        ("? > 5 and ? < 8", [6, 7], [5, 8, None]),
        ('contains(?, "店")', ["小店"], ["公司", None]),
        ('not(contains(?, "店"))', ["公司"], ["小店", None]),
        ("? in [1..3]", [2], [4]),
        ('starts with(?, "37"), "x"', ["370105", "x"], ["110000"]),
        ("limit", [10], [11]),
        ("< limit", [9], [10]),
        ("< limit * 2", [19], [20]),
        ("[limit..limit + 5]", [10, 15], [16]),
        ("levels", ["A", "B"], ["C"]),
        ("< -5", [-6], [-5]),
        ('date("2026-01-20")', ["2026-01-20"], ["2026-01-21"]),
        ('< date("2026-01-20")', ["2026-01-19"], ["2026-01-20"]),
        ('[date("2026-01-01")..date("2026-01-31")]', ["2026-01-15"], ["2026-02-01"]),
        ('@"P1D"', ["P1D", "PT24H"], ["P2D"]),
        ("not(true) or true", [True, 1], []),
        ("weekday = 1", ["anything"], []),
    ],
)
def test_a_cell_accepts_and_refuses(cell: str, accepted: list[Any], refused: list[Any]) -> None:
    tests = parse_unary_tests(cell)
    scope = {"limit": 10, "levels": ["A", "B"], "weekday": 1}
    for value in accepted:
        assert tests.accepts(value, scope), f"{cell} should accept {value!r}"
    for value in refused:
        assert not tests.accepts(value, scope), f"{cell} should refuse {value!r}"


@pytest.mark.parametrize("cell", ["1 2", '"a" "b"', "<", "[1..", "not(", "1,", "== ==", "a; b", "“甲”"])
def test_a_malformed_cell_is_refused(cell: str) -> None:
    with pytest.raises(ExpressionError):
        parse_unary_tests(cell)


def test_a_cell_that_divides_by_zero_does_not_match() -> None:
    assert not parse_unary_tests("1 / 0").accepts(1)
    assert not parse_unary_tests("? / 0 > 1").accepts(1)
