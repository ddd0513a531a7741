"""What pickers offer."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from engine.inspection.facts.desk import Desk
from engine.inspection.models import Inspector, Item
from engine.inspection.object_kinds import OBJECT_KINDS as OBJECT_KINDS
from engine.models import User, UserRole


def departments(desk: Desk) -> list[dict[str, str]]:
    return [{"value": code, "label": name} for code, name in desk.department_names.items() if code != "QZF"]


def items(desk: Desk) -> list[dict[str, str]]:
    """Published items that have not ended; whether one is in force on the days chosen is asked on submission."""
    found = desk.session.execute(
        sa.select(Item.code, Item.name, Item.department, Item.category, Item.valid_from, Item.valid_until)
        .where(
            Item.district_id == desk.district_id,
            Item.published,  # only published items may be checked (国办发〔2024〕54号)
            sa.or_(Item.valid_until.is_(None), Item.valid_until >= desk.today),
        )
        .order_by(Item.department, Item.code)
    )
    return [
        {
            "value": code,
            "label": f"{code} {name}",
            "note": f"{desk.organ(department)} · {category}{_term(first, last, desk.today)}",
        }
        for code, name, department, category, first, last in found
    ]


def _term(first: date | None, last: date | None, today: date) -> str:
    """What to mind when choosing an item for days ahead."""
    early = f" · {first} 起施行" if first is not None and first > today else ""
    return early + (f" · 有效至 {last}" if last is not None else "")


def users(desk: Desk, role: str, department: str = "") -> dict[str, list[dict[str, str]]]:
    statement = (
        sa.select(User.id, User.name, User.department)
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.district_id == desk.district_id, User.active, UserRole.role == role)
        .order_by(User.department, User.name)
        .distinct()
    )
    if department:
        statement = statement.where(UserRole.department == department)
    found = desk.session.execute(statement)
    return {role: [{"value": i, "label": f"{name}（{desk.organ(code)}）"} for i, name, code in found]}


def inspectors(desk: Desk, department: str) -> list[dict[str, str]]:
    found = desk.session.execute(
        sa.select(Inspector.code, Inspector.name)
        .where(Inspector.district_id == desk.district_id, Inspector.department == department, Inspector.drawable)
        .order_by(Inspector.code)
    )
    return [{"value": code, "label": f"{name}（{code}）"} for code, name in found]


def inspector_names(desk: Desk, codes: set[str]) -> dict[str, str]:
    rows_ = desk.session.execute(
        sa.select(Inspector.code, Inspector.name).where(
            Inspector.district_id == desk.district_id, Inspector.code.in_(sorted(codes))
        )
    )
    return {code: name for code, name in rows_}
