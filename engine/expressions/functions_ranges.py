"""Functions on ranges: how two of them, or a range and a point, lie to each other (DMN 1.3, 10.3.4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.registry import builtin
from engine.expressions.temporal import read_temporal
from engine.expressions.tokens import tokenize
from engine.expressions.values import Range, compare, number

#: The end of a range without one of its own, above or below everything.
_OPEN = object()


class _Span:
    """A range or point with its ends ready to compare: -1, 0 or 1, ``None`` when not comparable."""

    def __init__(self, value: Any) -> None:
        is_range = isinstance(value, Range)
        self.point = not is_range
        self.start = value.start if is_range else value
        self.end = value.end if is_range else value
        self.opens = value.start_included if is_range else True
        self.closes = value.end_included if is_range else True
        if is_range and value.sign:
            self.start = _OPEN if value.start is None else value.start
            self.end = _OPEN if value.end is None else value.end


def _order(left: Any, right: Any, left_edge: int, right_edge: int) -> int | None:
    """Compare two ends; an edge says where an end without a value of its own lies."""
    if left is _OPEN or right is _OPEN:
        a, b = (left_edge if left is _OPEN else 0), (right_edge if right is _OPEN else 0)
        return (a > b) - (a < b)
    return compare(left, right)


def _relation(name: str, parameters: str, relation: Callable[[_Span, _Span], bool | None], other: str = "") -> None:
    @builtin(name, parameters, other=other)
    def call(run: Run, left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        a, b = _Span(left), _Span(right)
        if _order(a.start, b.end, -1, 1) is None or _order(b.start, a.end, -1, 1) is None:
            return None
        return relation(a, b)


def _before(a: _Span, b: _Span) -> bool:
    order = _order(a.end, b.start, 1, -1)
    return order == -1 or (order == 0 and not (a.closes and b.opens))


def _meets(a: _Span, b: _Span) -> bool:
    return a.closes and b.opens and _order(a.end, b.start, 1, -1) == 0


def _starts_at(a: _Span, b: _Span) -> int:
    """-1 when ``a`` starts earlier than ``b``, 0 together, 1 later."""
    order = _order(a.start, b.start, -1, -1) or 0
    return order or (a.opens < b.opens) - (a.opens > b.opens)


def _ends_at(a: _Span, b: _Span) -> int:
    order = _order(a.end, b.end, 1, 1) or 0
    return order or (a.closes > b.closes) - (a.closes < b.closes)


def _includes(a: _Span, b: _Span) -> bool:
    return _starts_at(a, b) <= 0 and _ends_at(a, b) >= 0


def _overlaps(a: _Span, b: _Span) -> bool:
    return not _before(a, b) and not _before(b, a)


def _overlaps_before(a: _Span, b: _Span) -> bool:
    return _overlaps(a, b) and _starts_at(a, b) < 0 and _ends_at(a, b) <= 0


def _finishes(a: _Span, b: _Span) -> bool:
    return _ends_at(a, b) == 0 and _starts_at(a, b) >= 0


def _starts(a: _Span, b: _Span) -> bool:
    return _starts_at(a, b) == 0 and _ends_at(a, b) <= 0


_POINTS = "point1, point2"
_relation("before", _POINTS, _before, "range1, range2")
_relation("after", _POINTS, lambda a, b: _before(b, a), "range1, range2")
_relation("meets", "range1, range2", _meets)
_relation("met by", "range1, range2", lambda a, b: _meets(b, a))
_relation("overlaps", "range1, range2", _overlaps)
_relation("overlaps before", "range1, range2", _overlaps_before)
_relation("overlaps after", "range1, range2", lambda a, b: _overlaps_before(b, a))
_relation("finishes", "point, range", _finishes, "range1, range2")
_relation("finished by", "range, point", lambda a, b: _finishes(b, a), "range1, range2")
_relation("includes", "range, point", _includes, "range1, range2")
_relation("during", "point, range", lambda a, b: _includes(b, a), "range1, range2")
_relation("starts", "point, range", _starts, "range1, range2")
_relation("started by", "range, point", lambda a, b: _starts(b, a), "range1, range2")
_relation("coincides", _POINTS, lambda a, b: _starts_at(a, b) == 0 and _ends_at(a, b) == 0, "range1, range2")


@builtin("range", "from")
def _range(run: Run, text: Any) -> Any:
    """The range that a text such as ``[1..9]`` writes with constant ends, else null."""
    text = text.strip() if isinstance(text, str) else ""
    low, dots, high = text[1:-1].partition("..")
    if not dots or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    start, end = _constant(low.strip()), _constant(high.strip())
    opens, closes = text[0] == "[", text[-1] == "]"
    if (not low.strip() and not opens) != (start is None) or (not high.strip() and not closes) != (end is None):
        return None
    if start is None and end is None:
        return None
    if start is None:
        return Range(None, end, False, closes, "<=" if closes else "<")
    if end is None:
        return Range(start, None, opens, False, ">=" if opens else ">")
    order = compare(start, end)
    return Range(start, end, opens, closes) if order is not None and order <= 0 else None


def _constant(text: str) -> Any:
    """A number, text or date-like constant."""
    if not text:
        return None
    tokens = [token for token in tokenize(text, standard=True) if token.kind != "end"]
    kinds, values = [token.kind for token in tokens], [token.value for token in tokens]
    if kinds == ["string"]:
        return values[0]
    if values[:1] == ["@"] and kinds[1:] == ["string"]:
        return read_temporal(values[1])
    if kinds[-1:] == ["string"] and values[1:2] == ["("]:
        return None
    if len(tokens) == 4 and kinds == ["name", "sign", "string", "sign"] and values[1] == "(" and values[3] == ")":
        return read_temporal(values[2]) if values[0] in ("date", "time", "date and time", "duration") else None
    sign, rest = (-1, values[1:]) if values[:1] == ["-"] else (1, values)
    if len(rest) == 1 and kinds[-1] == "number":
        from decimal import Decimal

        exact = number(Decimal(rest[0]))
        return None if exact is None else sign * exact
    return None
