"""派发单: who receives which inspections, who signed for them and when, what was returned and sent elsewhere.

The objects and their pairs come of the draw; a dispatch says only which unit sees to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import new_id
from engine.errors import InvalidInput, NotFound
from engine.inspection import units
from engine.inspection.drawn import assignments
from engine.inspection.joint_models import DispatchList, Unit
from engine.inspection.models import Campaign, Draw, Inspection, Inspector

WAITING, RECEIVED, RETURNED = "待签收", "已签收", "已退回"
#: Value of the select for the department's own office.
OFFICE = "-"


def dispatch_list(session: Session, district_id: str, number: str) -> DispatchList:
    """The list ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(DispatchList).where(DispatchList.district_id == district_id, DispatchList.number == number)
    )
    if row is None:
        raise NotFound(f"派发单 {number} 不存在。")
    return row


def of_campaign(session: Session, campaign: Campaign) -> list[DispatchList]:
    """All lists of a campaign by number."""
    return list(
        session.scalars(
            sa.select(DispatchList)
            .where(DispatchList.district_id == campaign.district_id, DispatchList.campaign == campaign.number)
            .order_by(DispatchList.number)
        )
    )


def make(session: Session, campaign: Campaign, draw: Draw, now: datetime) -> list[DispatchList]:
    """One list for each unit of each department that has inspections of this draw; the lead's units first."""
    groups = _grouped(session, campaign, draw, _inspections(session, draw))
    rows = [
        DispatchList(
            id=new_id(), district_id=campaign.district_id, number=f"{draw.draw_id}/派发/{n:02d}",
            campaign=campaign.number, department=department, unit=unit.code if unit else "",
            unit_name=unit.name if unit else "", inspections=sorted(numbers), sent_at=now,
        )
        for n, (department, unit, numbers) in enumerate(groups, start=1)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows


def extend(session: Session, campaign: Campaign, draw: Draw, numbers: Sequence[str]) -> list[DispatchList]:
    """Inspections that came later (补充名单) join their unit's list, else the department's first; returns the lists."""
    added = [row for row in _inspections(session, draw) if row.number in set(numbers)]
    lists, changed = of_campaign(session, campaign), []
    for department, unit, own in _grouped(session, campaign, draw, added):
        mine = [row for row in lists if row.department == department]
        row = next((one for one in mine if one.unit == (unit.code if unit else "")), mine[0] if mine else None)
        if row is not None:
            row.inspections = sorted({*row.inspections, *own})
            changed.append(row)
    session.flush()
    return changed


def _inspections(session: Session, draw: Draw) -> list[Inspection]:
    return list(
        session.scalars(
            sa.select(Inspection).where(Inspection.district_id == draw.district_id, Inspection.draw_id == draw.draw_id)
        )
    )


def _grouped(
    session: Session, campaign: Campaign, draw: Draw, inspections: Sequence[Inspection]
) -> list[tuple[str, Unit | None, list[str]]]:
    teams = assignments(draw)
    sections = dict(
        session.execute(
            sa.select(Inspector.code, Inspector.section).where(Inspector.district_id == campaign.district_id)
        )
        .tuples()
        .all()
    )
    found: list[tuple[str, Unit | None, list[str]]] = []
    for department in [campaign.lead, *campaign.participants]:
        known = units.units_of(session, campaign.district_id, department)
        by_unit: defaultdict[str, list[str]] = defaultdict(list)
        for row in inspections:
            if department not in row.departments:
                continue
            pair = teams.get((row.uscc, department)) or [""]
            unit = units.unit_for(
                known, responsible_unit=str(row.object.get("responsible_unit") or ""),
                region=str(row.object.get("region") or ""), section=sections.get(pair[0], ""),
            )  # fmt: skip
            by_unit[unit.code if unit else ""].append(row.number)
        named = {unit.code: unit for unit in known}
        found += [(department, named.get(code), by_unit[code]) for code in sorted(by_unit)]
    return found


def sign(session: Session, row: DispatchList, actor: Actor, contact: str, note: str, now: datetime) -> None:
    """The unit takes the list over (签收)."""
    row.state, row.received_at, row.received_by, row.received_by_name = RECEIVED, now, actor.user_id, actor.name
    row.contact, row.note = contact, note
    session.flush()


def send_back(session: Session, row: DispatchList, actor: Actor, reason: str, now: datetime) -> None:
    """The unit is not competent and returns the list (退回) with its reason."""
    entry = {"unit": row.unit, "unit_name": row.unit_name, "reason": reason, "by": actor.name, "at": now.isoformat()}
    row.returns = [*row.returns, entry]
    row.state = RETURNED
    session.flush()


def redirect(session: Session, row: DispatchList, unit_code: str, instruction: str, now: datetime) -> None:
    """The lead sends a returned list to another unit of the same department, or insists.

    Raises :class:`InvalidInput` for a unit that is not the department's.
    """
    known = {unit.code: unit for unit in units.units_of(session, row.district_id, row.department)}
    if unit_code != OFFICE and unit_code not in known:
        raise InvalidInput("请重新选择承办单位。", fields={"unit": ["这个承办单位不属于该部门或者已经停用。"]})
    entry: dict[str, Any] = {**row.returns[-1], "instruction": instruction}
    row.returns = [*row.returns[:-1], entry]
    unit = known.get(unit_code)
    row.unit, row.unit_name = (unit.code, unit.name) if unit else ("", "")
    row.state, row.sent_at, row.reminded_at = WAITING, now, None
    session.flush()
