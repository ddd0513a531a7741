"""What somebody submitted and attached, as pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from engine.forms import Form
from engine.forms import words as form_words
from engine.forms.words import Line as Line
from engine.models import Attachment
from engine.web.context import settings


def submitted(form: Form | None, values: Mapping[str, Any] | None) -> list[Line]:
    """(label, words) pairs in the form's order, in the district's time (:func:`engine.forms.words.submitted`)."""
    return form_words.submitted(form, values, settings().timezone)


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
