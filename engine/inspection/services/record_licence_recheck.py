"""Keep what a look at the premises showed after the guidance."""

from __future__ import annotations

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import site_officers
from engine.inspection.lead_steps import check_told, day_of
from engine.inspection.records import follow_up
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task

STILL, LICENSED = "仍在无证无照经营", "已取得证照"
ON_PAPER = "书面核对"


@service_task("record-licence-recheck", title="登记复查证照")
def record_licence_recheck(ctx: ServiceContext) -> None:
    """Licensed or stopped may be noted any day; who still trades has until the term is over.

    Raises :class:`InvalidInput` for a punishment before the end of the term the trader was given, for officers who
    may not act that day, and for anything but a licence found in the papers alone.
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    served = day_of(row.facts["guidance"], "served_on") or ctx.calendar.local_date(row.opened_at)
    check_told(ctx, values, served, "checked_on")
    term = ctx.session.scalars(
        sa.select(Deadline).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number,
            Deadline.name == "licence-guidance",
        )
    ).one()  # fmt: skip
    if values["result"] == STILL and term.due_at is not None and ctx.now <= term.due_at:
        day = ctx.calendar.local_date(term.due_at).isoformat()
        said = f"引导办证的期限到{day}，期限之内不能以未办证照为由转行政处罚。"
        raise InvalidInput("期限未到。", fields={"result": [said]})
    if values.get("way") == ON_PAPER and values["result"] != LICENSED:
        said = "没有取得证照的，须到现场查看经营情况，请选“实地复查”。"
        raise InvalidInput("复查方式有误。", fields={"way": [said]})
    on = day_of(values, "checked_on") or ctx.calendar.local_date(ctx.now)
    if wrong := site_officers.faults(ctx.session, ctx.district_id, values.get("inspectors") or [], row.uscc, on):
        raise InvalidInput("复查人员不符合规定。", fields={"inspectors": wrong})
    row.facts = {**row.facts, "recheck": values}
    ctx.meet_deadline("licence-guidance")
