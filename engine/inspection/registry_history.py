"""The history of the registries: who changed which field of which row, when, why and by which request (R16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.inspection.registry_models import RegistryChange

#: Columns that are bookkeeping, not facts about the row.
BOOKKEEPING = frozenset({"id", "district_id", "row_digest", "created_at", "updated_at", "import_id"})


@dataclass(frozen=True)
class Origin:
    """Where a change comes from: ``source`` request | import | handover | system, its number, and the reason told."""

    source: str
    reference: str = ""
    reason: str = ""


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` of the fields of ``after`` that differ; dates as ISO text, no bookkeeping."""
    old = before or {}
    return {
        field: [_plain(old.get(field)), _plain(value)]
        for field, value in after.items()
        if field not in BOOKKEEPING and _plain(old.get(field)) != _plain(value)
    }


def record_changes(
    session: Session,
    district_id: str,
    register: str,
    changed: Sequence[tuple[str, Mapping[str, list[Any]]]],
    *,
    at: datetime,
    actor: Actor,
    origin: Origin,
) -> None:
    """Write one history row for each ``(key, {field: [old, new]})`` that is not empty.

    ``register`` is ``objects``, ``inspectors`` or ``items``; ``key`` the USCC or code of the row.
    """
    rows = [
        {
            "id": new_id(), "district_id": district_id, "register": register, "key": key, "changes": dict(changes),
            "reason": origin.reason, "source": origin.source, "reference": origin.reference,
            "by_user": actor.user_id, "by_name": actor.name, "at": at,
        }
        for key, changes in changed
        if changes
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(RegistryChange), rows)


def history_of(session: Session, district_id: str, register: str, key: str, limit: int = 200) -> list[RegistryChange]:
    """The changes of one row, the newest first."""
    statement = (
        sa.select(RegistryChange)
        .where(
            RegistryChange.district_id == district_id, RegistryChange.register == register, RegistryChange.key == key
        )
        .order_by(RegistryChange.at.desc(), RegistryChange.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else value
