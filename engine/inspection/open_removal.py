"""Ask on one's own motion whether an entry of a list still holds (依职权移出)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import lock_key
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import credit_listings
from engine.inspection.credit_listings import LISTED, REMOVAL
from engine.inspection.opening import OFFICER
from engine.models import Message, UserTask

PROCESS = "credit-measures"
#: Steps at which a removal is being looked into already.
UNDER_WAY = ("verify_removal", "decide_removal")


@dataclass(frozen=True)
class OpenRemoval:
    """Let the case of the entry ``number`` verify whether it is to be removed.

    Raises :class:`NotFound`, :class:`Forbidden` unless an officer of the deciding department acts,
    :class:`Conflict` when it is not listed or a removal is under way, :class:`InvalidInput` without a reason.
    """

    number: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        lock_key(ctx.session, f"{REMOVAL}/{self.number}")  # two that ask at once: the second sees the first
        row = credit_listings.found(ctx.session, ctx.district_id, self.number)
        if not ctx.actor.has_role(OFFICER, row.department):
            raise Forbidden("只有作出列入决定的机关的承办人可以提出移出。")
        if row.state != LISTED:
            raise Conflict(f"{row.subject_name}{row.state}，不需要再移出。")
        if len(self.reason.strip()) < 2:
            raise InvalidInput("请写明移出的原因。", fields={"reason": ["请写明移出的原因，至少 2 个字。"]})
        waiting = ctx.session.scalar(
            sa.select(sa.func.count()).where(
                Message.district_id == ctx.district_id, Message.business_key == row.number, Message.name == REMOVAL,
                Message.delivered_at.is_(None),
            )
        )  # fmt: skip
        working = ctx.session.scalar(
            sa.select(sa.func.count()).where(
                UserTask.district_id == ctx.district_id, UserTask.business_key == row.number,
                UserTask.process_key == PROCESS, UserTask.state == "open", UserTask.element_id.in_(UNDER_WAY),
            )
        )  # fmt: skip
        if waiting or working:
            raise Conflict("移出正在办理，请在待办中继续。")
        ctx.send_message(REMOVAL, row.number, {"reason": self.reason.strip()[:300]})
