"""The visit a lead led to, in the register of checks outside the draw: the frequency gate counts it (R53)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.inspection import records
from engine.inspection.item_models import OutsideVisit
from engine.inspection.lead_models import CaseLead
from engine.inspection.leads import source_row
from engine.inspection.outside_entry import store
from engine.service_tasks import ServiceContext

SOURCE = "lead"


def enter_visit(ctx: ServiceContext, row: CaseLead, visited_on: date) -> None:
    """Enter the visit; a firm without a credit code is in no registry and in no draw, so it has no row."""
    if not row.uscc:
        return
    plan, approval = row.facts.get("plan") or {}, row.facts.get("approval") or {}
    agreed = approval.get("decision") == "同意"
    entry = {
        "uscc": row.uscc, "object_name": row.subject_name, "department": row.department,
        "organ": records.department_names(ctx.session, ctx.district_id).get(row.department, row.department),
        "kind": source_row(ctx.settings, row.source, visited_on)["visit_kind"], "visited_on": visited_on,
        "items": list(plan.get("items") or []), "reason": f"线索 {row.number} 核查", "basis": "",
        "ordered_from_above": False, "order_document": "", "result": "",
        "approved_by": approval["by"] if agreed else "",
        "approved_on": date.fromisoformat(approval["on"]) if agreed else None,
        "urgent_reason": str(plan.get("urgent_reason") or ""),
    }  # fmt: skip
    store(ctx, entry, source=SOURCE)


def approve_afterwards(ctx: ServiceContext, row: CaseLead, approval: Mapping[str, Any]) -> None:
    """Note the head's later approval at the visit; without it the entry goes on saying that there is none."""
    verification = row.facts.get("verification") or {}
    if approval.get("decision") != "同意" or not verification.get("visited_at") or not row.uscc:
        return
    visit = ctx.session.scalar(
        sa.select(OutsideVisit).where(
            OutsideVisit.district_id == ctx.district_id, OutsideVisit.uscc == row.uscc,
            OutsideVisit.department == row.department, OutsideVisit.reason == f"线索 {row.number} 核查",
            OutsideVisit.visited_on == ctx.calendar.local_date(datetime.fromisoformat(verification["visited_at"])),
        )
    )  # fmt: skip
    if visit is not None:
        visit.approved_by, visit.approved_on = approval["by"], date.fromisoformat(approval["on"])
