"""What a work plan begins with when its campaign was opened from a row of a plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import special_inspections
from engine.inspection.models import Campaign, Item, Plan
from engine.inspection.plan_census import census, size, within
from engine.inspection.plan_models import PlanCampaign
from engine.inspection.plan_scope import Scope

#: Fields that mean the same in both forms.
SAME = ("name", "items", "participants", "regions", "kinds", "industries", "form", "methods", "quota", "ratio")


def planned_row(session: Session, campaign: Campaign) -> tuple[Plan, dict[str, Any]] | None:
    """The plan and its row (as now in force) that the campaign carries out."""
    found = session.execute(
        sa.select(Plan, PlanCampaign.row)
        .join(PlanCampaign, (PlanCampaign.district_id == Plan.district_id) & (PlanCampaign.plan == Plan.business_key))
        .where(PlanCampaign.district_id == campaign.district_id, PlanCampaign.campaign == campaign.number)
    ).first()
    if found is None:
        return None
    plan, code = found
    row = next((r for r in plan.content.get("tasks", []) if r.get("code") == code), None)
    return None if row is None else (plan, row)


def prefilled(session: Session, campaign: Campaign, today: date) -> dict[str, Any]:
    """The row as values of the work-plan form; empty for a campaign without one.

    A number of objects becomes the ratio that draws at least as many of those there are today.
    """
    found = planned_row(session, campaign)
    if found is None:
        return special_inspections.prefilled(session, campaign, today)
    _, row = found
    values = {key: row[key] for key in SAME if row.get(key) not in (None, "", [])}
    values["start_date"] = max(str(row["start_date"])[:10], today.isoformat())
    values["end_date"] = max(str(row["end_date"])[:10], values["start_date"])
    if row.get("quota") == "户数":
        items = session.scalars(
            sa.select(Item).where(Item.district_id == campaign.district_id, Item.code.in_(row["items"]))
        ).all()
        objects = size(within(census(session, campaign.district_id), Scope.of(row, items)))
        hundredths = -(-int(row["count"]) * 10_000 // objects) if objects else 10_000
        values |= {"quota": "统一比例", "ratio": min(hundredths, 10_000) / 100}
    return values
