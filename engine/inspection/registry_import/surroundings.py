"""What an import finds in the system before it starts, and what it leaves in the history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.history import DISTRICT_STREAM, Chain
from engine.inspection.item_models import ItemAdjustment, ItemList
from engine.inspection.models import Inspector, Item
from engine.inspection.registry_import.report import ImportReport
from engine.inspection.registry_import.rows import Surroundings, department_key
from engine.inspection.roles import ROLES
from engine.models import Department, User


def surroundings_of(session: Session, kind: str, district_id: str) -> Surroundings:
    """What the rows of a file of ``kind`` are judged against."""
    found = session.execute(
        sa.select(Department.code, Department.name, Department.kind)
        .where(Department.district_id == district_id)
        .order_by(Department.position, Department.code)
    ).all()
    departments = {department_key(text): row.code for row in found for text in (row.code, row.name)}
    if kind == "inspectors":
        items = frozenset(session.scalars(sa.select(Item.code).where(Item.district_id == district_id)))
        return Surroundings(district_id, departments, items)
    if kind == "accounts":
        linked = session.execute(
            sa.select(Inspector.code, Inspector.name, User.login)
            .outerjoin(User, User.id == Inspector.user_id)
            .where(Inspector.district_id == district_id)
        )
        return Surroundings(
            district_id, departments, organs=tuple(row.code for row in found if row.kind == "organ"), roles=ROLES,
            inspectors={code: (name, login or "") for code, name, login in linked},
        )  # fmt: skip
    return Surroundings(district_id, departments)


def why_no_items(session: Session, district_id: str) -> str:
    """Why items can no longer be imported: a list that was compiled or is being adjusted changes by adjustment (R8)."""
    begun = sa.or_(
        sa.exists().where(ItemList.district_id == district_id, ItemList.scope == "district"),
        sa.exists().where(ItemAdjustment.district_id == district_id),
    )
    if not session.scalar(sa.select(begun)):
        return ""
    return (
        "抽查事项清单已经汇编或者提出过调整，不能再直接导入。省级清单请在“清单版本”导入；"
        "本部门的事项请在“事项调整”里上传文件成批提出，经批准、备案后汇编。"
    )


def record_import(
    session: Session, report: ImportReport, *, district_id: str, now: datetime, actor: Actor | None,
    source: Mapping[str, Any] | None, changes: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """Say in the district's history who imported which file and what became of it.

    ``changes`` are the departments or accounts that are new or different, without passwords.
    """
    body = {**(source or {}), **report.for_history()} | ({} if changes is None else {"changes": changes})
    Chain(session, district_id).append(
        DISTRICT_STREAM, "registry-imported", body, actor=actor or Actor.system(), now=now
    )
