"""Code tables and statutory figures: effective-dated rows in ``processes/tables/*.json``, never constants here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from engine.errors import ServiceTaskFailed
from engine.settings import Settings


@dataclass(frozen=True)
class Limit:
    """A statutory limit: ``rule`` as in :meth:`engine.calendar.Calendar.due`, with its source."""

    name: str
    label: str
    rule: str
    legal_basis: str


def rows(settings: Settings, table: str, on: date) -> list[dict[str, Any]]:
    """The rows of ``table`` in force on ``on``.  Raises :class:`ServiceTaskFailed` when the table is missing."""
    day = on.isoformat()
    return [
        row for row in _load(settings.process_dir / "tables" / f"{table}.json")
        if row.get("effective_from", "") <= day and (row.get("effective_to") or "9999-12-31") >= day
    ]  # fmt: skip


def limit(settings: Settings, name: str, on: date) -> Limit:
    """The statutory limit ``name`` in force on ``on``.  Raises :class:`ServiceTaskFailed` when there is none."""
    for row in rows(settings, "deadline", on):
        if row["name"] == name:
            return Limit(name, row["label"], row["rule"], row["legal_basis"])
    raise ServiceTaskFailed(f"期限表中没有 {on} 有效的“{name}”，请系统管理员在期限表中补充。")


def options(settings: Settings, table: str, on: date) -> list[dict[str, str]]:
    """The rows of a code table as form options ``{"value", "label"}``."""
    return [{"value": str(row["code"]), "label": str(row["name"])} for row in rows(settings, table, on)]


def label(settings: Settings, table: str, value: str, on: date) -> str:
    """The label of a code, or the code itself when it is not in the table."""
    return next((o["label"] for o in options(settings, table, on) if o["value"] == value), value)


@lru_cache(maxsize=64)
def _load(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(orjson.loads(path.read_bytes())["rows"])
    except FileNotFoundError:
        raise ServiceTaskFailed(f"缺少数据表 {path.name}，请重新安装流程文件。") from None
