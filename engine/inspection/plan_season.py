"""The season of plans: who has filed the coming year's plan, and the reminders up to the day it is due (R26).

The last day is the row ``plan-filing`` of the deadline table; the days of reminders are rows of
``processes/tables/plan-reminder.json``: on the first the department's plan is
opened for its officers, on the others whoever a plan waits for is reminded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.commands.remind import Remind
from engine.inspection import tables
from engine.inspection.models import Item, Plan
from engine.inspection.opening import OpenPlan
from engine.inspection.plans import DEPARTMENT, last_day
from engine.models import Department, HistoryEvent, UserTask
from engine.settings import Settings

OPEN = "open"
STATE_MISSING = "未建立"


@dataclass(frozen=True)
class Standing:
    """How far a department's plan of the year is; ``waiting`` is the step it waits at, ``late`` after the last day."""

    department: str
    name: str
    state: str
    plan: Plan | None
    waiting: str
    late: bool

    @property
    def filed(self) -> bool:
        """Is the plan filed and public?"""
        return self.plan is not None and self.plan.filed_at is not None


def season_year(today: date) -> int:
    """The year whose plans are due: from November on the coming one."""
    return today.year + 1 if today.month >= 11 else today.year


def standings(session: Session, district_id: str, year: int, today: date, last: date) -> list[Standing]:
    """Every department that has items, those without a filed plan first; ``last`` is the day plans are due."""
    plans = {
        plan.department: plan
        for plan in session.scalars(
            sa.select(Plan).where(Plan.district_id == district_id, Plan.year == year, Plan.kind == DEPARTMENT)
        )
    }
    steps: dict[str, str] = {
        key: name
        for key, name in session.execute(
            sa.select(UserTask.business_key, UserTask.name).where(
                UserTask.district_id == district_id,
                UserTask.process_key == "annual-plan",
                UserTask.state == "open",
                UserTask.business_key.in_([plan.business_key for plan in plans.values()]),
            )
        )
    }
    found = []
    for code, name in departments_with_items(session, district_id).items():
        plan = plans.get(code)
        late = today > last and (plan is None or plan.filed_at is None)
        waiting = steps.get(plan.business_key, "") if plan else ""
        found.append(Standing(code, name, plan.state if plan else STATE_MISSING, plan, waiting, late))
    return sorted(found, key=lambda s: s.filed)


def departments_with_items(session: Session, district_id: str) -> dict[str, str]:
    """Departments that must file a plan: those with published items."""
    has_items = sa.exists().where(
        Item.district_id == Department.district_id, Item.department == Department.code, Item.published
    )
    rows = session.execute(
        sa.select(Department.code, Department.name)
        .where(Department.district_id == district_id, has_items)
        .order_by(Department.position, Department.code)
    )
    return dict(rows.tuples().all())


def points(settings: Settings, year: int, today: date) -> list[tuple[date, dict[str, Any]]]:
    """The reminder days for the plans of ``year`` in order: those in autumn lie in the year before."""
    found = []
    for row in tables.rows(settings, "plan-reminder", today):
        month, day = (int(part) for part in row["on"].split("-"))
        found.append((date(year - 1 if month >= 7 else year, month, day), row))
    return sorted(found, key=lambda point: point[0])


@dataclass(frozen=True)
class RemindOfPlans:
    """What today's reminder point asks for; a point missed for a few days is made up for, each is done once.

    Returns how many plans were opened and how many tasks were reminded of.
    """

    def run(self, ctx: CommandContext) -> tuple[int, int]:
        today = date.fromisoformat(ctx.today)
        year = today.year + 1 if today.month >= 7 else today.year
        due = [(day, row) for day, row in points(ctx.kernel.settings, year, today) if day <= today]
        last = last_day(ctx.settings, year)
        if not due or today > last:
            return 0, 0
        opened = reminded = 0
        day, row = due[-1]
        mark = f"plan-reminder/{year}/{row['name']}"
        if self._done(ctx, mark):
            return 0, 0
        behind = [s for s in standings(ctx.session, ctx.district_id, year, today, last) if not s.filed]
        for standing in behind:
            if standing.plan is None:
                OpenPlan(standing.department, year).run(ctx)
                opened += 1
        if row["name"] != OPEN:
            reminded = self._remind(ctx, [s.plan.business_key for s in behind if s.plan is not None], year, last)
        ctx.record(None, "plans-reminded", {"point": mark, "day": str(day), "opened": opened, "reminded": reminded})
        return opened, reminded

    def _done(self, ctx: CommandContext, mark: str) -> bool:
        return (
            ctx.session.scalar(
                sa.select(HistoryEvent.id)
                .where(
                    HistoryEvent.district_id == ctx.district_id,
                    HistoryEvent.kind == "plans-reminded",
                    HistoryEvent.body.contains(f'"{mark}"'),
                )
                .limit(1)
            )
            is not None
        )

    def _remind(self, ctx: CommandContext, keys: list[str], year: int, last: date) -> int:
        tasks = ctx.session.scalars(
            sa.select(UserTask.id).where(
                UserTask.district_id == ctx.district_id, UserTask.process_key == "annual-plan",
                UserTask.business_key.in_(keys), UserTask.state == "open",
            )
        ).all()  # fmt: skip
        if not tasks:
            return 0
        note = f"{year} 年度抽查计划应当在 {last.month} 月 {last.day} 日以前备案并公布，请抓紧办理。"
        return Remind(tuple(tasks), note).run(ctx)
