"""回避申报: relations declared before any draw, so that the frozen lists already know them (PL43)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.leave import check_may_enter, note
from engine.inspection.models import Inspector, Recusal
from engine.inspection.records import inspected_object, inspector
from engine.inspection.registry_history import Origin
from engine.inspection.uscc import normalise

#: Who may lift a declared recusal, and one the organ's head decided: never the person, for that would be a choice
#: of whom to inspect.
LIFTING, LIFTING_DECIDED = "科室负责人", "机关负责人"


@dataclass(frozen=True)
class DeclareRecusal:
    """Declare that an inspector must not visit a firm; returns the firm's name.

    Holds for every draw whose lists are frozen from now on.  A pair already drawn is changed by the party's or the
    inspector's application in that inspection (:class:`RequestRecusal`).  Raises :class:`InvalidInput` naming
    every faulty field, :class:`Conflict` when it is declared already, :class:`Forbidden` for anybody but the
    person and the department's officers.
    """

    code: str
    uscc: str
    reason: str

    def run(self, ctx: CommandContext) -> str:
        person = inspector(ctx.session, ctx.district_id, self.code)
        check_may_enter(ctx, person, "回避由本人、本部门承办人或者科室负责人申报。")
        uscc, reason = normalise(self.uscc), self.reason.strip()
        faults: dict[str, list[str]] = {}
        found = inspected_object(ctx.session, ctx.district_id, uscc) if uscc else None
        if found is None:
            faults["uscc"] = [f"检查对象名录库中没有“{self.uscc.strip()}”，请核对18位统一社会信用代码。"]
        if not 2 <= len(reason) <= 300:
            faults["reason"] = ["请填写回避事由，2 至 300 个字，例如：配偶在该企业任职。"]
        if faults or found is None:
            raise InvalidInput("回避申报" + "".join(m for f in faults.values() for m in f), fields=faults)
        if ctx.session.scalar(_declared(ctx.district_id, person, uscc)) is not None:
            raise Conflict(f"{person.name} 对 {found.name} 的回避已经申报。")
        ctx.session.add(
            Recusal(
                id=new_id(), district_id=ctx.district_id, inspector_code=person.code, uscc=uscc, reason=reason,
                at=ctx.now,
            )
        )  # fmt: skip
        note(ctx, person.code, {"recusal": [None, f"{found.name}（{uscc}）"]}, Origin("recusal", reason=reason))
        return found.name


@dataclass(frozen=True)
class LiftRecusal:
    """Lift a declared recusal, with the reason; lists already frozen keep it.

    Raises :class:`Forbidden` for anybody but another person who heads a section of the department (科室负责人), or
    the organ (机关负责人) where its head decided it (PL43); :class:`NotFound`, :class:`InvalidInput`.
    """

    recusal_id: str
    reason: str

    def run(self, ctx: CommandContext) -> str:
        row = ctx.session.get(Recusal, self.recusal_id)
        if row is None or row.district_id != ctx.district_id:
            raise NotFound("没有找到这条回避登记。")
        person = inspector(ctx.session, ctx.district_id, row.inspector_code)
        if not may_lift(ctx.actor, person, row):
            who = LIFTING_DECIDED if row.decided_by else LIFTING
            raise Forbidden(f"这项回避由本部门{who}解除，本人不能解除自己的回避。")
        reason = self.reason.strip()
        if not 2 <= len(reason) <= 300:
            raise InvalidInput(
                "请填写解除理由，2 至 300 个字。", fields={"reason": ["请填写解除理由，2 至 300 个字。"]}
            )
        found = inspected_object(ctx.session, ctx.district_id, row.uscc)
        name = f"{found.name}（{row.uscc}）" if found else row.uscc
        ctx.session.delete(row)
        note(ctx, person.code, {"recusal": [name, None]}, Origin("recusal", reason=reason))
        return person.code


def may_lift(actor: Actor, person: Inspector, recusal: Recusal) -> bool:
    """Whether the actor may lift this recusal of the person."""
    role = LIFTING_DECIDED if recusal.decided_by else LIFTING
    return actor.has_role(role, person.department) and actor.user_id != person.user_id


def _declared(district_id: str, person: Inspector, uscc: str) -> sa.Select[tuple[str]]:
    return sa.select(Recusal.id).where(
        Recusal.district_id == district_id, Recusal.inspector_code == person.code, Recusal.uscc == uscc
    )
