"""One safe expression language for diagrams, forms and decision tables: a FEEL subset.

Own tokenizer, own Pratt parser, own small tree, one interpreter: no ``eval``, no Python
objects, no attribute access, every resource capped.  Python-style spellings (``==``,
``True``, ``None``, ``'text'``, ``not x``, ``len(x)``) parse into the same tree.

Functions of the caller
    ``evaluate(scope, functions)`` takes a mapping from name to callable.  A callable gets the
    evaluated arguments (``None``, ``bool``, ``int``/``Decimal``, ``str``, ``list``, ``dict``,
    ``date``, ``time``, ``datetime``, ``timedelta``, :class:`MonthDuration`) by position, or by
    keyword when the diagram names them, and returns one of these.  Dates out of process data
    arrive as ``YYYY-MM-DD`` text.  The caller's functions win over built-in ones of the same
    name.  The kernel supplies ``working_days_after(date, n)`` and ``end_of_day(date)``.

Nulls
    An unknown variable is null, an operation without meaning is null, and a condition holds
    only when it is ``true``.  An unknown function is an :class:`ExpressionError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from engine.errors import ExpressionError
from engine.expressions import nodes
from engine.expressions.browser import browser_tree
from engine.expressions.names import free_names, functions_called, names_in_filters
from engine.expressions.output import json_safe, plain
from engine.expressions.parser import MAX_DEPTH, MAX_NODES, parse_tests, parse_tree
from engine.expressions.scripts import assignment, bounded_script, statements
from engine.expressions.temporal import MonthDuration, duration_text, read_date, read_datetime, read_duration, read_time
from engine.expressions.tokens import MAX_TEXT, failure
from engine.expressions.types import Types
from engine.expressions.values import Failure, Range
from engine.expressions.writer import feel_text

__all__ = [
    "MAX_DEPTH", "MAX_NODES", "MAX_TEXT", "Assignment", "Expression", "ExpressionError", "MonthDuration", "Range",
    "UnaryTests", "duration_text", "json_safe", "parse", "parse_assignments", "parse_unary_tests", "plain",
    "read_date", "read_datetime", "read_duration", "read_time", "to_json",
]  # fmt: skip

_CONDITIONS = (nodes.Compare, nodes.And, nodes.Or, nodes.Not, nodes.In, nodes.Between)

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Expression:
    """A parsed expression; ``text`` is what the designer wrote.

    ``problems`` are parts that the standard lets be null whatever the data, such as a built-in function
    called with too many arguments (``standard`` expressions only; elsewhere they do not parse).
    """

    text: str
    tree: nodes.Node
    standard: bool = False
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Variables the expression reads (for lint); not those only visible inside a list filter."""
        return free_names(self.tree)

    @property
    def possible_names(self) -> frozenset[str]:
        """Names inside list filters: variables or keys of the elements, known only at run time."""
        return names_in_filters(self.tree)

    @property
    def feel(self) -> str:
        """The expression in canonical FEEL, whatever spelling was used."""
        return feel_text(self.tree)

    @property
    def functions(self) -> frozenset[str]:
        """Functions the caller must supply."""
        return functions_called(self.tree)

    def evaluate(
        self, scope: Mapping[str, Any], functions: Functions | None = None, now: datetime | None = None,
        watch: Callable[[], None] | None = None,
    ) -> Any:  # fmt: skip
        """The value over ``scope``: numbers as ``int``/``float``, dates and durations as Python's own.

        ``now`` (aware) feeds ``now()`` and ``today()``; ``watch`` is asked again and again while a long
        evaluation lasts and may raise.  Use :func:`json_safe` before storing the result.  Raises
        :class:`ExpressionError` on a cap, an unknown function or a failing one.
        """
        try:
            return plain(self.tree.evaluate(nodes.Run(scope, functions, now, self.standard, watch=watch)))
        except Failure as stop:
            raise failure(stop.message, self.text, stop.position) from stop
        except RecursionError:
            raise failure("计算嵌套过深", self.text) from None

    def evaluate_exact(
        self, scope: Mapping[str, Any], functions: Functions | None = None, now: datetime | None = None,
        types: Types | None = None, watch: Callable[[], None] | None = None,
    ) -> Any:  # fmt: skip
        """As :meth:`evaluate` with exact ``Decimal`` numbers, for results that feed further expressions."""
        return self.evaluated(nodes.Run(scope, functions, now, self.standard, types, watch))

    def evaluated(self, run: nodes.Run) -> Any:
        """As :meth:`evaluate_exact`, within an evaluation that counts its steps."""
        try:
            return self.tree.evaluate(run)
        except Failure as stop:
            raise failure(stop.message, self.text, stop.position) from stop
        except RecursionError:
            raise failure("计算嵌套过深", self.text) from None

    def holds(
        self, scope: Mapping[str, Any], functions: Functions | None = None, now: datetime | None = None,
        watch: Callable[[], None] | None = None,
    ) -> bool:  # fmt: skip
        """Whether the condition is true; null and anything else are not."""
        return self.evaluate_exact(scope, functions, now, watch=watch) is True


