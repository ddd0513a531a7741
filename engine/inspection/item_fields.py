"""What an item states (R23), under the names of the import's columns: as JSON values and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.inspection.models import Item
from engine.inspection.registry_import.columns import COLUMNS

#: Field → label of everything an item states, in the official order.
LABELS: dict[str, str] = {column.field: column.header for column in COLUMNS["items"]}
#: Fields that say where the item stands in the list, not what it is.
STANDING = frozenset({"list_version", "filing_number", "published"})
#: Fields of the province's list that are compared with the district's; code and organ have names of their own there.
COMPARED = tuple(c.field for c in COLUMNS["provincial-items"] if c.field not in {"code", "department"})
#: What every item states before it may be published (R23).
REQUIRED = (
    "name", "category", "legal_basis", "content", "procedure", "approval_authority", "publication_procedure",
    "archiving",
)  # fmt: skip
_DATES = frozenset({"valid_from", "valid_until"})


def values_of(item: Item) -> dict[str, Any]:
    """Every field of an item as JSON values; dates as ISO text."""
    found = {field: getattr(item, _attribute(field)) for field in LABELS}
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in found.items()}


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """An imported record as JSON values."""
    return {field: value.isoformat() if isinstance(value, date) else value for field, value in record.items()}


def set_values(item: Item, values: Mapping[str, Any]) -> None:
    """Give an item's fields the values of a change."""
    for field, value in values.items():
        found = date.fromisoformat(value) if field in _DATES and value else value
        setattr(item, _attribute(field), None if field in _DATES and not value else found)


def missing_labels(values: Mapping[str, Any]) -> list[str]:
    """What R23 asks for and the item does not state."""
    return [LABELS[field] for field in REQUIRED if not values.get(field)]


def words(field: str, value: Any, names: Mapping[str, str] | None = None) -> str:
    """A value as officials write it; ``names`` are department names by code."""
    if field == "is_key":
        return "重点" if value else "一般"
    if field == "ratio_ppm":
        return percent(int(value)) if value else ""
    if field == "published":
        return "是" if value else "否"
    if field == "department":
        return (names or {}).get(str(value), str(value or ""))
    if isinstance(value, list):
        return "、".join(map(str, value))
    return str(value) if value not in (None, "") else ""


def methods(text: Any) -> list[str]:
    """The ways of checking as files write them in one cell."""
    return [one.strip() for one in re.split(r"[、；;，,]", str(text or "")) if one.strip()]


def percent(ppm: int) -> str:
    """Parts per million as a percentage: 35000 → ``3.5%``."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], fields: Iterable[str] | None = None
) -> list[tuple[str, Any, Any]]:
    """``(field, old, new)`` of the fields that differ, in the official order; blanks are alike."""
    wanted = LABELS if fields is None else fields
    return [
        (field, old.get(field), new.get(field)) for field in wanted
        if field not in STANDING and (old.get(field) or None) != (new.get(field) or None)
    ]  # fmt: skip


def _attribute(field: str) -> str:
    return "key" if field == "is_key" else field
