"""Forms: ``forms/<key>.json`` in a locked form-js subset, validated by a marshmallow schema built from it.

``Form.parse(text)`` refuses a form with anything unknown in it; :func:`form_problems` lists
everything wrong at once.  A submission is a flat dict by ``key``; a dynamic list is a list of
dicts; dates are ``YYYY-MM-DD``, date-times ISO 8601 with zone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from marshmallow import ValidationError
from marshmallow.experimental.context import Context

from engine.errors import InvalidInput, ModelRefused
from engine.forms.components import FILES, Component, fields_of, read_component
from engine.forms.posts import nested_values
from engine.forms.problems import form_problems
from engine.forms.schema import FormSchema, Surroundings, hidden_keys, schema_class

__all__ = ["Component", "Form", "form_problems"]


@dataclass(frozen=True)
class Form:
    """A parsed form; immutable and shared between threads."""

    key: str
    title: str
    components: tuple[Component, ...]
    schema: type[FormSchema] = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> Form:
        """Read a form; raises :class:`ModelRefused` listing every problem."""
        problems = form_problems(text)
        if problems:
            findings = [
                {"rule": "form", "severity": "error", "file": "", "element": "", "message": problem, "remedy": ""}
                for problem in problems
            ]
            raise ModelRefused("表单不能使用：" + "；".join(problems[:3]), findings)
        raw = json.loads(text)
        components = tuple(map(read_component, raw["components"]))
        return cls(raw["id"], raw["title"], components, schema_class(components))

    def on_paper(self) -> Form:
        """The same form for an entry from signed paper: signatures stand on the scan, so none is required here."""
        components = tuple(
            replace(c, validate={k: v for k, v in c.validate.items() if k != "required"})
            if c.type == "signature"
            else c
            for c in self.components
        )
        if components == self.components:
            return self
        return Form(self.key, self.title, components, schema_class(components))

    def validate(
        self, values: Any, context: Mapping[str, Any] | None = None, now: datetime | None = None
    ) -> dict[str, Any]:
        """The clean, JSON-safe values: hidden fields dropped, unknown keys ignored, blanks null.

        ``context`` holds the run-time options and defaults (``valuesKey``, ``defaultValueKey``).
        Raises :class:`InvalidInput`; its ``fields`` maps ``key`` or ``list[0].key`` to messages.
        """
        around: Surroundings = {"context": context or {}, "now": now, "parent": None}
        if not isinstance(values, Mapping):
            raise InvalidInput("提交的内容无法识别，请刷新页面后重试。")
        with Context[Surroundings](around):
            try:
                cleaned: dict[str, Any] = self._loader.load(values)
                return cleaned
            except ValidationError as error:
                problems = _flat(error.messages)
        labels = list(dict.fromkeys(self._label(key) for key in problems))
        named = "、".join(f"“{label}”" for label in labels[:5]) + ("等" if len(labels) > 5 else "")
        raise InvalidInput(f"有 {len(problems)} 项需要改正：{named}。", problems)

    @cached_property
    def _loader(self) -> FormSchema:
        """One schema for the submissions of all threads: loading keeps nothing in it, making one copies every field."""
        return self.schema()

    @cached_property
    def needs_context(self) -> bool:
        """Whether validation reads the form context: options or fixed values that only the run time knows."""
        return _needs_context(self.components)

    def files(self, values: Mapping[str, Any]) -> dict[str, list[str]]:
        """Attachment ids in clean values by field: ``key`` or ``list[0].key``."""
        return dict(_files(self.components, values, ""))

    def from_multidict(self, data: Any) -> dict[str, Any]:
        """The nested raw values of an HTML post (``findings-0-item`` …), to be given to :meth:`validate`."""
        return nested_values(self.components, data)

    def empty(self) -> dict[str, Any]:
        """The values of an untouched form without defaults."""
        return {component.key: component.blank() for component in fields_of(self.components)}

    def with_defaults(
        self, context: Mapping[str, Any] | None = None, values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What the form shows first: defaults, overlaid with ``values`` (a draft or an earlier submission)."""
        shown = {component.key: component.default_value(context or {}) for component in fields_of(self.components)}
        return {**shown, **{key: value for key, value in (values or {}).items() if key in shown}}

    def hidden(
        self, values: Mapping[str, Any], context: Mapping[str, Any] | None = None, now: datetime | None = None
    ) -> set[str]:
        """Keys of the top-level fields hidden for ``values``, for the first rendering without JavaScript."""
        return hidden_keys(self.components, values, {"context": context or {}, "now": now, "parent": None})

    def _label(self, key: str) -> str:
        head = key.partition("[")[0]
        return next((component.label for component in self.components if component.key == head), head)


def _files(
    components: tuple[Component, ...], values: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, list[str]]]:  # fmt: skip
    for component in components:
        value = values.get(component.key)
        if not value:
            continue
        if component.type in FILES:
            yield prefix + component.key, list(value)
        elif component.type == "dynamiclist":
            for number, row in enumerate(value):
                yield from _files(component.components, row, f"{prefix}{component.key}[{number}].")


def _needs_context(components: tuple[Component, ...]) -> bool:
    return any(c.values_key or (c.readonly and c.default_key) or _needs_context(c.components) for c in components)


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages with paths as keys: ``{"rows": {0: {"a": […]}}}`` → ``{"rows[0].a": […]}``."""
    if isinstance(messages, list):
        return {prefix: [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for key, value in messages.items():
        path = f"{prefix}[{key}]" if isinstance(key, int) else (f"{prefix}.{key}" if prefix else str(key))
        found.update(_flat(value, path))
    return found
