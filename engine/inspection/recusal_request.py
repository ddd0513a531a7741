"""A party's application that an inspector stand back (申请回避), entered by the inspectors or the officer."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import recusals
from engine.inspection.records import department_inspection
from engine.models import ProcessInstance, Subscription, UserTask

ROLES = ("执法检查人员", "承办人")


@dataclass(frozen=True)
class RequestRecusal:
    """Pass the application on to the organ's head, who decides; the inspection goes on meanwhile (PL43).

    ``inspector`` is the code of the person meant, empty for the whole team.  Raises :class:`Conflict` once
    the result was reviewed or while another application waits, :class:`Forbidden` for anybody outside the
    department's inspectors and officers, :class:`InvalidInput` naming every faulty field.
    """

    instance_id: str
    applicant: str
    reason: str
    inspector: str = ""

    def run(self, ctx: CommandContext) -> None:
        instance = ctx.session.get(ProcessInstance, self.instance_id)
        if instance is None or instance.district_id != ctx.district_id:
            raise NotFound("没有找到这项检查。")
        if not any(ctx.actor.has_role(role, instance.department) for role in ROLES):
            raise Forbidden("回避申请由本次检查的执法检查人员或本部门承办人代为登记。")
        self._check(ctx, instance)
        part = department_inspection(ctx.session, ctx.district_id, instance.business_key)
        awaited = sa.exists().where(
            Subscription.instance_id == instance.id, Subscription.message_name == recusals.MESSAGE
        )
        if part.reviewed_at is not None or not ctx.session.scalar(sa.select(awaited)):
            raise Conflict("检查结果已经审核，不能再登记回避申请；当事人有异议的，按结果异议办理。")
        deciding = sa.exists().where(
            UserTask.instance_id == instance.id, UserTask.element_id == "decide_recusal", UserTask.state == "open"
        )
        if ctx.session.scalar(sa.select(deciding)):
            raise Conflict("已有一项回避申请等待机关负责人决定，请在决定作出后再登记。")
        payload = {
            "applicant": self.applicant.strip(), "reason": self.reason.strip(), "inspector": self.inspector or None
        }  # fmt: skip
        recusals.keep(ctx.session, ctx.district_id, part.number, payload, ctx.now)
        ctx.record(instance.id, recusals.MESSAGE, payload)
        ctx.send_message(recusals.MESSAGE, instance.business_key, payload)

    def _check(self, ctx: CommandContext, instance: ProcessInstance) -> None:
        faults: dict[str, list[str]] = {}
        if not 1 <= len(self.applicant.strip()) <= 64:
            faults["applicant"] = ["请填写申请人姓名，不超过 64 个字。"]
        if not 2 <= len(self.reason.strip()) <= 500:
            faults["reason"] = ["请填写申请理由，2 至 500 个字。"]
        team = department_inspection(ctx.session, ctx.district_id, instance.business_key).inspectors
        if self.inspector and self.inspector not in team:
            faults["inspector"] = ["该人员不是本次检查的检查人员，请重新选择。"]
        if faults:
            raise InvalidInput("回避申请" + "".join(m for found in faults.values() for m in found), fields=faults)
