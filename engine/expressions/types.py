"""Types of decision files: what ``instance of``, parameters, variables and item definitions declare.

A value that does not fit its declared type becomes null, except where the standard converts:
a list of one for its element, an element for a list of one, a date for a date and time at midnight UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from engine.expressions.temporal import beyond, read_date, read_datetime, read_duration, read_time
from engine.expressions.values import MAX_DATA_DEPTH, Budget, Function, Range, kind_of

_SIMPLE = {
    "any": "Any", "null": "null", "string": "string", "boolean": "boolean", "number": "number", "integer": "number",
    "long": "number", "double": "number", "date": "date", "time": "time", "datetime": "date and time",
    "date and time": "date and time", "dateandtime": "date and time", "days and time duration":
    "days and time duration", "daytimeduration": "days and time duration", "years and months duration":
    "years and months duration", "yearmonthduration": "years and months duration", "list": "list",
    "context": "context", "range": "range", "function": "function",
}  # fmt: skip
_READERS = {
    "date": read_date, "time": read_time, "date and time": read_datetime,
    "days and time duration": read_duration, "years and months duration": read_duration,
}  # fmt: skip
MAX_TYPE_DEPTH = 20

Types = Mapping[str, "Type"]


@dataclass(frozen=True)
class Type:
    """``kind`` is a FEEL kind, ``Any`` or ``ref`` (an item definition by ``name``).

    ``items`` are the element type of a list or range, or the parameters and result of a function;
    ``fields`` the entries of a context; ``allowed`` a test every value must pass.
    """

    kind: str
    name: str = ""
    items: tuple[Type, ...] = ()
    fields: tuple[tuple[str, Type], ...] = ()
    allowed: Any = None
    base: Type | None = None


ANY = Type("Any")


def named(name: str) -> Type:
    """The type behind a ``typeRef``; a name that is not FEEL's own is an item definition."""
    local = name.strip()
    if local.startswith("feel:"):
        local = local[5:]
    simple = _SIMPLE.get(local if local in _SIMPLE else local.lower())
    return Type(simple) if simple else Type("ref", local)


def list_of(item: Type) -> Type:
    """The list of values of a type."""
    return Type("list", items=(item,))


def under(declared: Type, prefix: str, known: Types) -> Type:
    """The same type where its file's definitions are called ``prefix.name``."""
    if declared.kind == "ref":
        return Type("ref", f"{prefix}.{declared.name}") if declared.name in known else declared
    return replace(
        declared,
        items=tuple(under(item, prefix, known) for item in declared.items),
        fields=tuple((key, under(field, prefix, known)) for key, field in declared.fields),
        base=under(declared.base, prefix, known) if declared.base else None,
    )


def resolved(wanted: Type | None, types: Types) -> Type:
    """The type a reference stands for; an unknown one is ``Any``."""
    for _ in range(MAX_TYPE_DEPTH):
        if wanted is None:
            return ANY
        if wanted.kind != "ref":
            return wanted
        wanted = types.get(wanted.name)
    return ANY


def shape(wanted: Type | None, types: Types) -> Type:
    """The type without the tests on its values."""
    known = resolved(wanted, types)
    for _ in range(MAX_TYPE_DEPTH):
        if known.kind != "Any" or known.base is None:
            break
        known = resolved(known.base, types)
    return known


def conforms(value: Any, wanted: Type | None, types: Types, allowed: bool = True) -> bool:
    """Whether a value is of a type; null is only of ``Any`` and ``null``, but may stand in a list or context.

    ``allowed``: values must also pass the tests that item definitions set on them.
    """
    return _conforms(value, wanted, types, allowed, Budget(), 0)


