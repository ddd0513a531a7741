"""采用的结论和意见: what others concluded, taken over for an item or heard beside it (R20, R36, R37, R43)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import records, tables
from engine.inspection.models import DepartmentInspection, Inspection
from engine.inspection.visit_models import Adoption
from engine.service_tasks import ServiceContext
from engine.settings import Settings

#: Results of the system itself that may be adopted: those their organ reviewed.
_SETTLED = DepartmentInspection.reviewed_at.is_not(None)


def of_part(session: Session, part: DepartmentInspection) -> list[Adoption]:
    """Everything adopted in a department inspection, in the order it was entered."""
    return list(
        session.scalars(
            sa.select(Adoption)
            .where(Adoption.district_id == part.district_id, Adoption.department_inspection == part.number)
            .order_by(Adoption.at, Adoption.id)
        )
    )


def replaced_items(session: Session, part: DepartmentInspection) -> set[str]:
    """Items that need no check of their own, because a conclusion of others stands in (互认互用)."""
    return {row.item for row in of_part(session, part) if row.replaces}


def known_results(session: Session, part: DepartmentInspection) -> list[DepartmentInspection]:
    """Results of other organs about the same firm that may be adopted, the newest first."""
    uscc = records.inspection(session, part.district_id, part.inspection).uscc
    return list(
        session.scalars(
            sa.select(DepartmentInspection)
            .join(
                Inspection,
                sa.and_(
                    Inspection.district_id == DepartmentInspection.district_id,
                    Inspection.number == DepartmentInspection.inspection,
                ),
            )
            .where(
                DepartmentInspection.district_id == part.district_id, Inspection.uscc == uscc,
                DepartmentInspection.department != part.department, _SETTLED,
            )
            .order_by(DepartmentInspection.visit_ended_at.desc())
            .limit(20)
        )
    )  # fmt: skip


def result_words(session: Session, settings: Settings, row: DepartmentInspection, today: date) -> str:
    """One organ's result in a line: category and, when there is one, its conclusion."""
    category = str(row.conclusion.get("category") or "1")
    words = tables.label(settings, "result-category", category, today)
    facts = str(row.conclusion.get("facts") or "")
    return f"{words}：{facts}" if facts else words


def keep(ctx: ServiceContext, part: DepartmentInspection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what this form says was adopted; what the same form said before is replaced.

    Raises :class:`InvalidInput` by row: an item of another department, a date ahead, a kind that is not offered.
    """
    today = ctx.calendar.local_date(ctx.now)
    kinds = {row["code"]: row for row in tables.rows(ctx.settings, "adopted-kind", today)}
    results = {row.number: row for row in known_results(ctx.session, part)} if any(r.get("known") for r in rows) else {}
    faults: dict[str, list[str]] = {}
    found: list[Adoption] = []
    for n, row in enumerate(rows):
        values = dict(row)
        if known := results.get(str(row.get("known") or "")):
            values |= _from_result(ctx, known, today)
        if str(values.get("item")) not in part.items:
            faults[f"adoptions[{n}].item"] = ["请选择本部门本次检查的事项。"]
        dated = str(values.get("dated_on") or "")[:10]
        if not dated or dated > today.isoformat():
            faults[f"adoptions[{n}].dated_on"] = ["作出日期晚于今天或者没有填写，请核对。"]
            continue
        found.append(
            Adoption(
                id=new_id(), district_id=ctx.district_id, department_inspection=part.number, stage=ctx.element_id,
                item=str(values["item"]), kind=str(values["kind"]),
                replaces=bool(kinds.get(str(values["kind"]), {}).get("replaces")), source=str(values["source"]),
                number=str(values["number"]), dated_on=date.fromisoformat(dated),
                conclusion=str(values["conclusion"]), files=list(values.get("files") or []),
                by_user=ctx.actor.user_id, at=ctx.now,
            )
        )  # fmt: skip
    if faults:
        raise InvalidInput("采用的结论和意见有内容需要修改。", fields=faults)
    ctx.session.execute(
        sa.delete(Adoption).where(
            Adoption.district_id == ctx.district_id, Adoption.department_inspection == part.number,
            Adoption.stage == ctx.element_id,
        )
    )  # fmt: skip
    ctx.session.add_all(found)
    ctx.session.flush()


def _from_result(ctx: ServiceContext, known: DepartmentInspection, today: date) -> dict[str, Any]:
    """Nobody types again what the system knows (R3–R5)."""
    names = records.department_names(ctx.session, ctx.district_id)
    ended = known.visit_ended_at or known.reviewed_at
    assert ended is not None
    return {
        "source": names.get(known.department, known.department), "number": known.number,
        "dated_on": ctx.calendar.local_date(ended).isoformat(),
        "conclusion": result_words(ctx.session, ctx.settings, known, today),
    }  # fmt: skip
