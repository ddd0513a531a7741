"""From an HTML post to nested values: ``findings-0-item`` is key ``item`` of the first row of ``findings``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.forms.components import MAX_ROWS, Component, fields_of

_LOCATION = ("lat", "lng", "accuracy", "at")


class Post:
    """A posted form: werkzeug's MultiDict, or a mapping to a value or a list of values."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def all(self, name: str) -> list[str]:
        """Every value posted under ``name``."""
        if hasattr(self._data, "getlist"):
            return list(self._data.getlist(name))
        value = self._data.get(name)
        if value is None:
            return []
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def last(self, name: str) -> Any:
        """The last value posted under ``name``: a tick box after its hidden twin wins."""
        values = self.all(name)
        return values[-1] if values else None

    def names(self) -> Iterable[str]:
        """All names posted."""
        return [str(name) for name in self._data]


def nested_values(components: tuple[Component, ...], data: Any) -> dict[str, Any]:
    """The raw values of a form's components out of an HTML post; nothing is checked yet."""
    post = data if isinstance(data, Post) else Post(data)
    return _values(components, post, "")


def _values(components: tuple[Component, ...], post: Post, prefix: str) -> dict[str, Any]:
    return {component.key: _value(component, post, prefix + component.key) for component in fields_of(components)}


def _value(component: Component, post: Post, name: str) -> Any:
    if component.type == "dynamiclist":
        return _rows(component, post, name)
    if component.type == "checkbox":
        value = post.last(name)
        return value is not None and str(value).lower() not in ("", "false", "0", "off")
    if component.is_list:
        return [value for value in post.all(name) if value not in (None, "")]
    if component.type == "location" and post.last(name) in (None, ""):
        parts = {part: post.last(f"{name}-{part}") for part in _LOCATION}
        return {part: value for part, value in parts.items() if value not in (None, "")} or None
    return post.last(name)


def _rows(component: Component, post: Post, name: str) -> list[dict[str, Any]]:
    """Rows in the order of their numbers; gaps are fine, rows with nothing in them are left out."""
    pattern = re.compile(re.escape(name) + r"-(\d{1,6})-")
    numbers = sorted({int(match[1]) for posted in post.names() if (match := pattern.match(posted))})
    rows = (_values(component.components, post, f"{name}-{number}-") for number in numbers[: MAX_ROWS + 1])
    return [row for row in rows if any(_filled(value) for value in row.values())]


def _filled(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(map(_filled, value.values()))
    return bool(value)
