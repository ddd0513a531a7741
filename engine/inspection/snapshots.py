"""The registry row as it was when a firm was drawn."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection.models import InspectedObject
from engine.inspection.records import inspected_object

_FIELDS = (
    "uscc", "name", "kind", "established_on", "registrar", "status", "legal_representative", "address",
    "business_scope", "responsible_unit", "industry", "region", "special_registries", "tags", "permits", "contact",
    "phone", "longitude", "latitude", "to_verify",
)  # fmt: skip


def object_snapshot(session: Session, district_id: str, uscc: str) -> dict[str, Any]:
    """JSON of the registry row.  The risk grade is left out on purpose: nobody who inspects needs it.

    Raises :class:`ServiceTaskFailed` when the firm is not in the registry.
    """
    row = inspected_object(session, district_id, uscc)
    if row is None:
        raise ServiceTaskFailed(f"检查对象名录库中没有 {uscc}，请先补录该对象。")
    return snapshot_of(row)


def snapshot_of(row: InspectedObject) -> dict[str, Any]:
    """The same for a row at hand."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in values.items()}
