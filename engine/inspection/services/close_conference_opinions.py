"""Close the round of opinions."""

from __future__ import annotations

from typing import Any

from engine.inspection import conference
from engine.service_tasks import ServiceContext, service_task


@service_task("close-conference-opinions", title="汇总成员单位意见")
def close_conference_opinions(ctx: ServiceContext) -> dict[str, Any]:
    """All units answered, or their time is over: who did not answer is named to the meeting.

    Returns ``missing``, the units without an opinion.
    """
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    answered = {one["unit"] for one in row.opinions}
    row.state = conference.TO_MEET
    ctx.meet_deadline("conference-opinion")
    return {"missing": [unit for unit in row.units if unit not in answered]}
