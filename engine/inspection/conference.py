"""联席会议事项 (R49–R52): agenda, hard cases, coordination, arrangements, assessment, and what follows from them.

The conference advises and coordinates.  It is never an inspecting body (国办发〔2024〕54号) and never changes an
organ's finding: no module that records or publishes findings reads anything from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, NotFound
from engine.inspection.conference_models import ConferenceAssignment, ConferenceMatter
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICE, OFFICER
from engine.models import InstanceDepartment
from engine.service_tasks import ServiceContext

PROCESS = "conference-matter"
HARD_CASE = "疑难案件"
DRAFT, TO_PREPARE, CIRCULATED, TO_MEET = "起草", "待审核", "征求意见", "待上会"
TO_SIGN, FOLLOWED, CLOSED, DECLINED, WITHDRAWN = "待签发", "落实中", "已办结", "不予列入", "已撤回"
STATES = (DRAFT, TO_PREPARE, CIRCULATED, TO_MEET, TO_SIGN, FOLLOWED, CLOSED, DECLINED, WITHDRAWN)
OPEN = STATES[:6]
#: Follow-through of one unit.
DOING, REPORTED, DONE = "落实中", "待核对", "已落实"


@dataclass(frozen=True)
class OpenConferenceMatter:
    """Begin a matter of ``department``; returns its number.

    Raises :class:`Forbidden` unless the actor is an officer in charge there or of the conference office.
    """

    department: str

    def run(self, ctx: CommandContext) -> str:
        if not (ctx.actor.has_role(OFFICER, self.department) or ctx.actor.has_role(OFFICE, self.department)):
            raise Forbidden("联席会议事项由成员单位的承办人或者联席会议办公室提出。")
        number = _number(ctx.session, ctx.district_id, ctx.today[:4])
        ctx.session.add(
            ConferenceMatter(
                id=new_id(), district_id=ctx.district_id, number=number, kind="", proposer=self.department,
                created_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        # What the office itself proposes is filled in by whoever opened it: the office has no 承办人 of its own.
        drafters = [] if ctx.actor.has_role(OFFICER, self.department) else [ctx.actor.user_id]
        ctx.start_process(
            PROCESS, number, {"filled": False, "drafters": drafters}, title=f"联席会议事项 {number}",
            department=self.department,
        )  # fmt: skip
        return number


def raise_hard_case(ctx: ServiceContext, *, origin: str, title: str, question: str, units: Sequence[str] = ()) -> str:
    """Bring a disagreement between organs (疑难案件) before the conference; returns the matter's number.

    ``origin`` is the business key it came from: while a matter about it is open, that one is returned.
    Nothing waits for the advice, and the organ's own finding stands.
    """
    known = next((m for m in matters_about(ctx.session, ctx.district_id, origin) if m.state in OPEN), None)
    if known is not None:
        return known.number
    number = _number(ctx.session, ctx.district_id, str(ctx.calendar.local_date(ctx.now).year))
    wanted = list(dict.fromkeys(units))
    ctx.session.add(
        ConferenceMatter(
            id=new_id(), district_id=ctx.district_id, number=number, kind=HARD_CASE, title=title[:200],
            proposer=ctx.department, origin=origin, units=wanted, state=TO_PREPARE,
            content={"kind": HARD_CASE, "title": title[:200], "question": question, "units": wanted},
            created_at=ctx.now,
        )
    )  # fmt: skip
    ctx.session.flush()
    ctx.start_process(
        PROCESS, number, {"filled": True, "drafters": []}, title=title[:300], department=ctx.department,
        departments=wanted,
    )  # fmt: skip
    return number


def matter(session: Session, district_id: str, number: str) -> ConferenceMatter:
    """The matter ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(ConferenceMatter).where(
            ConferenceMatter.district_id == district_id, ConferenceMatter.number == number
        )
    )
    if row is None:
        raise NotFound(f"联席会议事项 {number} 不存在。")
    return row


def matters_about(session: Session, district_id: str, origin: str) -> list[ConferenceMatter]:
    """Matters raised from a case, the newest first; for pages of the case."""
    return list(
        session.scalars(
            sa.select(ConferenceMatter)
            .where(ConferenceMatter.district_id == district_id, ConferenceMatter.origin == origin)
            .order_by(ConferenceMatter.created_at.desc())
        )
    )


def assignments_of(session: Session, district_id: str, number: str) -> list[ConferenceAssignment]:
    """What the resolution of a matter asks of its units, in order."""
    return list(
        session.scalars(
            sa.select(ConferenceAssignment)
            .where(ConferenceAssignment.district_id == district_id, ConferenceAssignment.matter == number)
            .order_by(ConferenceAssignment.serial)
        )
    )


def assignment(session: Session, district_id: str, number: str, serial: int) -> ConferenceAssignment:
    """One of them.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(ConferenceAssignment).where(
            ConferenceAssignment.district_id == district_id,
            ConferenceAssignment.matter == number,
            ConferenceAssignment.serial == serial,
        )
    )
    if row is None:
        raise NotFound(f"联席会议事项 {number} 没有第 {serial} 项落实任务。")
    return row


def show_to(session: Session, district_id: str, instance_id: str, departments: Sequence[str]) -> None:
    """Let ``departments`` see the matter from now on."""
    known = set(
        session.scalars(sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance_id))
    )
    session.add_all(
        InstanceDepartment(instance_id=instance_id, department=code, district_id=district_id)
        for code in dict.fromkeys(departments)
        if code and code not in known
    )


def _number(session: Session, district_id: str, year: str) -> str:
    return f"联席-{year}-{next_number(session, district_id, f'conference/{year}'):04d}"
