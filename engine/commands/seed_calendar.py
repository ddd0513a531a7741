"""Fill the working-day calendar with the holiday notices this release knows."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.calendar import Calendar, seed_calendar
from engine.commands.context import CommandContext
from engine.commands.import_notice import told
from engine.commands.recompute_deadlines import recompute
from engine.db import lock_key
from engine.models import CalendarYear


@dataclass(frozen=True)
class SeedCalendar:
    """Years the district already recorded stay as they are; returns the years that were added.

    Open deadlines are counted anew, because they were provisional (暂定) in a year now known.
    """

    def run(self, ctx: CommandContext) -> list[int]:
        lock_key(ctx.session, f"seed-calendar/{ctx.district_id}")  # two hosts may be upgrading at once
        years = sa.select(CalendarYear.year).where(CalendarYear.district_id == ctx.district_id)
        before = set(ctx.session.scalars(years))
        if not seed_calendar(ctx.session, ctx.district_id, ctx.now):
            return []
        added = sorted(set(ctx.session.scalars(years)) - before)
        calendar = Calendar.load(ctx.session, ctx.district_id, ctx.kernel.settings.timezone)
        moved = recompute(ctx, calendar, "随系统更新工作日历")
        ctx.record(None, "calendar-seeded", {"years": added, **told(moved)})
        return added
