"""名录变更: open a proposal to change one row of a registry, and take it back (R16–R19)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import lock_key, new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.models import Inspector
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICER
from engine.inspection.registry_models import ChangeRequest
from engine.inspection.registry_proposals import KINDS, NEW, Register, Row, register_of
from engine.models import ProcessInstance, Subscription

PROCESS = "registry-change"
WITHDRAWN = "registry-change-withdrawn"

DRAFT, CHECKING, EFFECTIVE, RETURNED, TAKEN_BACK = "起草", "待核对", "已生效", "已退回", "已撤回"
STATES = (DRAFT, CHECKING, RETURNED, EFFECTIVE, TAKEN_BACK)
OPEN = (DRAFT, CHECKING, RETURNED)


def open_request(session: Session, district_id: str, register: str, key: str) -> ChangeRequest | None:
    """The request under way for a row, if there is one."""
    return session.scalar(
        sa.select(ChangeRequest).where(
            ChangeRequest.district_id == district_id, ChangeRequest.register == register, ChangeRequest.key == key,
            ChangeRequest.state.in_(OPEN),
        )
    )  # fmt: skip


def request_of(session: Session, district_id: str, number: str) -> ChangeRequest:
    """The request ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(ChangeRequest).where(ChangeRequest.district_id == district_id, ChangeRequest.number == number)
    )
    if row is None:
        raise NotFound(f"名录变更 {number} 不存在。")
    return row


def responsible(row: Row | None, proposer: str) -> str:
    """The department whose head of section checks: who supervises the object, whose staff the inspector is (R17)."""
    return getattr(row, "supervisor", "") or getattr(row, "department", "") or proposer


@dataclass(frozen=True)
class OpenRegistryChange:
    """Begin a request of ``kind`` 新增、变更、停用 or 恢复 for the row ``key`` of ``register``; returns its number.

    ``department`` proposes and answers for the request; by default the actor's own.  Raises
    :class:`Forbidden` unless the actor is an officer in charge there (for inspectors: of the
    inspector's own department, R18), :class:`NotFound` without such a row, :class:`Conflict` (``details["number"]``)
    while another request for the same row is under way.
    """

    register: str
    kind: str
    key: str = ""
    department: str = ""

    def run(self, ctx: CommandContext) -> str:
        register = register_of(self.register)
        if self.kind not in KINDS:
            raise InvalidInput("请选择变更种类。", fields={"kind": [f"请选择：{'、'.join(KINDS)}。"]})
        department = self._department(ctx)
        row = None if self.kind == NEW else self._row(ctx, register, department)
        key = "" if row is None else self.key
        year = ctx.today[:4]
        serial = next_number(ctx.session, ctx.district_id, f"registry-change/{department}/{year}")
        number = f"{department}-名录变更-{year}-{serial:04d}"
        name = "" if row is None else row.name
        ctx.session.add(
            ChangeRequest(
                id=new_id(), district_id=ctx.district_id, number=number, register=register.code, kind=self.kind,
                key=key, name=name, department=department, before={}, proposed={}, state=DRAFT,
                proposed_by=ctx.actor.user_id, created_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        ctx.start_process(
            PROCESS,
            number,
            {"register": register.code, "change_kind": self.kind},
            title=f"{register.title}{self.kind}{'：' + name if name else ''}",
            department=department,
        )
        return number

    def _department(self, ctx: CommandContext) -> str:
        own = sorted(d for d in ctx.actor.departments if ctx.actor.has_role(OFFICER, d))
        wanted = self.department or (ctx.actor.department if ctx.actor.department in own else next(iter(own), ""))
        if not ctx.actor.has_role(OFFICER, wanted):
            raise Forbidden("只有部门的承办人可以提出名录变更。")
        return wanted

    def _row(self, ctx: CommandContext, register: Register, department: str) -> Row:
        row = register.find(ctx.session, ctx.district_id, self.key)
        if row is None:
            raise NotFound(f"{register.title}名录库中没有 {self.key}，请刷新名录后重试。")
        if isinstance(row, Inspector) and not ctx.actor.has_role(OFFICER, row.department):
            raise Forbidden("检查人员的变更由其所在部门的承办人提出。")
        lock_key(ctx.session, f"registry-change/{register.code}/{self.key}")
        under_way = open_request(ctx.session, ctx.district_id, register.code, self.key)
        if under_way is not None:
            raise Conflict(
                f"{row.name}已有一项在办的名录变更 {under_way.number}，请先办结或者撤回。", number=under_way.number
            )
        return row


@dataclass(frozen=True)
class WithdrawRegistryChange:
    """Take a request back before it is effective (撤回); its number stays, the row is untouched.

    Raises :class:`Forbidden` for anybody but the proposing department's officers,
    :class:`Conflict` when it is no longer under way.
    """

    number: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        row = request_of(ctx.session, ctx.district_id, self.number)
        if not ctx.actor.has_role(OFFICER, row.department):
            raise Forbidden("名录变更由提出部门的承办人撤回。")
        reason = self.reason.strip()
        if not 2 <= len(reason) <= 200:
            raise InvalidInput("请填写撤回理由。", fields={"reason": ["请填写撤回理由，2 至 200 个字。"]})
        waiting = sa.exists().where(
            Subscription.instance_id == ProcessInstance.id, Subscription.message_name == WITHDRAWN,
            ProcessInstance.district_id == ctx.district_id, ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == self.number,
        )  # fmt: skip
        if row.state not in OPEN or not ctx.session.scalar(sa.select(waiting)):
            raise Conflict(f"名录变更 {self.number} 已经办结（{row.state}），不能撤回。")
        ctx.send_message(WITHDRAWN, self.number, {"reason": reason, "by": ctx.actor.name})
