"""What somebody submitted, in words: labels from the form of that version, values as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from engine.forms import Component, Form
from engine.forms.components import FILES
from engine.models import Attachment
from engine.web.filters import minute

#: One line: its label, and its words or a mapping with ``head`` and ``rows``, ``files`` or ``image``.
Line = tuple[str, Any]


def submitted(form: Form | None, values: Mapping[str, Any] | None) -> list[Line]:
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
            rows = [[words(c, row.get(c.key)) for c in children] for row in value if isinstance(row, Mapping)]
            found.append((component.label, {"head": [c.label for c in children], "rows": rows}))
        elif component.type in FILES:
            found.append((component.label, {"files": list(value)}))
        elif component.type == "signature":
            found.append((component.label, {"image": value}))
        else:
            found.append((component.label, words(component, value)))
    return found


def words(component: Component, value: Any) -> str:
    """One value as a person reads it: option labels instead of codes, local time, 是 and 否."""
    labels = {str(v): label for v, label in component.values}
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(labels.get(str(v), str(v)) for v in value)
    if isinstance(value, Mapping):
        if component.type == "location":
            return f"纬度 {value.get('lat')}，经度 {value.get('lng')}"
        return "，".join(f"{k} {v}" for k, v in value.items() if v is not None)
    if component.type in {"date", "datetime"}:
        return _moment(component, str(value))
    return labels.get(str(value), str(value))


def _moment(component: Component, text: str) -> str:
    if component.subtype != "datetime":
        return text[:10]
    try:
        return minute(text)
    except ValueError:
        return text  # what somebody typed and we could not read


def attachment_links(session: Session, instance_ids: str | Iterable[str]) -> dict[str, dict[str, Any]]:
    """Attachments of some instances by id, as forms.html wants them, oldest first."""
    ids = [instance_ids] if isinstance(instance_ids, str) else list(instance_ids)
    rows = session.execute(
        sa.select(
            Attachment.id, Attachment.file_name, Attachment.size, Attachment.media_type, Attachment.sha256,
            Attachment.uploaded_at,
        )
        .where(Attachment.instance_id.in_(ids))
        .order_by(Attachment.uploaded_at, Attachment.id)
    )  # fmt: skip
    return {
        row.id: {**row._mapping, "url": url_for("attachments.show", attachment_id=row.id)} for row in rows
    }  # fmt: skip
