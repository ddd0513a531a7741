"""Open a follow-up by hand from the page of the case it comes of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.locking import locked_instance
from engine.errors import Conflict, Forbidden, NotFound
from engine.inspection.follow_ups import Kind, find_follow_up, kinds, not_restricted, open_follow_up
from engine.inspection.models import FollowUp
from engine.inspection.rectifications import PENALTY, penalty_above
from engine.models import ProcessInstance
from engine.scope import visible_instance
from engine.settings import Settings


@dataclass(frozen=True)
class OpenFollowUp:
    """Returns the instance id of what was opened, or of what was already there where one is enough.

    Raises :class:`Forbidden` unless the table allows it to the actor from this case, :class:`Conflict` when the
    case was terminated.
    """

    instance_id: str
    kind: str

    def run(self, ctx: CommandContext) -> str:
        instance = visible_instance(ctx.session, ctx.actor, self.instance_id)
        locked_instance(ctx, instance.id)  # pressed twice: the second waits and finds what the first opened
        if instance.status == "terminated":
            raise Conflict("这件事项已经终止，不能另行启动后续程序。")
        allowed = {kind.key for kind in openable(ctx.session, ctx.settings, ctx.actor, instance, ctx.now)}
        if self.kind not in allowed:
            raise Forbidden("不能从这件事项另行启动这一程序：种类不符，或者您不是承办部门的经办人员，或者已经启动过。")
        row = open_follow_up(ctx, self.kind, instance.business_key)
        found = instance_of(ctx.session, ctx.district_id, row.kind, row.number)
        if found is None:
            raise NotFound(f"后续处置 {row.number} 没有启动，请刷新页面核对。")
        return found


def instance_of(session: Session, district_id: str, kind: str, number: str) -> str | None:
    """The id of a follow-up's own instance."""
    return session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == district_id, ProcessInstance.process_key == kind,
            ProcessInstance.business_key == number,
        )
    )  # fmt: skip


def openable(
    session: Session, settings: Settings, actor: Actor, instance: ProcessInstance, now: datetime
) -> list[Kind]:  # fmt: skip
    """What ``actor`` may open by hand from the page of ``instance``, in the table's order."""
    known = set(
        session.scalars(
            sa.select(FollowUp.number).where(
                FollowUp.district_id == instance.district_id,
                FollowUp.origin == instance.business_key,
                not_restricted(),
            )
        )
    )
    case = find_follow_up(session, instance.district_id, instance.business_key)
    return [
        kind for kind in kinds(settings, now.astimezone(settings.timezone).date()).values()
        if instance.process_key in kind.origins
        and any(actor.has_role(role, instance.department) for role in kind.roles)
        and (kind.repeats or f"{instance.business_key}/{kind.suffix}" not in known)
        and not (kind.key == PENALTY and case is not None and penalty_above(session, case) is not None)
    ]  # fmt: skip