@dataclass(frozen=True)
class UnaryTests:
    """The tests of one decision table cell, e.g. ``< 5``, ``"a","b"``, ``not([1..9])`` or ``-``."""

    text: str
    tests: tuple[nodes.Node, ...]
    negated: bool = False
    asks: tuple[bool, ...] = field(default=(), compare=False)
    standard: bool = False
    problems: tuple[str, ...] = ()

    def accepts(
        self, value: Any, scope: Mapping[str, Any] | None = None, functions: Functions | None = None,
        now: datetime | None = None, types: Types | None = None,
    ) -> bool:  # fmt: skip
        """Whether ``value`` (visible as ``?``) passes; null results count as failing."""
        return self.accepted(value, nodes.Run(scope or {}, functions, now, self.standard, types))

    def accepted(self, value: Any, run: nodes.Run) -> bool:
        """As :meth:`accepts`, within an evaluation that tests many values or cells."""
        if not self.tests:
            return True
        run.layers.append({"?": value})
        try:
            held = [self._passes(test, asks, value, run) for test, asks in zip(self.tests, self.asks, strict=True)]
        except Failure as stop:
            raise failure(stop.message, self.text, stop.position) from stop
        finally:
            run.layers.pop()
        if self.negated:
            # Three-valued: the negation of an undecidable test is undecidable too.
            return all(one is False for one in held)
        return any(one is True for one in held)

    def _passes(self, test: nodes.Node, asks: bool, value: Any, run: nodes.Run) -> bool | None:
        if isinstance(test, nodes.OneSided):
            return nodes.passes(test, value, run)
        expected = test.evaluate(run)
        # A cell "true" is a value to equal; a cell "x > 5" beside a text or number is a condition.
        if isinstance(expected, bool) and (asks or (isinstance(test, _CONDITIONS) and not isinstance(value, bool))):
            return expected
        if expected is None and asks:
            return None
        return nodes.matches_value(expected, value, run)


class Assignment(NamedTuple):
    """One line of a script task: ``name = expression``."""

    name: str
    expression: Expression


@lru_cache(maxsize=4096)
def parse(text: str, names: frozenset[str] = frozenset(), standard: bool = False) -> Expression:
    """Parse an expression; ``names`` are variables with spaces in them (decision tables have such).

    ``standard`` reads the text as FEEL to the letter (decision files); otherwise spellings of other
    modellers are understood and ambiguous ones refused (diagrams and forms).
    Raises :class:`ExpressionError` with the position and a remedy.
    """
    tree, problems = parse_tree(text, names, standard)
    return Expression(text, tree, standard, tuple(problems))


@lru_cache(maxsize=4096)
def parse_unary_tests(text: str, names: frozenset[str] = frozenset(), standard: bool = False) -> UnaryTests:
    """Parse a decision table's input cell; raises :class:`ExpressionError`."""
    negated, tests, problems = parse_tests(text, names, standard)
    asks = tuple("?" in free_names(test) | names_in_filters(test) for test in tests)
    return UnaryTests(text, tests, negated, asks, standard, tuple(problems))


@lru_cache(maxsize=1024)
def parse_assignments(text: str) -> tuple[Assignment, ...]:
    """Parse a script task: assignments ``name = expression``, one a line or with ``;`` between them.

    Raises :class:`ExpressionError` for anything else, naming the line.
    """
    written = (assignment(line, part) for line, part in statements(bounded_script(text)))
    return tuple(Assignment(name, parse(expression)) for name, expression in written)


def to_json(expression: Expression) -> Any:
    """The tree a browser evaluates for form conditions; the format is in :mod:`engine.expressions.browser`.

    Raises :class:`ExpressionError` when the expression uses something only the server can do.
    """
    try:
        return browser_tree(expression.tree)
    except Failure as stop:
        raise failure(stop.message, expression.text, stop.position) from stop
