"""Leads that were joined to an inspection, for its inspectors."""

from __future__ import annotations

from typing import Any

from engine.inspection.facts.desk import Desk, rows
from engine.inspection.leads import merged_into


def merged_leads(desk: Desk) -> list[dict[str, Any]]:
    """What the inspectors of a department's inspection are to look at besides their items."""
    return [
        rows(
            f"并入的线索 {row.number}", ("来源", row.source), ("事由", row.title), ("内容", row.content),
            ("核查重点", (row.facts.get("plan") or {}).get("reason")),
        )
        for row in merged_into(desk.session, desk.district_id, desk.part.number)
    ]  # fmt: skip
