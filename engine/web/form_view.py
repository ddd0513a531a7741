"""What templates/forms.html draws: a form's components joined with values, errors, options and rows.

A page does::

    view = form_view(form, values, errors, context, now())
    render_template("task.html", form=view)

where ``values`` are ``form.with_defaults(context, draft)`` on the first showing and
``form.from_multidict(request.form)`` after a refused post, so that everything typed
comes back.  ``errors`` are :attr:`InvalidInput.fields`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from engine.forms import Form
from engine.forms.components import Component
from engine.forms.schema import Surroundings, hidden_keys, typed_values
from engine.web.filters import minute

#: Options beyond this number scroll in a box of their own with a filter above it.
MANY = 9
_HEADING = re.compile(r"[一二三四五六七八九十]{1,3}、[^。；，]{1,30}")
#: Names of the context's option lists for pickers that name none themselves.
PICKER_OPTIONS = {
    "departmentPicker": "departments",
    "itemPicker": "items",
    "inspectorPicker": "inspectors",
    "userPicker": "users",
}


@dataclass(frozen=True)
class FieldView:
    """One field as drawn; ``name`` is its name in the post, ``id`` its element id."""

    component: Component
    name: str
    value: Any = None
    text: str = ""
    errors: Sequence[str] = ()
    hidden: bool = False
    condition: str = ""
    options: Sequence[Mapping[str, Any]] = ()
    chosen: Sequence[str] = ()
    rows: Sequence[RowView] = ()
    blank_row: RowView | None = None

    @property
    def id(self) -> str:
        return f"f-{self.name}"

    @property
    def type(self) -> str:
        return self.component.type

    @property
    def many(self) -> bool:
        return len(self.options) > MANY

    @property
    def is_heading(self) -> bool:
        return _HEADING.fullmatch(self.component.text.strip()) is not None

    @property
    def wide(self) -> bool:
        """Whether the field takes the whole line of a row."""
        long_type = self.type in {"textarea", "checklist", "dynamiclist", "signature", "photo", "filepicker"}
        boxes = bool(self.options) and self.component.multiple  # drawn as a list of boxes, narrow ones cut their words
        return long_type or boxes or (self.type == "radio" and len(self.options) > 4)

    @property
    def files(self) -> list[str]:
        return [str(value) for value in self.value or []]


@dataclass(frozen=True)
class RowView:
    """One row of a dynamic list; ``name`` is ``<list>-<number>``."""

    name: str
    fields: Sequence[FieldView]
    errors: Sequence[str] = ()


@dataclass(frozen=True)
class FormView:
    """A whole form; ``summary`` are (element id, message) pairs in the order of the fields."""

    form: Form
    fields: Sequence[FieldView]
    summary: Sequence[tuple[str, str]] = ()
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> list[Any]:
        found: list[Any] = self.context.get("facts") or []
        return found


def post_name(error_key: str) -> str:
    """``findings[0].item`` (errors) → ``findings-0-item`` (posts)."""
    return re.sub(r"\[(\d+)\]\.?", r"-\1-", error_key).rstrip("-")


def form_view(
    form: Form,
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[str]] | None = None,
    context: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    *,
    extra_rows: Mapping[str, int] | None = None,
) -> FormView:
    """Join everything; ``extra_rows`` are empty rows to show, by post name of their list."""
    by_name = {post_name(key): list(messages) for key, messages in (errors or {}).items()}
    builder = _Builder(by_name, context or {}, now, extra_rows or {})
    fields = builder.fields(form.components, values, "", None)
    return FormView(form, fields, _summary(fields, by_name), context or {})


def row_action(post: MultiDict[str, str]) -> tuple[MultiDict[str, str], dict[str, int]] | None:
    """What "add a row" and "remove" buttons do without JavaScript.

    Returns the changed post and the empty rows to show, or None when another button was pressed.
    """
    if "_add" not in post and "_remove" not in post:
        return None  # nearly always: a name that is missing costs werkzeug an exception
    add, remove = post.get("_add"), post.get("_remove")
    kept: MultiDict[str, str] = MultiDict(
        (name, value)
        for name, value in post.items(multi=True)
        if name not in {"_add", "_remove"} and not (remove and name.startswith(f"{remove}-"))
    )
    return kept, ({add: 1} if add else {})


@dataclass(frozen=True)
class _Builder:
    errors: Mapping[str, Sequence[str]]
    context: Mapping[str, Any]
    now: datetime | None
    extra_rows: Mapping[str, int]

    def fields(
        self,
        components: tuple[Component, ...],
        values: Mapping[str, Any],
        prefix: str,
        parent: Mapping[str, Any] | None,
    ) -> list[FieldView]:
        around: Surroundings = {"context": self.context, "now": self.now, "parent": parent}
        hidden = hidden_keys(components, values, around)
        # Conditions of a row also read the fields around it.
        outer = {**(parent or {}), **typed_values(components, values, around)}
        return [
            self.field(component, values, f"{prefix}{component.key}", component.key in hidden, outer)
            for component in components
        ]

    def field(
        self, component: Component, values: Mapping[str, Any], name: str, hidden: bool, outer: Mapping[str, Any]
    ) -> FieldView:
        value = values.get(component.key)
        common: dict[str, Any] = {
            "component": component,
            "name": name,
            "value": value,
            "hidden": hidden,
            "errors": self.errors.get(name, ()),
            "condition": json.dumps(component.hide_tree, ensure_ascii=False) if component.hide_tree else "",
        }
        if component.type == "dynamiclist":
            rows = [row for row in value or [] if isinstance(row, Mapping)]
            rows += [{}] * self._empty_rows(component, name, rows)
            return FieldView(
                **common,
                rows=[self.row(component, row, f"{name}-{number}", outer) for number, row in enumerate(rows)],
                blank_row=self.row(component, _defaults(component, self.context), f"{name}-__index__", outer),
            )
        chosen = value if isinstance(value, (list, tuple)) else [value]
        return FieldView(
            **common,
            text=_text(component, value),
            options=self.options(component),
            chosen=[str(one) for one in chosen if one not in (None, "")],
        )

    def row(self, component: Component, row: Mapping[str, Any], name: str, parent: Mapping[str, Any]) -> RowView:
        shown = row or _defaults(component, self.context)
        return RowView(name, self.fields(component.components, shown, f"{name}-", parent), self.errors.get(name, ()))

    def _empty_rows(self, component: Component, name: str, rows: Sequence[Any]) -> int:
        """Rows a person needs to see first: those asked for, else at least one when one is required."""
        if not component.allow_add_remove:
            return 0
        needed = max(int(component.validate.get("minItems") or 0), 1 if component.required else 0)
        return self.extra_rows.get(name, 0) or max(0, needed - len(rows))

    def options(self, component: Component) -> list[dict[str, Any]]:
        if component.values_key or component.values:
            return component.options(self.context)
        name = PICKER_OPTIONS.get(component.type)
        offered = self.context.get(name) if name else None
        if component.role and isinstance(offered, Mapping):
            offered = offered.get(component.role)
        return [
            dict(one) if isinstance(one, Mapping) else {"value": one[0], "label": one[1]}
            for one in offered or ()
        ]  # fmt: skip


def _defaults(component: Component, context: Mapping[str, Any]) -> dict[str, Any]:
    return {child.key: child.default_value(context) for child in component.components if child.type != "text"}


def _text(component: Component, value: Any) -> str:
    """The value as it stands in a text input."""
    if value is None or isinstance(value, (list, tuple, Mapping)):
        return ""
    if component.subtype == "datetime":
        try:
            moment = datetime.fromisoformat(str(value))
            # What comes back from a refused post has no zone: it is shown as typed, whatever the server's own zone is.
            return minute(moment) if moment.tzinfo else moment.strftime("%Y-%m-%d %H:%M")
        except ValueError:
            return str(value)  # what somebody typed and we could not read
    return str(value)


def _summary(fields: Sequence[FieldView], errors: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    seen: set[str] = set()

    def walk(views: Sequence[FieldView], where: str) -> None:
        for view in views:
            seen.add(view.name)
            found.extend((view.id, where + message) for message in view.errors)
            for number, row in enumerate(view.rows, 1):
                seen.add(row.name)
                place = f"{where}{view.component.label}第 {number} 行："
                found.extend((f"f-{row.name}", place + message) for message in row.errors)
                walk(row.fields, place)

    walk(fields, "")
    found.extend(("", message) for name, messages in errors.items() if name not in seen for message in messages)
    return found
