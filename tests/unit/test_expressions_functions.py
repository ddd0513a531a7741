"""The functions the standard adds to numbers, texts, contexts, dates and ranges."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import json_safe, parse


def value(text: str) -> Any:
    return json_safe(parse(text, standard=True).evaluate({}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('upper case(["ab"])', "AB"), ("abs([-1])", 1), ('substring(["abc"], [2])', "bc"),
        ('upper case(["a", "b"])', None),
        ("exp(0)", 1), ("log(exp(2))", 2), ("log(0)", None), ("stddev(2, 4, 7, 5)", 2.0816659994661326),
        ("stddev([1])", None), ("mode([6, 3, 9, 6, 6])", [6]), ("mode([6, 1, 9, 6, 1])", [1, 6]), ("mode([])", []),
        ("decimal(1/3, 2.5)", 0.33), ('number("1 000.5", " ", ".")', 1000.5), ('number("1,5", ",", ",")', None),
        ("number(1.5)", 1.5), ('number(1.5, ",", ".")', None), ("number(true)", None),
        ('replace("abracadabra", "a(.)", "<$1>")', "<b>r<c><d><b>ra"), ('replace("abc", "[a-b]", "$0$0")', "aabbc"),
        ('replace("darted", "^(.*?)d(.*)$", "$1c$2")', "carted"), ('replace("aaa", "a*?", "b")', None),
        ('replace("a.b", ".", "-", "q")', "a-b"), ('replace("AbA", "a", "x", "i")', "xbx"),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"), ('replace("a", "a", "$")', None),
        ('split("a1b22c", "[0-9]+")', ["a", "b", "c"]), ('split("ab", ".")', ["", "", ""]),
        ('split("a;b", ";")', ["a", "b"]),
        ('matches("Ä", "\\p{Lu}")', True), ('matches("x", "[a-z-[x]]")', False),
        ('context([{key: "a", value: 1}, {key: "b", value: 2}])', {"a": 1, "b": 2}),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None), ('context([{key: "a"}])', None),
        ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
        ('context put({a: {b: 1}}, ["a", "b"], 2)', {"a": {"b": 2}}),
        ('context put({a: 1}, ["a", "b"], 2)', None), ("context merge([{a: 1, b: 1}, {b: 2}])", {"a": 1, "b": 2}),
        ('get value({a: {b: 3}}, ["a", "b"])', 3), ("list replace([1, 2], 2, 9)", [1, 9]),
        ("list replace([1], 2, 9)", None),
        ('is(@"10:00:00Z", @"10:00:00+00:00")', True), ('is(@"10:00:00Z", @"11:00:00+01:00")', False),
        ("is(1, 1.0)", True), ("is(value1: 1, value2: 1)", True), ("is(value1: 1)", False),
        ("is(value2: 1)", False), ("is(1)", None), ("is(value1: 1, value3: 1)", None),
        ('context put(context: {a: 1}, key: "b", value: 2)', {"a": 1, "b": 2}),
        ('context put(context: {a: {b: 1}}, keys: ["a", "b"], value: 2)', {"a": {"b": 2}}),
        ('context put(context: {a: {b: 1}}, key: ["a", "b"], value: 2)', None),
        ('context put(context: {a: 1}, key: ["b"], value: 2)', {"a": 1, "b": 2}),
        ('context put(context: {a: 1}, ky: "b", value: 2)', None), ('contains(string: "ab")', None),
        ('some x in [1, 2] satisfies if x = 2 then true else "x"', None),
        ("some x in [1, 2] satisfies if x = 2 then true else null", True),
        ('every x in [1, 2] satisfies if x = 2 then false else "x"', None),
        ('date(year: 2026, month: 1, day: 20)', "2026-01-20"), ('time(9, 30, 0, @"PT8H")', "09:30:00+08:00"),
        ('date and time(date: @"2026-01-20", time: @"09:00:00")', "2026-01-20T09:00:00"),
        ('string(@"2026-01-20T09:00:00@Europe/Paris")', "2026-01-20T09:00:00@Europe/Paris"),
        ('@"2026-01-20T24:00:00"', "2026-01-21T00:00:00"), ('@"2026-01-02T00:00:00Z" - @"2026-01-01"', "P1D"),
        ('time("10:00:00+15:00")', None), ('{"a b": 1, c: a b + 1}.c', 2), ("{a: 1, a: 2}", None),
    ],
)  # fmt: skip
def test_a_function_gives_what_the_standard_says(text: str, expected: Any) -> None:
    result = value(text)
    assert result == pytest.approx(expected) if isinstance(expected, float) else result == expected


@pytest.mark.parametrize(
    "text", ['date("10000-01-01")', 'date("-0044-03-15")', '@"09:00:00.123456789"', "date(0, 1, 1)"]
)
def test_a_moment_out_of_reach_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(ExpressionError, match="超出范围"):
        value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before(1, [2..3])", True), ("before([1..2], [2..3])", False), ("before([1..2), [2..3])", True),
        ("after([5..6], 4)", True), ("meets([1..5], [5..9])", True), ("meets([1..5), [5..9])", False),
        ("met by([5..9], [1..5])", True), ("overlaps([1..5], [5..9])", True), ("overlaps([1..5), [5..9])", False),
        ("overlaps before([1..5], [3..9])", True), ("overlaps before([1..5], [1..9])", False),
        ("overlaps after([3..9], [1..5])", True), ("finishes(9, [1..9])", True), ("finishes([5..9], [1..9])", True),
        ("finished by([1..9], [5..9])", True), ("includes([1..9], 5)", True), ("includes([1..9], 10)", False),
        ("includes((1..9), 1)", False), ("during([2..3], [1..9])", True), ("starts(1, [1..9])", True),
        ("started by([1..9], [1..5])", True), ("coincides([1..9], [1..9])", True),
        ("coincides((1..9), [1..9])", False),
        ("includes((> 5), 7)", True), ("before((< 5), 5)", True), ('before(1, "a")', None), ("before(null, 1)", None),
        ('range("[1..9)") = [1..9)', True), ('range("(..5]").end', 5), ('range("[9..1]")', None),
        ('range("1..9")', None),
        ("(> 5).start", 5), ("[1..9].end included", True), ("7 in (> 5)", True), ("[1..3] = [1..3]", True),
        ("5 in [[1..3], [5..7]]", True), ("for i in [2..1] return i", None), ("for i in (1..4) return i", [2, 3]),
    ],
)  # fmt: skip
def test_ranges_lie_to_each_other_as_the_standard_says(text: str, expected: Any) -> None:
    assert value(text) == expected
