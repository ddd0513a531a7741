"""What a hostile diagram, form or table may contain: every attack ends in an error or null, at once."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import MAX_TEXT, parse, parse_assignments, parse_unary_tests, to_json

SCOPE: dict[str, Any] = {
    "a": {"b": 1}, "text": "x" * 1_000, "xs": list(range(1_000)), "f": open, "word": "公开",
    "many": ["y" * 1_000] * 1_000,
}  # fmt: skip

REACHING_PYTHON = [
    "().__class__.__bases__[0].__subclasses__()",
    '"".__class__.__mro__[1].__subclasses__()',
    "a.__class__",
    "a.__init__.__globals__",
    "[].__class__.__base__.__subclasses__()[104]",
    '__import__("os").system("id")',
    "__builtins__",
    'getattr(a, "b")',
    'open("/etc/passwd")',
    'eval("1")',
    'exec("import os")',
    "globals()",
    "import os",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in xs]",
    '"{0.__class__}".format(a)',
    '"%s" % text',
    "f'{a}'",
    "a.items()",
    "text.encode()",
    "xs.append(1)",
    "a := 1",
    "print(1); 1",
    "`id`",
    "${a.__class__}",
    "#{a.__class__}",
    "@os.system",
    "breakpoint()",
    'type("X", [], {})',
]


@pytest.mark.parametrize("attack", REACHING_PYTHON)
def test_no_expression_reaches_a_python_object(attack: str) -> None:
    try:
        result = parse(attack).evaluate(SCOPE)
    except ExpressionError:
        return
    assert result is None, "only null may come out of an attack that parses"


#: Forty small entries that would be 2^40 values if anything walked them to the end.
DOUBLING = "{k0: [1, 1], " + ", ".join(f"k{i}: [k{i - 1}, k{i - 1}]" for i in range(1, 40)) + ", z: [k39, k39]}"

EXHAUSTING = [
    "(9 ** 9) ** 9 ** 9",
    "((9 ** 9) ** 9) ** 9",
    "((((99 ** 99) ** 99) ** 99) ** 99) ** 99",
    "10 ** 6000 * 10 ** 6000",
    '"x" * 1000000000',
    "[0] * 1000000000",
    "for i in 1..1000000000 return i",
    "for i in 1..1000, j in 1..1000, k in 1..1000 return 1",
    "some i in 1..1000000000 satisfies false",
    "every i in 1..1000000000 satisfies true",
    "count(for i in -999999999..999999999 return i)",
    "for x in xs, y in xs return x * y",
    "xs[count(xs[item > 0]) > 0]",
    "distinct values(for i in 1..19000 return i)",
    "flatten(for i in 1..400 return for j in 1..400 return j)",
    "string join(many, text)",
    "concatenate(many, many, many, many, many, many, many, many, many, many, many, many)",
    "for i in 1..5000 return string(many)",
    "for i in 1..5000 return many = many",
    DOUBLING + ".z",
    "string(" + DOUBLING + ")",
    DOUBLING + " = " + DOUBLING,
    "distinct values([" + DOUBLING + ", " + DOUBLING + "])",
    "flatten(" + DOUBLING + ".z)",
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")',
    'matches(text, "(x*)*(x*)*(x*)*y")',
    'matches(text, "(.*)*$")',
    'matches(text, "((((a{99}){99}){99}){99})")',
    'matches(text, "(){999}{999}{999}{999}")',
    'matches("a", "' + "(" * 190 + '")',
    'matches("a", "(a)\\\\1")',
    'round(1.5, 999999999)',
    "decimal(1, 6000)",
    'number("1e999999999")',
    "1e999999999",
    'date("9999-12-31") + duration("P999999999Y")',
    'duration("P999999999D") * 999999999',
    'duration("PT999999999999S") + duration("P999999999D")',
    "for d in @\"0001-01-01\"..@\"9999-12-31\" return d",
    "modulo(10 ** 6000, 7)",
    'time("09:00:00@../../../etc/passwd")',
    'split(text, "(x+)+")',
    'replace(text, "(x*)*y", "z")',
    'replace(text, "x", text)',
    'replace(text, "(((x{9}){9}){9}){9}", "$1$1$1$1$1$1$1$1$1")',
    'replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a|aa)+$", "")',
    'matches(text, "[a-z-[a-z-[a-z-[a]]]]{999}")',
    "xs + xs + xs + xs + xs + xs + xs + xs + xs + xs + xs + xs",
    "exp(99999999999999)",
    "log(10 ** -6000)",
    "round(1.5, 6176)",
    "mode(for i in 1..19000 return i)",
    "stddev(xs)",
    "context(for i in 1..9000 return {key: string(i), value: i})",
    DOUBLING + ".z instance of list<list<list<list<list<list<list<list<list<list<number>>>>>>>>>>",
    DOUBLING + " instance of context",
]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("attack", EXHAUSTING)
def test_no_expression_exhausts_time_or_memory(attack: str) -> None:
    try:
        result = parse(attack).evaluate(SCOPE)
    except ExpressionError as error:
        assert error.message
        return
    assert len(repr(result)) < 200_000


DEEP = [
    "(" * 2_000 + "1" + ")" * 1_900,
    "[" * 1_000 + "]" * 1_000,
    "not " * 900 + "a",
    "-" * 3_900 + "1",
    "if a then " * 380 + "1",
    "a" + ".b" * 1_900,
    "a" + "[1]" * 1_300,
    "1" + "+1" * 1_900,
    "{a:" * 1_000 + "1" + "}" * 900,
    "count(" * 600 + "xs" + ")" * 600,
    "a or " * 700 + "a",
    "x in " * 700 + "x",
    "for x in " * 400 + "y",
    "[1.." * 900 + "2",
    '"' + "\\" * 3_999,
    "x" * (MAX_TEXT + 1),
]


@pytest.mark.parametrize("attack", DEEP)
def test_nesting_and_length_are_bounded_without_a_recursion_error(attack: str) -> None:
    with pytest.raises(ExpressionError):
        parse(attack)
    with pytest.raises(ExpressionError):
        parse_unary_tests(attack)


def test_deeply_nested_data_is_refused_rather_than_overflowing_the_stack() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    for text in ("d = d2", "flatten(d)", "d", "{a: d}", "string(d)"):
        with pytest.raises(ExpressionError, match="层"):
            parse(text).evaluate({"d": deep, "d2": [deep[0]]})


#: Only decision files define functions.
CALLING = [
    "{f: function(x) f(x), y: f(1)}.y",
    "{f: function(x) [f(x), f(x)], y: f(1)}.y",
    "{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1), y: f(30)}.y",
    "(function(f) f(f))(function(f) f(f))",
    "sort(for i in 1..5000 return i, function(a, b) count(for j in 1..5000 return j) > a)",
    "list replace(xs, function(a, b) some i in 1..10000 satisfies i < 0, 1)",
    "for i in 1..100000 return partial",
    "for " * 999,
    "{a" + " a" * 1_900,
    "{a" + " " * 3_900,
    ", a" + " " * 3_900 + "x",
    "function(" * 400,
    "(" * 50 + "function(x) " * 50 + "x" + ")" * 50,
    'range("[' + "1" * 3_000 + '..2]")',
    'context put({}, for i in 1..9000 return "k", 1)',
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("attack", CALLING, ids=range(len(CALLING)))
def test_no_function_of_a_decision_file_runs_for_ever(attack: str) -> None:
    try:
        result = parse(attack, standard=True).evaluate({"xs": list(range(1_000))})
    except ExpressionError as error:
        assert error.message
        return
    assert len(repr(result)) < 200_000


def test_a_scope_cannot_smuggle_in_a_callable() -> None:
    with pytest.raises(ExpressionError, match="没有名为“f”的函数"):
        parse('f("/etc/passwd")').evaluate(SCOPE)


def test_scripts_and_cells_share_the_same_limits() -> None:
    with pytest.raises(ExpressionError):
        parse_assignments("\n".join(f"a{i} = 1" for i in range(1_000)))
    with pytest.raises(ExpressionError):
        parse_unary_tests("__import__('os')").accepts(1)


def test_the_browser_never_gets_a_tree_it_cannot_evaluate() -> None:
    for text in ("xs[item > 1]", "for x in xs return x", "2 ** 100", 'matches(a, "x")', "working_days_after(a, 1)"):
        with pytest.raises(ExpressionError):
            to_json(parse(text))
