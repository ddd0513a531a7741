"""Effective-dated rows of ``processes/tables/*.json``: what an office changes by circular, never constants in code."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from engine.errors import ServiceTaskFailed
from engine.settings import Settings


def rows(settings: Settings, table: str, on: date) -> list[dict[str, Any]]:
    """The rows of ``table`` in force on ``on``.  Raises :class:`ServiceTaskFailed` when the table is missing."""
    day = on.isoformat()
    return [
        row for row in _load(settings.process_dir / "tables" / f"{table}.json")
        if row.get("effective_from", "") <= day and (row.get("effective_to") or "9999-12-31") >= day
    ]  # fmt: skip


@lru_cache(maxsize=64)
def _load(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        return tuple(orjson.loads(path.read_bytes())["rows"])
    except FileNotFoundError:
        raise ServiceTaskFailed(f"缺少数据表 {path.name}，请重新安装流程文件。") from None
