"""Keep what the section head decides on an order to correct."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import rectifications
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.models import Deadline
from engine.service_tasks import ServiceContext, service_task

AGAIN, PENAL = "退回重新复查", "转行政处罚"


@service_task("record-rectification-outcome", title="登记责令改正的处理决定")
def record_rectification_outcome(ctx: ServiceContext) -> dict[str, Any]:
    """The table ``rectification-decision`` says which decision fits the situation.

    Returns ``outcome``, the state when it is closed, and ``carried``, what a penalty or a listing takes over.
    """
    values = ctx.values or {}
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    allowed = {
        one["code"]: one for one in rectifications.decisions(ctx.settings, row, ctx.calendar.local_date(ctx.now))
    }
    decision = allowed.get(values["decision"])
    if decision is None:
        message = f"“{rectifications.situation(row)}”的，可以选：{'、'.join(allowed)}。请改选。"
        raise InvalidInput("决定与情况不符。", fields={"decision": [message]})
    row.facts = {**row.facts, "outcome": dict(values)}
    if decision["code"] == AGAIN:
        _look_again(ctx, row)
    outcome = decision["outcome"]
    if decision["code"] == PENAL and rectifications.penalty_above(ctx.session, row) is not None:
        outcome = "未改正，交原处罚案件"
    return {"outcome": outcome, "carried": rectifications.carried(ctx.session, row)}


def _look_again(ctx: ServiceContext, row: FollowUp) -> None:
    """The same ten working days go on as if the look that is sent back had not been."""
    row.state = "待复查"
    started = ctx.session.scalar(
        sa.select(Deadline.started_at).where(
            Deadline.district_id == ctx.district_id, Deadline.business_key == row.number,
            Deadline.name == "reinspection",
        )
    )  # fmt: skip
    ctx.set_deadline(row.number, "reinspection", started_at=started)
