"""The tree of a parsed expression and its only interpreter: every node evaluates itself.

Nodes are immutable and shared between threads; all state of one evaluation lives in
:class:`Run`.  There is no attribute access on Python objects anywhere: a path step
reads a key of a context or one of the named properties of a date or duration.
"""

from engine.expressions.nodes.calls import Apply, Call, FunctionOf, InstanceOf, IsDefined, One, Undefined
from engine.expressions.nodes.core import (
    MAX_STEPS,
    And,
    Arithmetic,
    Dotted,
    If,
    Literal,
    Name,
    Negate,
    Node,
    Not,
    Or,
    Path,
    Run,
    read_property,
)  # fmt: skip
from engine.expressions.nodes.lists import ContextOf, Filter, ListOf, Loop
from engine.expressions.nodes.tests import Between, Compare, In, OneSided, RangeOf, matches_value, passes

__all__ = [
    "MAX_STEPS", "And", "Apply", "Arithmetic", "Between", "Call", "Compare", "ContextOf", "Dotted", "Filter",
    "FunctionOf", "If", "In", "InstanceOf", "IsDefined", "ListOf", "Literal", "Loop", "Name", "Negate", "Node", "Not",
    "One", "OneSided", "Or", "Path", "RangeOf", "Run", "Undefined", "matches_value", "passes", "read_property",
]  # fmt: skip
