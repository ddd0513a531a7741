"""Applying for more time: a process of its own, decided by whom the deadline table names (延期审批)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.commands.context import CommandContext
from engine.commands.extend_deadline import next_extension
from engine.commands.suspend_deadline import in_charge
from engine.deadline_rules import ExtensionRule, find_rule
from engine.errors import Conflict, Forbidden, NotFound
from engine.inspection.models import FollowUp
from engine.models import Deadline, ProcessInstance
from engine.settings import Settings

PROCESS = "deadline-extension"


@dataclass(frozen=True)
class ApplyForExtension:
    """Open the application for one deadline; returns the instance id.

    Raises :class:`Forbidden` unless the actor is in charge, or for a restricted case, of which an application
    that the department may see would tell; :class:`InvalidInput` when the deadline's row
    allows no further extension, :class:`Conflict` when it is met or overdue, or an application is under way.
    """

    deadline_id: str

    def run(self, ctx: CommandContext) -> str:
        deadline = ctx.session.get(Deadline, self.deadline_id)
        if deadline is None:
            raise NotFound("没有找到这一期限，可能链接有误。")
        if not in_charge(ctx.session, ctx.actor, deadline):
            raise Forbidden("只有承办人和所在部门的负责人可以申请延期。")
        if is_restricted(ctx.session, deadline):
            raise Forbidden("这件事项限定知悉范围，不能另行启动延期审批；需要延长的，在本案中报机关负责人决定。")
        allowed = allowed_extension(ctx.session, ctx.kernel.settings, deadline, ctx.now)
        earlier = ctx.session.execute(
            sa.select(ProcessInstance.business_key, ProcessInstance.status).where(
                ProcessInstance.district_id == ctx.district_id, ProcessInstance.process_key == PROCESS,
                ProcessInstance.business_key.startswith(f"{_prefix(deadline)}/", autoescape=True),
            )
        ).all()  # fmt: skip
        if any(row.status == "running" for row in earlier):
            raise Conflict(f"“{deadline.label}”已有一件延期申请正在办理，办结以后才能再次申请。")
        return ctx.start_process(
            PROCESS, f"{_prefix(deadline)}/{len(earlier) + 1}",
            {"subject": deadline.business_key, "deadline_name": deadline.name, "approver": allowed.approver,
             "collective": allowed.collective},
            title=f"{deadline.label}延期（{deadline.business_key}）", department=deadline.department,
            departments=[deadline.department],
        )  # fmt: skip


def is_restricted(session: Session, deadline: Deadline) -> bool:
    """Whether the deadline's case is known to those who work on it alone."""
    case = session.get(ProcessInstance, deadline.instance_id) if deadline.instance_id else None
    return case is not None and case.restricted


def _prefix(deadline: Deadline) -> str:
    return f"{deadline.business_key}/{deadline.name}/延期"


def request_of(
    session: Session, settings: Settings, data: Mapping[str, Any], now: datetime
) -> tuple[Deadline, ExtensionRule]:  # fmt: skip
    """The deadline an application is about and the extension it may be given; raises as :func:`allowed_extension`."""
    deadline = subject_of(session, settings, data)
    if deadline is None:
        raise NotFound("申请延期的期限已不存在。")
    return deadline, allowed_extension(session, settings, deadline, now)


def subject_of(session: Session, settings: Settings, data: Mapping[str, Any]) -> Deadline | None:
    """The deadline an application is about, also when what follows the case has taken it over meanwhile."""
    district, name = settings.district_id, str(data.get("deadline_name"))
    key = running_in(session, district, str(data.get("subject")), name)
    return session.scalar(
        sa.select(Deadline).where(
            Deadline.district_id == district, Deadline.business_key == key, Deadline.name == name
        )
    )  # fmt: skip


def running_in(session: Session, district_id: str, business_key: str, name: str) -> str:
    """Where the deadline ``name`` of a case is: with the case, else with the follow-up that took it over."""
    keys = [
        business_key,
        *session.scalars(
            sa.select(FollowUp.number)
            .where(FollowUp.district_id == district_id, FollowUp.origin == business_key)
            .order_by(FollowUp.number)
        ),
    ]
    known = set(
        session.scalars(
            sa.select(Deadline.business_key).where(
                Deadline.district_id == district_id, Deadline.business_key.in_(keys), Deadline.name == name
            )
        )
    )
    return next((key for key in keys if key in known), business_key)


def allowed_extension(session: Session, settings: Settings, deadline: Deadline, now: datetime) -> ExtensionRule:
    """The extension a deadline may be given now.

    Raises :class:`Conflict` when it is met or overdue, :class:`InvalidInput` when its row allows none.
    """
    if deadline.met_at is not None:
        raise Conflict(f"“{deadline.label}”已经办结，不需要延期。")
    if deadline.due_at is not None and deadline.due_at < now:
        raise Conflict(f"“{deadline.label}”已经届满，不能再申请延期。")
    calendar = Calendar.load(session, settings.district_id, settings.timezone)
    on = calendar.local_date(deadline.started_at)
    return next_extension(deadline, find_rule(settings, deadline.name, on, deadline.department))
