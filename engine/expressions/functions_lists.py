"""Functions on lists; every function charges the work it does."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.nodes.calls import call_function
from engine.expressions.registry import bounded, builtin, items_of, scale_of, spread_of, whole
from engine.expressions.values import (
    MAX_DATA_DEPTH,
    Failure,
    Function,
    compare,
    contains,
    equals,
)


@builtin("count", "list", least=1)
def _count(run: Run, values: Any) -> Any:
    return len(values) if isinstance(values, (list, tuple)) else (None if values is None else 1)


@builtin("list contains", "list, element")
def _list_contains(run: Run, values: Any, element: Any) -> Any:
    if values is None:
        return None
    run.charge(len(items_of(values)))
    return contains(items_of(values), element, run)


@builtin("all", "list", spread=True, least=1)
def _all(run: Run, *values: Any) -> Any:
    found = spread_of(run, values)
    if any(value is False for value in found):
        return False
    return True if all(value is True for value in found) else None


@builtin("any", "list", spread=True, least=1)
def _any(run: Run, *values: Any) -> Any:
    found = spread_of(run, values)
    if any(value is True for value in found):
        return True
    return False if all(value is False for value in found) else None


@builtin("sublist", "list, start position, length", least=2)
def _sublist(run: Run, values: Any, start: Any, length: Any = None) -> Any:
    found, begin = items_of(values), whole(start)
    size = whole(length) if length is not None else None
    if not begin or abs(begin) > len(found) or (length is not None and (size is None or size < 0)):
        return None
    first = begin - 1 if begin > 0 else len(found) + begin
    return found[first:] if size is None else found[first : first + size]


@builtin("append", "list, item", spread=True, least=1)
def _append(run: Run, values: Any, *more: Any) -> Any:
    run.charge(len(items_of(values)) // 8)
    return bounded(items_of(values) + list(more))


@builtin("concatenate", "list", spread=True, least=1)
def _concatenate(run: Run, *lists: Any) -> Any:
    # concatenate([a, b], c) takes lists as arguments; a single list of lists is joined too,
    # because concatenate([[a], b]) is what people write when they mean it.
    if len(lists) == 1 and isinstance(lists[0], (list, tuple)) and any(isinstance(x, (list, tuple)) for x in lists[0]):
        lists = tuple(lists[0])
    found: list[Any] = []
    for entry in lists:
        found += items_of(entry)
        run.charge(len(found) // 8)
        bounded(found)
    return found


@builtin("union", "list", spread=True, least=1)
def _union(run: Run, *lists: Any) -> Any:
    return _distinct(run, _concatenate(run, *lists))


@builtin("distinct values", "list")
def _distinct(run: Run, values: Any) -> Any:
    kept: list[Any] = []
    seen: set[str] = set()
    for value in items_of(values):
        if isinstance(value, str):
            if value in seen:
                continue
            seen.add(value)
        else:
            run.charge(len(kept) // 8)
            if contains(kept, value, run):
                continue
        kept.append(value)
    run.charge(len(kept) // 8)
    return kept


@builtin("flatten", "list")
def _flatten(run: Run, values: Any) -> Any:
    found: list[Any] = []

    def visit(value: Any, depth: int) -> None:
        if depth > MAX_DATA_DEPTH:
            raise Failure(f"列表嵌套超过 {MAX_DATA_DEPTH} 层")
        run.charge(1)
        if isinstance(value, (list, tuple)):
            for entry in value:
                visit(entry, depth + 1)
        else:
            found.append(value)

    visit(items_of(values), 0)
    return found


@builtin("reverse", "list")
def _reverse(run: Run, values: Any) -> Any:
    return items_of(values)[::-1]


@builtin("insert before", "list, position, newItem")
def _insert(run: Run, values: Any, position: Any, item: Any) -> Any:
    found, at = items_of(values), whole(position)
    if not at or abs(at) > len(found):
        return None
    first = at - 1 if at > 0 else len(found) + at
    return bounded([*found[:first], item, *found[first:]])


@builtin("remove", "list, position")
def _remove(run: Run, values: Any, position: Any) -> Any:
    found, at = items_of(values), whole(position)
    if not at or abs(at) > len(found):
        return None
    del found[at - 1 if at > 0 else at]
    return found


@builtin("index of", "list, match")
def _index_of(run: Run, values: Any, match: Any) -> Any:
    run.charge(len(items_of(values)))
    return [index + 1 for index, value in enumerate(items_of(values)) if equals(value, match, run) is True]


@builtin("sort", "list, precedes", least=1)
def _sort(run: Run, values: Any, precedes: Any = None) -> Any:
    if values is None:
        return None
    found = items_of(values)
    run.charge(len(found))
    if precedes is not None:
        if not isinstance(precedes, Function) or not precedes.takes(2):
            return None

        def order(a: Any, b: Any) -> int:
            return -1 if call_function(run, precedes, [a, b]) is True else 1

        return sorted(found, key=cmp_to_key(order))
    if any(compare(value, found[0]) is None for value in found):
        return None
    return sorted(found, key=cmp_to_key(lambda a, b: compare(a, b) or 0))


@builtin("list replace", "list, position, newItem", other="list, match, newItem")
def _list_replace(run: Run, values: Any, position: Any, item: Any) -> Any:
    if values is None:
        return None
    found = items_of(values)
    if isinstance(position, Function):
        if not position.takes(2):
            return None
        matched = [call_function(run, position, [one, item]) for one in found]
        if not all(isinstance(one, bool) for one in matched):
            return None
        return [item if held else one for one, held in zip(found, matched, strict=True)]
    at = scale_of(position)
    if not at or abs(at) > len(found):
        return None
    found[at - 1 if at > 0 else at] = item
    return found
