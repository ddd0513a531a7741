"""The browser's evaluator of form conditions agrees with the server's on every kind of node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.expressions import parse, to_json
from engine.web import assets

SCOPES: list[dict[str, Any]] = [
    {},
    {"a": 1, "b": 2, "t": "是", "d": "2026-03-02", "l": ["x", "y"], "f": True, "o": {"k": [1, {"m": 2}]}},
    {"a": -3.5, "b": 0, "t": "", "d": "2025-12-31", "l": [], "f": False, "o": None},
    {"a": None, "b": 7, "t": "不是 是", "d": None, "l": [1, 2], "f": None, "o": {"k": []}},
]
EXPRESSIONS = [
    't = "是"', 't != "是"', "a = b", "a < b", "a <= b", "a > b", "a >= b", "a != null", "t = null", "f", "f = true",
    "not(f)", "f and a < b", "f or a < b", "a < b and t = 1", "a < b or t = 1", "a + b", "a - b", "a * b", "a / b",
    "-a",
    't + "号"', "a % 2", "if f then a else b", "a in [1, 2]", "a in [1..5]", "a in (1..5)", "a between 0 and 3",
    'd < "2026-01-01"', 'd >= date("2026-03-02")', 'list contains(l, "x")', '"x" in l', "count(l)", "sum(l)", "l[1]",
    "l[-1]", "o.k", "o.missing", 'contains(t, "是")', 'starts with(t, "不")', 'ends with(t, "是")', "string length(t)",
    "abs(a)", 'upper case("ab")', 'lower case("AB")', "number(\"12\")", "trim(t)", "a in (< 0, > 5)",
    "a = 1 and (b = 2 or b = 7)", 'not(t = "是") and f != true', "len(l) > 1", "l = l", "f = null",
    '"是" in t', 't in "是的"', '"x" not in l', "l + l", "f ? a : b", "a if f else b", "!f && a < b", "o['k']",
]  # fmt: skip
RUN = """
import { evaluate } from %s;
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { trees, scopes } = JSON.parse(text);
const all = trees.map((tree) => scopes.map((scope) => evaluate(tree, (name) => scope[name]) ?? null));
process.stdout.write(JSON.stringify(all));
"""


@pytest.fixture(scope="module")
def in_the_browser(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Results of ``frontend/app/evaluate.js`` for every expression and scope."""
    node, _ = assets.node_and_npm()
    script: Path = tmp_path_factory.mktemp("evaluate") / "run.mjs"
    script.write_text(RUN % json.dumps((assets.FRONTEND / "app" / "evaluate.js").as_uri()))
    trees = [to_json(parse(text)) for text in EXPRESSIONS]
    done = subprocess.run(
        [node, str(script)],
        input=json.dumps({"trees": trees, "scopes": SCOPES}),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(EXPRESSIONS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_browser_and_server_agree(in_the_browser: dict[str, list[Any]], text: str) -> None:
    expected = [parse(text).evaluate(scope) for scope in SCOPES]
    assert in_the_browser[text] == expected
