"""Whether an inspector may be drawn, and on whose behalf: certificate, status, leave, and team (R18, R19, R22)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import Inspector
from engine.inspection.registry_models import EnforcementTeam, InspectorLeave

#: The only status (人员状态) in which somebody can be sent.
ON_DUTY = "在岗"


def why_not_drawable(row: Inspector, until: date, away: Mapping[str, str] | None = None) -> str:
    """The reason in words why the person cannot be drawn for work that lasts to ``until``; empty when they can.

    ``away`` gives reasons by inspector code that hold for these days only (:func:`on_leave`, an officer's entry).
    Experts assist and never count; people without a certificate are registered as not drawable (国办发〔2024〕54号).
    """
    if row.expert:
        return "专家只参与、不计入两名执法人员"
    if not row.certificate_number:
        return "没有执法证件"
    if row.certificate_until is not None and row.certificate_until < until:
        return f"执法证件于 {row.certificate_until} 到期"
    if not row.drawable:
        return "名录库标明不参与抽取"
    if row.status != ON_DUTY:
        return f"人员状态为“{row.status}”"
    return (away or {}).get(row.code, "")


def on_leave(session: Session, district_id: str, first: date, last: date) -> dict[str, str]:
    """Who is on leave on any day from ``first`` to ``last``: inspector code → reason in words."""
    leave = InspectorLeave
    rows = session.execute(
        sa.select(leave.inspector_code, leave.first_day, leave.last_day)
        .where(
            leave.district_id == district_id, leave.withdrawn_at.is_(None),
            leave.first_day <= last, leave.last_day >= first,
        )
        .order_by(leave.first_day)
    )  # fmt: skip
    return {code: f"{start} 至 {end} 请假" for code, start, end in rows}


def serving(session: Session, district_id: str, departments: Sequence[str]) -> dict[str, str]:
    """People drawn for a department that is not their own: inspector code → department.

    Members of an active enforcement team whose own department takes no part stand in for the first of
    ``departments`` (in the campaign's order) that the team serves.  One person stands in one department only,
    because the frozen list names one department a person (draw-record, inspectors.tsv).
    """
    served: dict[str, str] = {}
    for team in session.scalars(
        sa.select(EnforcementTeam).where(EnforcementTeam.district_id == district_id, EnforcementTeam.active)
    ):
        if team.department in departments:
            continue
        if (first := next((d for d in departments if d in (team.serves or ())), None)) is not None:
            served[team.code] = first
    if not served:
        return {}
    members = session.execute(
        sa.select(Inspector.code, Inspector.team).where(
            Inspector.district_id == district_id, Inspector.team.in_(sorted(served))
        )
    )
    return {code: served[team] for code, team in members}
