"""书面检查材料: what the firm was asked to hand in, what came, and what it still owes (R35)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.models import DepartmentInspection
from engine.inspection.visit_models import WrittenMaterial
from engine.service_tasks import ServiceContext

#: The deadline for handing in, a row of the deadline table.
LIMIT = "written-materials"


def of_part(session: Session, part: DepartmentInspection) -> list[WrittenMaterial]:
    """What a department asked for, in the notice's order."""
    return list(
        session.scalars(
            sa.select(WrittenMaterial)
            .where(
                WrittenMaterial.district_id == part.district_id, WrittenMaterial.department_inspection == part.number
            )
            .order_by(WrittenMaterial.serial)
        )
    )  # fmt: skip


def state(row: WrittenMaterial) -> str:
    """已收到 | 需要补正 | 未收到, with what is missing."""
    if row.received_on is None:
        return "未收到"
    return "已收到" if row.complete else f"需要补正：{row.remarks}"


def owed(rows: Sequence[WrittenMaterial]) -> list[WrittenMaterial]:
    """Those that did not come, or not completely."""
    return [row for row in rows if row.received_on is None or not row.complete]


def ask(ctx: ServiceContext, part: DepartmentInspection, values: Mapping[str, Any]) -> bool:
    """Keep what the notice asks for and start the limit; returns whether anything was asked.

    Raises :class:`InvalidInput` without a last day, or for one that is not ahead.
    """
    asked = list(values.get("asked_materials") or [])
    if not asked:
        return False
    today = ctx.calendar.local_date(ctx.now)
    due_on = date.fromisoformat(str(values["materials_due"])[:10]) if values.get("materials_due") else None
    if due_on is None or due_on <= today:
        raise InvalidInput("通知书有内容需要修改。", fields={"materials_due": ["请填写今天以后的截止日期。"]})
    ctx.session.execute(
        sa.delete(WrittenMaterial).where(
            WrittenMaterial.district_id == ctx.district_id, WrittenMaterial.department_inspection == part.number
        )
    )
    ctx.session.add_all(
        WrittenMaterial(
            id=new_id(), district_id=ctx.district_id, department_inspection=part.number, serial=n, name=row["name"],
            note=row.get("note") or "", asked_on=today, due_on=due_on, at=ctx.now,
        )
        for n, row in enumerate(asked, 1)
    )  # fmt: skip
    ctx.session.flush()
    set_limit(ctx, part, due_on)
    return True


def set_limit(ctx: ServiceContext, part: DepartmentInspection, due_on: date) -> None:
    """The limit ends with the last day named in the notice or the reminder."""
    today = ctx.calendar.local_date(ctx.now)
    ctx.set_deadline(part.number, LIMIT, started_at=ctx.now, rule=f"{(due_on - today).days}d")
