"""How far a plan is carried out: which rows have a campaign, which are done (计划完成率)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Campaign, Plan
from engine.inspection.plan_models import PlanCampaign

ARCHIVED = "已归档"


@dataclass
class PlanProgress:
    """Counts of rows, never of departments against each other; ``campaigns`` by row code."""

    rows: int
    campaigns: dict[str, list[Campaign]] = field(default_factory=lambda: defaultdict(list))
    codes: frozenset[str] = frozenset()

    @property
    def started(self) -> int:
        """Rows with a campaign."""
        return sum(bool(self.campaigns.get(code)) for code in self.codes)

    @property
    def done(self) -> int:
        """Rows whose campaigns are all archived."""
        carried = [self.campaigns[code] for code in self.codes if self.campaigns.get(code)]
        return sum(all(campaign.state == ARCHIVED for campaign in found) for found in carried)

    @property
    def objects(self) -> int:
        """Objects drawn by the plan's campaigns."""
        return sum(c.total for found in self.campaigns.values() for c in found)

    @property
    def closed(self) -> int:
        """Of those, inspections that are closed."""
        return sum(c.total - c.open_count for found in self.campaigns.values() for c in found)


def plan_progress(session: Session, district_id: str, plans: Iterable[Plan]) -> dict[str, PlanProgress]:
    """The progress of several plans by their business keys."""
    found = {
        plan.business_key: PlanProgress(
            len(plan.content.get("tasks", [])),
            codes=frozenset(str(row.get("code")) for row in plan.content.get("tasks", [])),
        )
        for plan in plans
    }
    rows = session.execute(
        sa.select(PlanCampaign.plan, PlanCampaign.row, Campaign)
        .join(Campaign, (Campaign.district_id == PlanCampaign.district_id) & (Campaign.number == PlanCampaign.campaign))
        .where(PlanCampaign.district_id == district_id, PlanCampaign.plan.in_(sorted(found)))
        .order_by(Campaign.number)
    )
    for plan, row, campaign in rows:
        found[plan].campaigns[row].append(campaign)
    return found
