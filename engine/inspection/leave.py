"""请假: days on which an inspector is neither drawn nor sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.models import Inspector
from engine.inspection.records import inspector
from engine.inspection.registry_history import Origin, record_changes
from engine.inspection.registry_models import InspectorLeave

#: Whoever may enter leave for colleagues of their department; everybody may for themselves.
ROLES = ("承办人", "科室负责人")
#: A leave longer than this is a change of status, not a leave.
LONGEST_DAYS = 366


@dataclass(frozen=True)
class EnterLeave:
    """Enter days of leave; returns the id.

    Raises :class:`InvalidInput` naming every faulty field, :class:`Conflict` when days are already entered,
    :class:`Forbidden` for anybody but the person and the department's officers.
    """

    code: str
    first_day: str
    last_day: str
    reason: str = ""

    def run(self, ctx: CommandContext) -> str:
        person = inspector(ctx.session, ctx.district_id, self.code)
        check_may_enter(ctx, person, "请假由本人、本部门承办人或者科室负责人登记。")
        first, last = self._days()
        overlapping = ctx.session.scalar(
            sa.select(InspectorLeave).where(
                InspectorLeave.district_id == ctx.district_id, InspectorLeave.inspector_code == person.code,
                InspectorLeave.withdrawn_at.is_(None), InspectorLeave.first_day <= last,
                InspectorLeave.last_day >= first,
            ).limit(1)
        )  # fmt: skip
        if overlapping is not None:
            raise Conflict(
                f"{person.name} {overlapping.first_day} 至 {overlapping.last_day} 已登记请假，"
                "日期重叠。请先撤销原登记，或者只登记其余的日期。"
            )
        row = InspectorLeave(
            id=new_id(), district_id=ctx.district_id, inspector_code=person.code, first_day=first, last_day=last,
            reason=self.reason.strip(), entered_by=ctx.actor.user_id, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        _record(ctx, person.code, [None, f"{first} 至 {last}"], self.reason.strip())
        return row.id

    def _days(self) -> tuple[date, date]:
        faults: dict[str, list[str]] = {}
        days: dict[str, date] = {}
        for field, label, text in (("first_day", "开始日期", self.first_day), ("last_day", "结束日期", self.last_day)):
            try:
                days[field] = date.fromisoformat(text.strip())
            except ValueError:
                faults[field] = [f"请填写{label}，例如 2026-03-02。"]
        if not faults:
            if days["last_day"] < days["first_day"]:
                faults["last_day"] = ["结束日期早于开始日期，请核对。"]
            elif (days["last_day"] - days["first_day"]).days >= LONGEST_DAYS:
                faults["last_day"] = ["一次请假不超过一年；长期离岗请提出名录变更，修改人员状态。"]
        if len(self.reason.strip()) > 200:
            faults["reason"] = ["事由不超过 200 个字。"]
        if faults:
            raise InvalidInput("请假" + "".join(m for found in faults.values() for m in found), fields=faults)
        return days["first_day"], days["last_day"]


@dataclass(frozen=True)
class WithdrawLeave:
    """Withdraw an entered leave; it stays visible.  Raises as :class:`EnterLeave` does."""

    leave_id: str

    def run(self, ctx: CommandContext) -> str:
        row = ctx.session.get(InspectorLeave, self.leave_id)
        if row is None or row.district_id != ctx.district_id:
            raise NotFound("没有找到这条请假登记。")
        person = inspector(ctx.session, ctx.district_id, row.inspector_code)
        check_may_enter(ctx, person, "请假由本人、本部门承办人或者科室负责人撤销。")
        if row.withdrawn_at is not None:
            raise Conflict("这条请假登记已经撤销。")
        row.withdrawn_at = ctx.now
        _record(ctx, person.code, [f"{row.first_day} 至 {row.last_day}", None], "撤销请假登记")
        return person.code


def check_may_enter(ctx: CommandContext, person: Inspector, words: str) -> None:
    """Raise :class:`Forbidden` unless the actor is the person, or an officer of the person's department."""
    if not may_enter(ctx.actor, person):
        raise Forbidden(words)


def may_enter(actor: Actor, person: Inspector) -> bool:
    """Whether the actor may enter leave or a recusal for the person."""
    own = actor.user_id is not None and actor.user_id == person.user_id
    return own or any(actor.has_role(role, person.department) for role in ROLES)


def _record(ctx: CommandContext, code: str, change: list[str | None], reason: str) -> None:
    note(ctx, code, {"leave": change}, Origin("leave", reason=reason))


def note(ctx: CommandContext, code: str, changes: dict[str, list[Any]], origin: Origin) -> None:
    """Write a change of an inspector's row into the registry's history and into the tamper-evident one."""
    record_changes(
        ctx.session, ctx.district_id, "inspectors", [(code, changes)], at=ctx.now, actor=ctx.actor, origin=origin
    )
    ctx.record(None, f"inspector-{origin.source}", {"inspector": code, "changes": changes, "reason": origin.reason})
