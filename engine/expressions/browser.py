"""The JSON tree a small browser client evaluates to show and hide form fields.

The server always decides again; the client only spares the user a round trip.  A tree is
a JSON array whose first entry is the operation:

==================================  =============================================================
``["lit", value]``                  a text, number, boolean or null; dates as ``"YYYY-MM-DD"``
``["var", name]``                   a field of the form (or of the row); missing is null
``["get", tree, key]``              a key of an object; mapped over a list; null of anything else
``["at", tree, n]``                 the n-th element, from 1; negative from the end
``["and", a, b, …]`` ``["or", …]``  three-valued; ``["not", a]``
``["=", a, b]`` ``["!=", a, b]``    null equals only null; different types give null
``["<", a, b]`` ``<= > >=``         numbers with numbers, texts with texts (ISO dates order as texts)
``["+", a, b]`` ``- * / %``         numbers; ``+`` also joins texts and lists; null when an operand is null
``["neg", a]``                      minus
``["if", c, a, b]``                 ``b`` unless ``c`` is true
``["list", a, b, …]``               a list
``["in", x, test, …]``              a test is ``["one", sign, tree]``, ``["range", lo, hi, loIn, hiIn]``,
                                    a tree: equal to it, or contained when it is a list; or
                                    ``["search", tree]``: as a tree, but a text is searched for a text
``["call", name, a, b, …]``         one of ``BROWSER_FUNCTIONS``
==================================  =============================================================
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from engine.expressions import nodes as n
from engine.expressions.values import Failure

BROWSER_FUNCTIONS = frozenset(
    {
        "abs", "contains", "count", "ends with", "len", "list contains", "lower case", "number",
        "starts with", "string length", "sum", "today", "trim", "upper case",
    }
)  # fmt: skip


def browser_tree(tree: n.Node) -> Any:
    """``tree`` as JSON; raises :class:`Failure` for what only the server can evaluate."""
    if isinstance(tree, n.Literal):
        return ["lit", _literal(tree.value)]
    if isinstance(tree, n.Name):
        return ["var", tree.name]
    if isinstance(tree, n.Path):
        return ["get", browser_tree(tree.base), tree.key]
    if isinstance(tree, n.Filter) and isinstance(tree.condition, n.Literal) and type(tree.condition.value) is int:
        return ["at", browser_tree(tree.base), tree.condition.value]
    if isinstance(tree, (n.And, n.Or)):
        return ["and" if isinstance(tree, n.And) else "or", *map(browser_tree, tree.parts)]
    if isinstance(tree, n.Not):
        return ["not", browser_tree(tree.part)]
    if isinstance(tree, n.Compare) or (isinstance(tree, n.Arithmetic) and tree.sign != "**"):
        return [tree.sign, browser_tree(tree.left), browser_tree(tree.right)]
    if isinstance(tree, n.Negate):
        return ["neg", browser_tree(tree.part)]
    if isinstance(tree, n.If):
        return ["if", browser_tree(tree.condition), browser_tree(tree.then), browser_tree(tree.otherwise)]
    if isinstance(tree, n.ListOf):
        return ["list", *map(browser_tree, tree.parts)]
    if isinstance(tree, n.In):
        return ["in", browser_tree(tree.value), *(_test(test, tree.searches) for test in tree.tests)]
    if isinstance(tree, n.Between):
        bounds = ["range", browser_tree(tree.low), browser_tree(tree.high), True, True]
        return ["in", browser_tree(tree.value), bounds]
    if isinstance(tree, n.IsDefined):
        # A blank field exists on the server and is null in the browser: the two would disagree.
        raise Failure("显示条件里请写 字段 != null，不写 is defined(…)")
    if isinstance(tree, n.Call):
        return _call(tree)
    raise Failure("这种写法只能在服务器上计算，显示条件里请只用比较、and/or/not、in 和简单函数")


def _call(tree: n.Call) -> Any:
    first = tree.arguments[0] if tree.arguments else None
    if tree.name == "date" and len(tree.arguments) == 1 and isinstance(first, n.Literal):
        value = tree.evaluate(n.Run({}, None, None))
        return ["lit", value.isoformat() if isinstance(value, date) else None]
    if tree.name not in BROWSER_FUNCTIONS:
        raise Failure(f"显示条件里不能使用函数 {tree.name}", tree.position)
    return ["call", tree.name, *map(browser_tree, tree.arguments)]


def _test(test: n.Node, searches: bool) -> Any:
    if isinstance(test, n.OneSided):
        return ["one", test.sign, browser_tree(test.bound)]
    if isinstance(test, n.RangeOf):
        low, high = browser_tree(test.start), browser_tree(test.end)
        return ["range", low, high, test.start_included, test.end_included]
    return ["search", browser_tree(test)] if searches else browser_tree(test)


def _literal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if type(value) is date:
        return value.isoformat()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise Failure("显示条件里只能用文字、数字、日期和 true/false/null")
