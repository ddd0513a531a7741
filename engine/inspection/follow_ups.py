"""What follows a finding: rows of one shape, each with a process of its own (R41, ADR 0038)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import NotFound, ServiceTaskFailed
from engine.inspection.case_opening import Opening
from engine.inspection.follow_up_roots import ROOTS, Root
from engine.inspection.models import FollowUp
from engine.inspection.numbers import next_number
from engine.inspection.tables import rows
from engine.models import Deadline, ProcessInstance
from engine.settings import Settings


@dataclass(frozen=True)
class Kind:
    """A row of the table ``follow-up-kind``: ``key`` is the process, ``origins`` where it may be opened by hand.

    One that ``ends_with_origin`` makes no sense once the case it came of is closed.
    """

    key: str
    label: str
    suffix: str
    repeats: bool
    origins: tuple[str, ...]
    roles: tuple[str, ...]
    tells_origin: bool
    ends_with_origin: bool = False


def kinds(settings: Settings, on: date) -> dict[str, Kind]:
    """The kinds in force on ``on``, by their process."""
    return {
        row["code"]: Kind(
            row["code"], row["name"], row["suffix"], row["repeats"], tuple(row["from"]), tuple(row["roles"]),
            row["tells_origin"], row.get("ends_with_origin", False),
        )
        for row in rows(settings, "follow-up-kind", on)
    }  # fmt: skip


def kind_of(settings: Settings, key: str, on: date) -> Kind:
    """One kind.  Raises :class:`ServiceTaskFailed` when the table does not know it."""
    found = kinds(settings, on).get(key)
    if found is None:
        raise ServiceTaskFailed(f"后续程序“{key}”无法识别，请检查数据表 follow-up-kind 和引用它的决策表、流程图。")
    return found


def root_of(session: Session, district_id: str, origin: str) -> Root:
    """The beginning of the chain ``origin`` belongs to.  Raises :class:`NotFound` when nothing has that number."""
    row = find_follow_up(session, district_id, origin)
    if row is not None and row.subject:
        return Root(row.root, row.root_kind, row.department, row.subject)
    start = row.root if row else origin  # rows from before subjects were kept have none of their own
    for find in ROOTS:
        if found := find(session, district_id, start):
            return found
    raise NotFound(f"没有找到编号为 {origin} 的检查、线索或者后续处置。")


def find_follow_up(session: Session, district_id: str, number: str) -> FollowUp | None:
    """The follow-up of a number, if there is one."""
    return session.scalar(sa.select(FollowUp).where(FollowUp.district_id == district_id, FollowUp.number == number))


def not_restricted() -> sa.ColumnElement[bool]:
    """The condition that a follow-up is known to its whole department: figures and lists say nothing of others."""
    return ~sa.exists().where(
        ProcessInstance.district_id == FollowUp.district_id, ProcessInstance.process_key == FollowUp.kind,
        ProcessInstance.business_key == FollowUp.number, ProcessInstance.restricted,
    )  # fmt: skip


def open_follow_up(
    ctx: Opening, kind: str, origin: str, variables: Mapping[str, Any] | None = None
) -> FollowUp:  # fmt: skip
    """Open what follows ``origin`` and start its process; opening again is harmless unless the kind repeats.

    ``variables`` go to the new instance beside ``origin``, ``root`` and ``object``.  Raises
    :class:`NotFound` when nothing has the number ``origin``, :class:`ServiceTaskFailed` for an unknown kind.
    """
    row_kind = kind_of(ctx.settings, kind, ctx.now.astimezone(ctx.settings.timezone).date())
    root = root_of(ctx.session, ctx.district_id, origin)
    number = f"{origin}/{row_kind.suffix}"
    if row_kind.repeats:
        number = f"{number}-{next_number(ctx.session, ctx.district_id, f'follow-up/{number}')}"
    elif known := find_follow_up(ctx.session, ctx.district_id, number):
        return known
    subject = root.subject
    row = FollowUp(
        id=new_id(), district_id=ctx.district_id, number=number, kind=kind, origin=origin, root=root.number,
        root_kind=root.kind, subject=subject, department=root.department, uscc=subject.get("uscc") or "",
        subject_name=subject.get("name") or "", state="已启动", facts={}, opened_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    named = {name: subject.get(name) or "" for name in ("uscc", "name", "address", "subject_kind")}
    ctx.start_process(
        kind,
        number,
        {"origin": origin, "root": root.number, "object": named, **(variables or {})},
        title=f"{row.subject_name} · {row_kind.label}",
        department=root.department,
    )
    return row


def running_deadline(session: Session, district_id: str, business_key: str, name: str) -> Deadline | None:
    """The deadline of that name if it was started and is not met; it may stand still (``suspended_at``)."""
    return session.scalar(
        sa.select(Deadline).where(
            Deadline.district_id == district_id, Deadline.business_key == business_key, Deadline.name == name,
            Deadline.met_at.is_(None),
        )
    )  # fmt: skip
