"""失信惩戒措施: only what the catalogue lists, told to the units that apply it, and told again when it ends (R44)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.inspection.credit_models import CreditListing, CreditMeasureNotice
from engine.models import Department
from engine.service_tasks import ServiceContext, Start

PROCESS, ENDED_MESSAGE = "credit-measure-notice", "credit-measure-ended"
WAITING, RECEIVED, REPORTED, ENDING, ENDED = "待签收", "已签收", "已反馈", "待签收解除", "已解除"


def notify(ctx: ServiceContext, listing: CreditListing) -> list[str]:
    """Tell every unit of the catalogue in force on the day of listing; returns their codes.  Again is harmless."""
    known = {row.unit for row in of_listing(ctx.session, ctx.district_id, listing.number)}
    here = set(ctx.session.scalars(sa.select(Department.code).where(Department.district_id == ctx.district_id)))
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for row in tables.rows(ctx.settings, "credit-measure", listing.listed_on):
        if listing.list_code not in row["lists"]:
            continue
        for unit in row["units"]:
            if unit in here:
                told = {key: row[key] for key in ("code", "name", "legal_basis")}
                by_unit.setdefault(unit, []).append(told)
    fresh = [unit for unit in by_unit if unit not in known]
    for unit in fresh:
        ctx.session.add(
            CreditMeasureNotice(
                id=new_id(), district_id=ctx.district_id, number=f"{listing.number}/{unit}", listing=listing.number,
                unit=unit, measures=by_unit[unit], notified_at=ctx.now, state=WAITING,
            )
        )  # fmt: skip
    ctx.session.flush()
    ctx.start_processes(
        PROCESS,
        [
            Start(
                f"{listing.number}/{unit}", {"origin": listing.number}, department=unit,
                title=f"失信惩戒措施通知：{listing.subject_name}", departments=(listing.department,),
            )
            for unit in fresh
        ],
    )  # fmt: skip
    return list(by_unit)


def lift(ctx: ServiceContext, listing: CreditListing, reason: str) -> None:
    """Tell every unit that its measures end; again is harmless."""
    for row in of_listing(ctx.session, ctx.district_id, listing.number):
        if row.ended_at is None:
            row.ended_at, row.end_reason, row.state = ctx.now, reason[:500], ENDING
            ctx.send_message(ENDED_MESSAGE, row.number, {"reason": reason})


def of_listing(session: Session, district_id: str, number: str) -> Sequence[CreditMeasureNotice]:
    """Who was told of the measures of one listing, by unit."""
    return session.scalars(
        sa.select(CreditMeasureNotice)
        .where(CreditMeasureNotice.district_id == district_id, CreditMeasureNotice.listing == number)
        .order_by(CreditMeasureNotice.unit)
    ).all()


def of(ctx: ServiceContext) -> CreditMeasureNotice:
    """The notice this process is about.  Raises :class:`ServiceTaskFailed`."""
    row = by_number(ctx.session, ctx.district_id, ctx.business_key)
    if row is None:
        raise ServiceTaskFailed(f"措施通知 {ctx.business_key} 不存在。")
    return row


def by_number(session: Session, district_id: str, number: str) -> CreditMeasureNotice | None:
    """A notice by its business key."""
    return session.scalar(
        sa.select(CreditMeasureNotice).where(
            CreditMeasureNotice.district_id == district_id, CreditMeasureNotice.number == number
        )
    )
