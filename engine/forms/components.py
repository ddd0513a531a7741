"""The components of a form: the locked form-js subset, read once and immutable afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import ExpressionError
from engine.expressions import Expression, parse, to_json

#: Components whose value is one text.
TEXTS = frozenset({"textfield", "textarea"})
#: Components offering options; ``checklist`` takes several of them.
CHOICES = frozenset({"select", "radio", "checklist"})
#: Domain components that pick registry entries: a code or id, or a list of them when ``multiple``.
PICKERS = frozenset({"objectPicker", "inspectorPicker", "userPicker", "departmentPicker", "itemPicker"})
#: Components holding attachment ids.
FILES = frozenset({"filepicker", "photo"})
TYPES = (
    TEXTS | CHOICES | PICKERS | FILES | {"text", "number", "date", "datetime", "checkbox", "dynamiclist"}
) | {"signature", "location"}  # fmt: skip
#: Caps that hold when a form states none; they keep one submission from filling the database.
IMPLICIT_LENGTH = {"textfield": 500, "textarea": 10_000}
MAX_ROWS = 500
MAX_PICKED = 1_000


@dataclass(frozen=True)
class Component:
    """One component; attribute names follow form-js in snake case.

    ``hide`` is the parsed condition (hidden exactly when true), ``hide_reads`` the names it may read,
    ``hide_tree`` the same for the browser (:mod:`engine.expressions.browser`), ``None`` when only the
    server can decide.
    """

    type: str
    key: str
    label: str
    description: str = ""
    text: str = ""
    validate: Mapping[str, Any] = field(default_factory=dict)
    values: tuple[tuple[Any, str], ...] = ()
    values_key: str = ""
    default: Any = None
    default_key: str = ""
    hide: Expression | None = None
    hide_tree: Any = None
    hide_reads: frozenset[str] = frozenset()
    multiple: bool = False
    readonly: bool = False
    role: str = ""
    subtype: str = ""
    decimal_digits: int | None = None
    accept: str = ""
    allow_add_remove: bool = True
    components: tuple[Component, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def required(self) -> bool:
        """Whether a visible field must be filled."""
        return bool(self.validate.get("required"))

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return (
            self.type in FILES or self.type in ("checklist", "dynamiclist") or (self.type in PICKERS and self.multiple)
        )

    def options(self, context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The options offered now: static ones, or ``context[valuesKey]``, as ``{"value", "label"}``."""
        if not self.values_key:
            return [{"value": value, "label": label} for value, label in self.values]
        return [read_option(entry) for entry in context.get(self.values_key) or []]

    def default_value(self, context: Mapping[str, Any]) -> Any:
        """What the field starts with: ``context[defaultValueKey]``, else ``defaultValue``, else blank."""
        value = context.get(self.default_key) if self.default_key else None
        if value is None:
            value = self.default
        return self.blank() if value is None else value

    def blank(self) -> Any:
        """The value of an untouched field."""
        if self.type == "checkbox":
            return False
        return [] if self.is_list else None


def read_option(entry: Any) -> dict[str, Any]:
    """An option given as ``{"value", "label"}``, a pair or a bare value."""
    if isinstance(entry, Mapping):
        return {**entry, "value": entry.get("value"), "label": str(entry.get("label", entry.get("value")))}
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        return {"value": entry[0], "label": str(entry[1])}
    return {"value": entry, "label": str(entry)}


def read_component(raw: Mapping[str, Any]) -> Component:
    """A component of a form that has passed :func:`engine.forms.form_problems`."""
    condition = (raw.get("conditional") or {}).get("hide")
    hide = parse(condition) if condition else None
    kind = raw["type"]
    return Component(
        type=kind,
        key=raw.get("key") or raw.get("path") or "",
        label=raw.get("label") or "",
        description=raw.get("description") or "",
        text=raw.get("text") or "",
        validate=dict(raw.get("validate") or {}),
        values=tuple((option["value"], option["label"]) for option in map(read_option, raw.get("values") or ())),
        values_key=raw.get("valuesKey") or "",
        default=raw.get("defaultValue"),
        default_key=raw.get("defaultValueKey") or "",
        hide=hide,
        hide_tree=_tree(hide) if hide else None,
        hide_reads=hide.names | hide.possible_names if hide else frozenset(),
        multiple=bool(raw.get("multiple")) or kind in FILES,
        readonly=bool(raw.get("readonly") or raw.get("disabled")),
        role=raw.get("role") or "",
        subtype="date" if kind == "date" else raw.get("subtype") or ("datetime" if kind == "datetime" else ""),
        decimal_digits=raw.get("decimalDigits"),
        accept=raw.get("accept") or "",
        allow_add_remove=raw.get("allowAddRemove", True),
        components=tuple(map(read_component, raw.get("components") or ())),
        properties=dict(raw.get("properties") or {}),
    )


def _tree(hide: Expression) -> Any:
    try:
        return to_json(hide)
    except ExpressionError:
        return None


def fields_of(components: tuple[Component, ...]) -> Iterator[Component]:
    """The components that hold a value."""
    return (component for component in components if component.type != "text")
