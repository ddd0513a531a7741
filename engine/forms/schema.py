"""A marshmallow schema per form: nested for dynamic lists, aware of hidden fields and run-time options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, pre_load
from marshmallow.experimental.context import Context

from engine.errors import ExpressionError
from engine.forms.cleaning import clean, is_blank, missing_message
from engine.forms.components import MAX_ROWS, Component, fields_of


class Surroundings(TypedDict):
    """What validation needs beyond the values: the form context, the clock, the enclosing values of a row."""

    context: Mapping[str, Any]
    now: datetime | None
    parent: Mapping[str, Any] | None


_HIDDEN = object()


class FormSchema(Schema):
    """Base of all generated schemas; unknown keys are ignored, hidden fields dropped before anything else."""

    components: tuple[Component, ...] = ()

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def drop_hidden(self, data: Any, **_: Any) -> Any:
        """Replace the values of hidden fields so that neither they nor their absence count."""
        around = Context[Surroundings].get()
        if not isinstance(data, Mapping):
            return data
        gone = hidden_keys(self.components, data, around)
        return {**data, **dict.fromkeys(gone, _HIDDEN)}


class FormField(fields.Field[Any]):
    """A field cleaned by its component's rules."""

    def __init__(self, component: Component) -> None:
        super().__init__()
        self.component = component

    def deserialize(self, value: Any, attr: Any = None, data: Any = None, **_: Any) -> Any:
        """The clean value; ``missing`` for a hidden field, blank for one left empty."""
        if value is _HIDDEN:
            return missing
        component = self.component
        around = Context[Surroundings].get()
        if component.readonly and component.default_key in around["context"]:
            # The person cannot change it, so what was posted does not count.
            value = around["context"][component.default_key]
        if value is missing or is_blank(component, value):
            cleaned = component.blank()
        else:
            cleaned = self.read(value, around, data if isinstance(data, Mapping) else {})
        if component.required and (cleaned is False if component.type == "checkbox" else cleaned in (None, "", [])):
            raise ValidationError([missing_message(component)])
        return cleaned

    def read(self, value: Any, around: Surroundings, data: Mapping[str, Any]) -> Any:
        """The clean value of something that is not blank."""
        return clean(self.component, value, around["context"])


class RowsField(FormField):
    """A dynamic list: every row loaded by the nested schema, errors kept per row."""

    def __init__(self, component: Component) -> None:
        super().__init__(component)
        self.schema = schema_class(component.components)()

    def read(self, value: Any, around: Surroundings, data: Mapping[str, Any]) -> Any:
        label, rules = self.component.label, self.component.validate
        if not isinstance(value, (list, tuple)) or not all(isinstance(row, Mapping) for row in value):
            raise ValidationError([f"“{label}”应为逐行填写的表格。"])
        most, least = rules.get("maxItems") or MAX_ROWS, rules.get("minItems") or 0
        if len(value) > most:
            raise ValidationError([f"“{label}”最多 {most} 行，现在是 {len(value)} 行。"])
        if len(value) < least:
            raise ValidationError([f"“{label}”至少 {least} 行，现在是 {len(value)} 行。"])
        rows, problems = [], {}
        assert isinstance(self.parent, FormSchema)
        outer = {**(around["parent"] or {}), **typed_values(self.parent.components, data, around)}
        with Context[Surroundings]({**around, "parent": outer}):
            for index, row in enumerate(value):
                try:
                    rows.append(self.schema.load(row))
                except ValidationError as error:
                    problems[index] = error.messages
        if problems:
            raise ValidationError(problems)
        return rows


def schema_class(components: tuple[Component, ...]) -> type[FormSchema]:
    """A schema class with one field a component."""
    members: dict[str, Any] = {
        component.key: RowsField(component) if component.type == "dynamiclist" else FormField(component)
        for component in fields_of(components)
    }
    return type("GeneratedFormSchema", (FormSchema,), {**members, "components": components})


def hidden_keys(components: tuple[Component, ...], raw: Mapping[str, Any], around: Surroundings) -> set[str]:
    """Keys of the components whose ``hide`` condition is true.

    A hidden field is null to the other conditions, so one pass may hide what a next one reads;
    it is repeated until nothing changes, at most once a condition.
    """
    conditional = [component for component in components if component.hide is not None]
    gone: set[str] = set()
    if not conditional:
        return gone
    typed = typed_values(_read_by(conditional, components), raw, around)
    for _ in range(len(conditional) + 1):
        row = {key: value for key, value in typed.items() if key not in gone}
        scope = {**(around["parent"] or {}), **row, "this": row, "parent": around["parent"]}
        now_gone = {component.key for component in conditional if _hidden(component, scope, around["now"])}
        if now_gone == gone:
            break
        gone = now_gone
    return {key for key in gone if key}


def _read_by(conditional: Sequence[Component], components: tuple[Component, ...]) -> tuple[Component, ...]:
    """The components whose values the conditions read; all of them where one takes the whole row."""
    names = frozenset[str]().union(*(one.hide_reads for one in conditional))
    return components if "this" in names else tuple(one for one in components if one.key in names)


def _hidden(component: Component, scope: Mapping[str, Any], now: datetime | None) -> bool:
    try:
        return component.hide is not None and component.hide.holds(scope, now=now)
    except ExpressionError:
        # A condition that cannot be computed must not make a required field vanish.
        return False


def typed_values(components: tuple[Component, ...], raw: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
    """What was posted as conditions see it, by key."""
    return {component.key: _typed(component, raw.get(component.key), around) for component in fields_of(components)}


def _typed(component: Component, raw: Any, around: Surroundings) -> Any:
    """A value as conditions see it: numbers and ticks read from what HTML posted, blanks null."""
    if raw is not _HIDDEN and component.readonly and component.default_key in around["context"]:
        raw = around["context"][component.default_key]  # the person cannot change it, nor hide a field by it
    if raw is _HIDDEN or is_blank(component, raw):
        return None if raw is _HIDDEN else component.blank()
    if component.type == "dynamiclist":
        rows = [row for row in raw[:MAX_ROWS] if isinstance(row, Mapping)] if isinstance(raw, (list, tuple)) else []
        return [typed_values(component.components, row, around) for row in rows]
    try:
        return clean(component, raw, around["context"])
    except ValidationError:
        return None
