"""在管物品: registering things under a measure, every change of them, and which of them still wait for somebody.

A thing is done with only when somebody signed for it, it is used up, or it was confiscated: until then it is
counted by :func:`left`, so a measure cannot close with something still in the store (PL56, Coercion Law 25–28).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.held_models import HeldItem, HeldItemChange
from engine.inspection.models import FollowUp
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext
from engine.settings import Settings

PRESERVED, SEALED, SEIZED = "先行登记保存", "查封", "扣押"
TO_RETURN, TESTED, TO_SEIZE, MOVED = "待退还", "送检", "待查封扣押", "已移送"
#: States in which the measure itself still holds the thing; the term counts for these.
UNDER_MEASURE = (PRESERVED, SEALED, SEIZED)
STATES = (
    *UNDER_MEASURE, TESTED, TO_SEIZE, TO_RETURN, "待移送", "待销毁", "已退还", MOVED, "已没收", "已销毁", "检验耗尽",
)  # fmt: skip
ENDED = frozenset({"已退还", MOVED, "已没收", "已销毁", "检验耗尽"})
#: The deadline of each measure, by its process.
LIMITS = {"evidence-preservation": "preserved-evidence", "coercive-measure": "coercive-measure"}
#: How long a test may take, as the party was told; the measure's own term stands still meanwhile.
TESTING = "measure-testing"
#: What the form calls a thing that is left as it is.
STILL_OPEN = "open"
_FIELDS = ("name", "mark", "quantity", "unit", "condition", "place", "keeper")


def start_testing(ctx: ServiceContext, until: date) -> None:
    """The limit of the test ends with the day the party is told (Coercion Law 25)."""
    today = ctx.calendar.local_date(ctx.now)
    ctx.set_deadline(ctx.business_key, TESTING, rule=f"{(until - today).days}d")


def of_measure(session: Session, district_id: str, measure: str) -> list[HeldItem]:
    """Everything the measure ``measure`` holds or held, as listed."""
    return _found(session, HeldItem.district_id == district_id, HeldItem.measure == measure)


def held_of_root(session: Session, district_id: str, root: str) -> list[HeldItem]:
    """Everything held in the whole chain that began with ``root``."""
    return _found(session, HeldItem.district_id == district_id, HeldItem.root == root)


def _found(session: Session, *conditions: sa.ColumnElement[bool]) -> list[HeldItem]:
    return list(session.scalars(sa.select(HeldItem).where(*conditions).order_by(HeldItem.measure, HeldItem.serial)))


def changes(session: Session, item_id: str) -> Sequence[HeldItemChange]:
    """All that became of one thing, oldest first."""
    return session.scalars(
        sa.select(HeldItemChange)
        .where(HeldItemChange.item == item_id)
        .order_by(HeldItemChange.at, HeldItemChange.id)
    ).all()  # fmt: skip


def left(items: Iterable[HeldItem]) -> int:
    """How many things still wait for a receipt or a decision."""
    return sum(item.state not in ENDED for item in items)


def described(item: HeldItem) -> str:
    """A thing in one line, as lists and forms show it."""
    return "，".join(part for part in (item.name, item.mark, f"{item.quantity}{item.unit}") if part)


def register(ctx: ServiceContext, row: FollowUp, listed: Iterable[Mapping[str, Any]], state: str, note: str) -> int:
    """Put the things counted on the spot on the register; returns how many.

    A thing that came from a preservation (``listed[…]["item"]``) keeps its row and number and changes its measure.
    """
    chain = held_of_root(ctx.session, ctx.district_id, row.root)
    known = {item.number: item for item in chain if item.state == TO_SEIZE}
    serial = len(of_measure(ctx.session, ctx.district_id, row.number))
    count = 0
    for entry in listed:
        count += 1
        item = known.get(str(entry.get("item") or ""))
        if item is None:
            serial += 1
            item = HeldItem(
                id=new_id(), district_id=ctx.district_id, number=f"{row.number}/物品-{serial}", measure=row.number,
                root=row.root, department=row.department, uscc=row.uscc, subject_name=row.subject_name, serial=serial,
                held_from=ctx.now, state=state, updated_at=ctx.now,
                **{field: str(entry.get(field) or "") for field in _FIELDS},
            )  # fmt: skip
            ctx.session.add(item)
        else:
            item.measure, item.place, item.keeper = row.number, str(entry["place"]), str(entry["keeper"])
        change(ctx, item, state, note)
    ctx.session.flush()
    return count


def change(ctx: ServiceContext, item: HeldItem, state: str, note: str, receiver: str = "") -> None:
    """Change a thing and write down who did it; a thing done with is marked as such."""
    item.state, item.updated_at = state, ctx.now
    item.ended_at = ctx.now if state in ENDED else None
    ctx.session.add(
        HeldItemChange(
            id=new_id(), district_id=ctx.district_id, item=item.id, at=ctx.now, measure=item.measure, state=state,
            note=note, receiver=receiver, by=ctx.actor.user_id, by_name=ctx.actor.name,
        )
    )  # fmt: skip
    ctx.record("held-item-changed", {"item": item.number, "state": state, "note": note, "receiver": receiver})


def release_all(ctx: ServiceContext, measure: str, note: str) -> int:
    """The measure is over: everything it still holds must go back.  Returns how many things are left to settle."""
    items = of_measure(ctx.session, ctx.district_id, measure)
    for item in items:
        if item.state in UNDER_MEASURE:
            change(ctx, item, TO_RETURN, note)
    return left(items)


def outcomes(settings: Settings, process: str, on: date) -> dict[str, dict[str, Any]]:
    """What may be decided of a thing under the measure ``process``, by code."""
    return {row["code"]: row for row in rows(settings, "held-outcome", on) if process in row["measures"]}


def endings(settings: Settings, on: date) -> dict[str, dict[str, Any]]:
    """How a thing may be done with, by code."""
    return {row["code"]: row for row in rows(settings, "held-ending", on)}
