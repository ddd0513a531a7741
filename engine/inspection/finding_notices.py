"""抄告移送: a problem that another organ, or daily supervision, has to deal with is told to it (R41, R43)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext

DEADLINE, RESULT_DEADLINE = "finding-notice", "finding-notice-result"
#: The one kind that may stay in the own department: who supervises day by day is often a unit of it.
DAILY = "停止检查转日常监管"


def the_notice(ctx: ServiceContext) -> FollowUp:
    """The follow-up this process is about."""
    return follow_up(ctx.session, ctx.district_id, ctx.business_key)


def check_receiver(ctx: ServiceContext, kind: str, receiver: str) -> None:
    """What is passed on goes to somebody else.  Raises :class:`InvalidInput`."""
    if receiver == ctx.department and kind != DAILY:
        message = "收件部门不能是本部门；本部门自己处理的，选其他处置意见。"
        raise InvalidInput(message, fields={"receiver": [message]})


def keep(row: FollowUp, state: str, **facts: Any) -> None:
    """Write down a step of the notice."""
    row.state, row.facts = state, {**row.facts, **facts}
