"""Lists and contexts: making them, filtering them, going through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.expressions.nodes.core import Literal, Negate, Node, Run
from engine.expressions.values import MAX_LIST, Failure, Range, compare, number


@dataclass(frozen=True)
class ListOf(Node):
    parts: tuple[Node, ...]

    def evaluate(self, run: Run) -> Any:
        return [part.evaluate(run) for part in self.parts]


@dataclass(frozen=True)
class ContextOf(Node):
    entries: tuple[tuple[str, Node], ...]

    def children(self) -> Iterator[Node]:
        return iter([node for _, node in self.entries])

    def evaluate(self, run: Run) -> Any:
        result: dict[str, Any] = {}
        for key, node in self.entries:
            result[key] = run.within([result], node)
        return result


@dataclass(frozen=True)
class Filter(Node):
    """``list[position]`` or ``list[condition]``; ``item`` and an element's keys are visible inside."""

    base: Node
    condition: Node

    def evaluate(self, run: Run) -> Any:
        values = self.base.evaluate(run)
        if values is None:
            values = []
        elif not isinstance(values, (list, tuple)):
            values = [values]
        if isinstance(self.condition, (Literal, Negate)):
            return _at(values, self.condition.evaluate(run))
        if not values:
            return None if number(self.condition.evaluate(run)) is not None else []
        kept = []
        for index, value in enumerate(values):
            # An element with a key "item" of its own shows that key (DMN 1.3, 10.3.2.5).
            layers: list[Mapping[str, Any]] = [{"item": value}]
            if isinstance(value, Mapping):
                layers.append(value)
            held = run.within(layers, self.condition)
            if index == 0 and number(held) is not None:
                return _at(values, held)
            if held is True:
                kept.append(value)
        return kept


def _at(values: Any, position: Any) -> Any:
    if position is True:
        return list(values)
    exact = number(position)
    if exact is None:
        return []
    index = int(exact)
    if index != exact or index == 0 or abs(index) > len(values):
        return None
    return values[index - 1 if index > 0 else index]


class _NotCountable(Exception):
    """A loop over a range that has no whole numbers or days to go through; the loop is null."""


@dataclass(frozen=True)
class Loop(Node):
    """``for``, ``some`` and ``every``: ``kind`` with pairs of (name, list, end of a counted range)."""

    kind: str
    names: tuple[str, ...]
    sources: tuple[Node, ...]
    ends: tuple[Node | None, ...]
    body: Node

    def evaluate(self, run: Run) -> Any:
        depth = len(run.layers)
        try:
            return self._collect(run, self._rounds(run, 0))
        except _NotCountable:
            return None
        finally:
            del run.layers[depth:]

    def _collect(self, run: Run, results: Iterator[Any]) -> Any:
        if self.kind == "for":
            collected: list[Any] = []
            if run.standard:
                # What has been returned so far, visible to the body (DMN 1.2, 10.3.2.14).
                run.layers.append({"partial": collected})
            for result in results:
                collected.append(result)
                if len(collected) > MAX_LIST:
                    raise Failure(f"列表超过 {MAX_LIST} 项")
            return collected
        decisive, undecided = self.kind == "some", False
        for result in results:
            if run.standard and result is not None and not isinstance(result, bool):
                return None  # neither true nor false nor undecided: no question at all
            if result is decisive:
                return decisive
            undecided = undecided or not isinstance(result, bool)
        return None if undecided else not decisive

    def _rounds(self, run: Run, level: int) -> Iterator[Any]:
        if level == len(self.names):
            run.charge(self.body.weight)
            yield self.body.evaluate(run)
            return
        for value in self._values(run, level):
            run.charge(1)
            run.layers.append({self.names[level]: value})
            yield from self._rounds(run, level + 1)
            run.layers.pop()

    def _values(self, run: Run, level: int) -> Any:
        source, last = self.sources[level].evaluate(run), self.ends[level]
        if last is None:
            if isinstance(source, Range):
                if source.sign or compare(source.start, source.end) in (1, None):
                    raise _NotCountable
                return within_range(source)
            if source is None:
                return []
            return source if isinstance(source, (list, tuple)) else [source]
        return counted(source, last.evaluate(run))


def within_range(values: Range) -> Any:
    """The whole numbers or days inside a range."""
    inside = counted(values.start, values.end)
    if values.start_included and values.end_included:
        return inside
    return (one for one in inside if values.holds(one))


def counted(start: Any, end: Any) -> Any:
    """The whole numbers or days from ``start`` to ``end``, downwards too; lazily, the caller charges."""
    if type(start) is date and type(end) is date:
        step = 1 if end >= start else -1
        return (date.fromordinal(n) for n in range(start.toordinal(), end.toordinal() + step, step))
    first, last = number(start), number(end)
    if first is None or last is None or first != int(first) or last != int(last):
        raise _NotCountable
    low, high = int(first), int(last)
    step = 1 if high >= low else -1
    return range(low, high + step, step)