def _conforms(value: Any, wanted: Type | None, types: Types, allowed: bool, budget: Budget, depth: int) -> bool:
    known = resolved(wanted, types)

    def inner(entry: Any, of: Type) -> bool:
        return entry is None or _conforms(entry, of, types, allowed, budget, depth + 1)

    budget.spend(1, depth)
    if known.base is not None and not _conforms(value, known.base, types, allowed, budget, depth + 1):
        return False
    if allowed and known.allowed is not None and value is not None and not known.allowed.accepts(value):
        return False
    if known.kind == "Any":
        return True
    if kind_of(value) != known.kind:
        return False
    if known.kind == "list" and known.items:
        return all(inner(entry, known.items[0]) for entry in value)
    if known.kind == "context":
        return all(key in value and inner(value[key], field) for key, field in known.fields)
    if known.kind == "range" and known.items and isinstance(value, Range):
        return inner(value.start, known.items[0]) and inner(value.end, known.items[0])
    if known.kind == "function" and known.items and isinstance(value, Function):
        return _callable_as(value, known, types)
    return True


def _callable_as(function: Function, wanted: Type, types: Types) -> bool:
    *parameters, result = wanted.items
    if not function.takes(len(parameters)):
        return False
    declared = [resolved(one, types) for one in function.types]
    # A function that takes anything takes the wanted kind too; its result must be at least as narrow.
    if not all(_within(resolved(p, types), d, types) for p, d in zip(parameters, declared, strict=False)):
        return False
    if function.least is not None:
        return True  # built-in functions do not declare what they give
    return _within(resolved(function.result, types), resolved(result, types), types)


def _within(narrow: Type, wide: Type, types: Types) -> bool:
    if wide.kind == "Any" or narrow == wide or narrow.kind == "null":
        return True
    if narrow.kind != wide.kind:
        return False
    if wide.kind == "context":
        mine = dict(narrow.fields)
        return all(k in mine and _within(resolved(mine[k], types), resolved(f, types), types) for k, f in wide.fields)
    pairs = zip(narrow.items, wide.items, strict=False)
    return len(narrow.items) >= len(wide.items) and all(
        _within(resolved(a, types), resolved(b, types), types) for a, b in pairs
    )


def coerce(value: Any, wanted: Type | None, types: Types) -> tuple[Any, bool]:
    """``(value, fits)``: the value as the declared type has it; null when it does not fit."""
    if value is None or wanted is None:
        return value, True
    known = resolved(wanted, types)
    plain = not (known.items or known.fields or known.base)
    if (kind_of(value) == known.kind and plain) or conforms(value, known, types):
        return value, True
    bare = shape(known, types)
    if isinstance(value, list) and len(value) == 1 and bare.kind not in ("list", "Any"):
        value = value[0]
        if value is None or conforms(value, known, types):
            return value, True
    if bare.kind == "list" and not isinstance(value, list):
        item = bare.items[0] if bare.items else ANY
        inner, fine = coerce(value, item, types)
        listed = [inner]
        return (listed, True) if fine and conforms(listed, known, types) else (None, False)
    if bare.kind == "date and time" and type(value) is date:
        return datetime.combine(value, time(0), UTC), True
    return None, False


def from_json(value: Any, wanted: Type | None, types: Types, depth: int = 0) -> Any:
    """``value`` with texts read as the dates and durations that the type declares."""
    if wanted is None or (wanted.kind != "ref" and isinstance(value, (bool, int))):
        return value
    known = shape(wanted, types)
    if depth > MAX_DATA_DEPTH or value is None:
        return value
    if isinstance(value, str) and known.kind in _READERS:
        if beyond(value):
            return value  # no type fits it, so it is told, not cut off
        read = _READERS[known.kind](value)
        if read is None and known.kind == "date and time":
            read = read_date(value)
        return value if read is None else read
    if isinstance(value, list):
        item = known.items[0] if known.kind == "list" and known.items else known
        return [from_json(entry, item, types, depth + 1) for entry in value]
    if known.kind == "list" and known.items:
        return from_json(value, known.items[0], types, depth + 1)
    if isinstance(value, Mapping) and known.kind == "context":
        declared = dict(known.fields)
        return {key: from_json(entry, declared.get(key), types, depth + 1) for key, entry in value.items()}
    return value
