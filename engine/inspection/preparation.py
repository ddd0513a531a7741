"""人员和装备: what each department brings to a campaign, and the list to go through before leaving (R33)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection import checklists, records, tables
from engine.inspection.joint_models import Supply
from engine.inspection.models import Campaign, DepartmentInspection
from engine.settings import Settings


def keep_supply(
    session: Session, campaign: Campaign, department: str, values: Mapping[str, Any], now: datetime
) -> Supply:
    """Keep what a department brings; what it said before is replaced."""
    row = session.scalar(
        sa.select(Supply).where(
            Supply.district_id == campaign.district_id, Supply.campaign == campaign.number,
            Supply.department == department,
        )
    )  # fmt: skip
    if row is None:
        row = Supply(
            id=new_id(), district_id=campaign.district_id, campaign=campaign.number, department=department, at=now
        )
        session.add(row)
    row.inspectors, row.vehicles = int(values.get("inspectors") or 0), int(values.get("vehicles") or 0)
    row.equipment, row.contact, row.at = list(values.get("equipment") or []), str(values.get("contact") or ""), now
    session.flush()
    return row


def supplies(session: Session, campaign: Campaign) -> list[Supply]:
    """What the departments bring, the lead first and then as the plan names them."""
    rows = session.scalars(
        sa.select(Supply).where(Supply.district_id == campaign.district_id, Supply.campaign == campaign.number)
    )
    order = {code: n for n, code in enumerate([campaign.lead, *campaign.participants])}
    return sorted((row for row in rows if row.department in order), key=lambda row: order[row.department])


def equipment_words(row: Supply) -> list[str]:
    """``执法记录仪 2（含备用电池）`` for each piece."""
    return [
        f"{piece['name']} {piece['quantity']}" + (f"（{piece['note']}）" if piece.get("note") else "")
        for piece in row.equipment
    ]


def departure_options(
    session: Session, settings: Settings, part: DepartmentInspection, today: date
) -> list[dict[str, str]]:
    """What the team goes through before it leaves: the standing list by method, and its department's equipment."""
    campaign = records.campaign(session, part.district_id, part.campaign)
    methods = set(checklists.methods_of(campaign.plan, part.items).values())
    found = [
        {"value": str(row["code"]), "label": str(row["name"])}
        for row in tables.rows(settings, "departure", today)
        if not row.get("methods") or methods & set(row["methods"])
    ]
    own = next((row for row in supplies(session, campaign) if row.department == part.department), None)
    if own is not None:
        found += [{"value": f"equipment-{n}", "label": words} for n, words in enumerate(equipment_words(own), start=1)]
    return found
