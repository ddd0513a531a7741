"""Adjustments of the item list (事项调整): proposed by a department, filed, compiled into a version (R6–R8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import item_lists
from engine.inspection.item_models import ItemAdjustment, SpecialArea
from engine.inspection.models import Item
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICER
from engine.inspection.records import department_names

PROCESS = "item-adjustment"
CLAIM, ADD, CHANGE, ABOLISH, HAND_OVER, AREA = "认领", "新增", "变更", "废止", "移交", "重点领域"
#: Several items with all their fields, from a file (:mod:`engine.inspection.item_batch`).
BATCH = "成批"
KINDS = (CLAIM, ADD, CHANGE, ABOLISH, HAND_OVER, AREA, BATCH)
#: One item at a time, with all its fields.
SINGLE = frozenset({ADD, CHANGE, AREA})
OPEN_STATES = ("起草", "审批中", "待汇编", "已退回")
AWAITING = "待汇编"


def adjustment(session: Session, district_id: str, number: str, *, lock: bool = False) -> ItemAdjustment:
    """The adjustment ``number``, held until the transaction ends when ``lock``.  Raises :class:`NotFound`."""
    statement = sa.select(ItemAdjustment).where(
        ItemAdjustment.district_id == district_id, ItemAdjustment.number == number
    )
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound(f"事项调整 {number} 不存在。")
    return row


def awaiting(session: Session, district_id: str, but: str = "") -> list[ItemAdjustment]:
    """Adjustments filed and waiting to be compiled, the oldest first."""
    statement = sa.select(ItemAdjustment).where(
        ItemAdjustment.district_id == district_id, ItemAdjustment.state == AWAITING, ItemAdjustment.number != but
    )
    return list(session.scalars(statement.order_by(ItemAdjustment.filed_at, ItemAdjustment.number)))


def under_way(session: Session, district_id: str, codes: Iterable[str], but: str = "") -> dict[str, str]:
    """Code → number of the open adjustment that already concerns it, of ``codes``."""
    wanted = set(codes)
    rows = session.execute(
        sa.select(ItemAdjustment.number, ItemAdjustment.codes).where(
            ItemAdjustment.district_id == district_id,
            ItemAdjustment.state.in_(OPEN_STATES),
            ItemAdjustment.number != but,
        )
    )
    return {code: number for number, codes in rows for code in codes if code in wanted}


@dataclass(frozen=True)
class OpenItemAdjustment:
    """Open an adjustment of ``department``'s items (R6, R8); returns its number.

    ``codes`` are the items meant: the province's for 认领 (and for 新增 after its pattern), the
    district's for 变更, 废止 and 移交, an area's for 重点领域; they may be empty and chosen in the draft.
    Raises :class:`Forbidden` unless an officer of the department acts, :class:`Conflict` when one of
    the codes is being adjusted already, :class:`InvalidInput` for a kind or codes that cannot be.
    """

    department: str
    kind: str
    codes: tuple[str, ...] = ()

    def run(self, ctx: CommandContext) -> str:
        if not ctx.actor.has_role(OFFICER, self.department):
            raise Forbidden("只有本部门的承办人可以提出事项调整。")
        if self.kind not in KINDS or self.kind == BATCH:  # a batch comes with its file
            raise InvalidInput("请选择调整种类。", fields={"kind": ["请选择调整种类。"]})
        codes = tuple(dict.fromkeys(self.codes))
        if self.kind in SINGLE and len(codes) > 1:
            raise InvalidInput(f"“{self.kind}”一次只办一项，请逐项提出。", fields={"codes": ["请只选择一项。"]})
        if self.kind == CHANGE and not codes:
            raise InvalidInput("请先打开要变更的事项，再提出变更。", fields={"codes": ["请选择要变更的事项。"]})
        check_codes(ctx.session, ctx.district_id, self.department, self.kind, codes)
        return open_adjustment(ctx, self.department, self.kind, codes)


def open_adjustment(
    ctx: CommandContext, department: str, kind: str, codes: Sequence[str], changes: Sequence[dict[str, Any]] = ()
) -> str:
    """Give the adjustment its number and start its process; ``changes`` are there already when they come by file."""
    year = ctx.today[:4]
    serial = next_number(ctx.session, ctx.district_id, f"item-adjustment/{department}/{year}")
    number = f"{department}-事项调整-{year}-{serial:04d}"
    ctx.session.add(
        ItemAdjustment(
            id=new_id(), district_id=ctx.district_id, number=number, department=department, kind=kind,
            codes=list(codes), changes=list(changes), proposed_by=ctx.actor.user_id, created_at=ctx.now,
        )
    )  # fmt: skip
    ctx.session.flush()
    organ = department_names(ctx.session, ctx.district_id).get(department, department)
    ctx.start_process(PROCESS, number, {"kind": kind}, title=f"{organ}事项调整：{kind}", department=department)
    return number


def check_codes(
    session: Session, district_id: str, department: str, kind: str, codes: Sequence[str], but: str = ""
) -> None:
    """The codes exist where ``kind`` looks for them, belong to the department and are not being adjusted.

    Raises :class:`InvalidInput` or :class:`Conflict`, with the faulty codes.
    """
    if not codes:
        return
    if kind in (CLAIM, ADD):
        known = _provincial(session, district_id)
        lost = [code for code in codes if code not in known]
        if lost:
            raise _refused(f"现行省级清单中没有事项 {'、'.join(lost)}。")
        if kind == CLAIM and (taken := _claimed(session, district_id, codes)):
            raise _refused(f"事项 {'、'.join(taken)} 已有部门认领，需要改变责任部门的请办理“移交”。")
    else:
        model = SpecialArea if kind == AREA else Item
        rows = session.execute(
            sa.select(model.code, model.department).where(model.district_id == district_id, model.code.in_(codes))
        )
        owner = {code: owner for code, owner in rows}
        if lost := [code for code in codes if code not in owner]:
            raise _refused(f"{'重点领域' if kind == AREA else '抽查事项清单'}中没有 {'、'.join(lost)}。")
        if foreign := [code for code in codes if owner[code] != department]:
            raise _refused(f"{'、'.join(foreign)} 不由本部门负责，应由其责任部门提出调整。")
    if busy := under_way(session, district_id, codes, but):
        said = "；".join(f"{code} 正在办理 {number}" for code, number in sorted(busy.items()))
        raise Conflict(f"有事项正在调整，办结后才能再次提出：{said}。", numbers=sorted(set(busy.values())))


def _refused(said: str) -> InvalidInput:
    return InvalidInput(said, fields={"codes": [said]})


def _provincial(session: Session, district_id: str) -> set[str]:
    found = item_lists.newest(session, district_id, item_lists.PROVINCE)
    return {entry.code for entry in item_lists.entries(session, found.id)} if found else set()


def _claimed(session: Session, district_id: str, codes: Sequence[str]) -> list[str]:
    rows = session.execute(
        sa.select(Item.code, Item.provincial_code).where(
            Item.district_id == district_id, sa.or_(Item.provincial_code.in_(codes), Item.code.in_(codes))
        )
    )
    taken = {found for row in rows for found in row}
    return [code for code in codes if code in taken]
