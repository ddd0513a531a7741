"""What somebody submitted, in words: labels from the form of that version, values as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.forms import Component, Form
from engine.forms.components import FILES

#: One line: its label, and its words or a mapping with ``head`` and ``rows``, ``files`` or ``image``.
Line = tuple[str, Any]
#: What a picked code is called, where the form itself does not say: the component and the code.
Names = Callable[[Component, str], str]


def _code(_component: Component, code: str) -> str:
    return code


def submitted(
    form: Form | None, values: Mapping[str, Any] | None, zone: ZoneInfo, names: Names = _code
) -> list[Line]:  # fmt: skip
    """(label, words) pairs in the form's order; blanks are left out, rows of a list become a table."""
    if form is None or not values:
        return []
    found: list[Line] = []
    for component in form.components:
        value = values.get(component.key)
        if component.type == "text" or value in (None, "", [], {}):
            continue
        if component.type == "dynamiclist":
            children = [c for c in component.components if c.type != "text"]
            rows = [
                [words(c, row.get(c.key), zone, names) for c in children] for row in value if isinstance(row, Mapping)
            ]
            found.append((component.label, {"head": [c.label for c in children], "rows": rows}))
        elif component.type in FILES:
            found.append((component.label, {"files": list(value)}))
        elif component.type == "signature":
            found.append((component.label, {"image": value}))
        else:
            found.append((component.label, words(component, value, zone, names)))
    return found


def words(component: Component, value: Any, zone: ZoneInfo, names: Names = _code) -> str:
    """One value as a person reads it: option labels instead of codes, time in ``zone``, 是 and 否."""
    labels = {str(v): label for v, label in component.values}
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(labels.get(str(v)) or names(component, str(v)) for v in value)
    if isinstance(value, Mapping):
        if component.type == "location":
            return f"纬度 {value.get('lat')}，经度 {value.get('lng')}"
        return "，".join(f"{k} {v}" for k, v in value.items() if v is not None)
    if component.type in {"date", "datetime"}:
        return _moment(component, str(value), zone)
    return labels.get(str(value)) or names(component, str(value))


def _moment(component: Component, text: str, zone: ZoneInfo) -> str:
    if component.subtype != "datetime":
        return text[:10]
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text  # what somebody typed and we could not read
