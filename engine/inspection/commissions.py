"""委托协助: firms and experts that assist a department in a campaign (R20, R36).

They assist only: they never stand in a pair, conclude nothing, and keep away from firms they have an interest in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import records, tables
from engine.inspection.joint_models import Commission
from engine.inspection.models import Campaign, DepartmentInspection
from engine.inspection.uscc import normalise
from engine.models import ProcessInstance

OFFICER = "承办人"
_SEPARATORS = re.compile(r"[\s、，,；;]+")


def of_campaign(session: Session, campaign: Campaign) -> list[Commission]:
    """All commissions of a campaign, the oldest first, ended ones too."""
    return list(
        session.scalars(
            sa.select(Commission)
            .where(Commission.district_id == campaign.district_id, Commission.campaign == campaign.number)
            .order_by(Commission.at, Commission.id)
        )
    )


def assisting(session: Session, part: DepartmentInspection) -> list[Commission]:
    """Who may assist a department at its object: not ended, and without an interest in it."""
    inspected = records.inspection(session, part.district_id, part.inspection).uscc
    rows = session.scalars(
        sa.select(Commission)
        .where(
            Commission.district_id == part.district_id, Commission.campaign == part.campaign,
            Commission.department == part.department, Commission.ended_at.is_(None),
        )
        .order_by(Commission.at, Commission.id)
    )  # fmt: skip
    return [row for row in rows if inspected not in row.conflicts]


@dataclass(frozen=True)
class RecordCommission:
    """An officer in charge records whom the department commissioned; returns the row's id.

    ``conflicts`` are codes of firms it has declared an interest in, as typed.  Raises :class:`Forbidden` for anybody
    else, :class:`Conflict` once the campaign is archived or annulled, :class:`InvalidInput` naming every faulty field.
    """

    campaign: str
    department: str
    kind: str
    name: str
    members: str
    mandate: str
    document_number: str
    declaration: str
    conflicts: str = ""

    def run(self, ctx: CommandContext) -> str:
        campaign = records.campaign(ctx.session, ctx.district_id, self.campaign)
        _officer(ctx, campaign, self.department)
        avoided = list(dict.fromkeys(normalise(code) for code in _SEPARATORS.split(self.conflicts.strip()) if code))
        self._check(ctx, avoided)
        row = Commission(
            id=new_id(), district_id=ctx.district_id, campaign=campaign.number, department=self.department,
            kind=self.kind, name=self.name.strip(), members=self.members.strip(), mandate=self.mandate.strip(),
            document_number=self.document_number.strip(), declaration=self.declaration.strip(), conflicts=avoided,
            entered_by=ctx.actor.user_id, entered_by_name=ctx.actor.name, at=ctx.now,
        )  # fmt: skip
        ctx.session.add(row)
        body = {"department": row.department, "name": row.name, "document_number": row.document_number}
        ctx.record(stream(ctx, campaign.number), "commission-recorded", body)
        return row.id

    def _check(self, ctx: CommandContext, avoided: Sequence[str]) -> None:
        faults: dict[str, list[str]] = {}
        kinds = {str(r["code"]) for r in tables.rows(ctx.kernel.settings, "commission-kind", ctx.now.date())}
        if self.kind not in kinds:
            faults["kind"] = ["请选择机构或者人员的种类。"]
        for field, label, least, most in (
            ("name", "机构名称或者专家姓名", 2, 100), ("mandate", "委托事项", 4, 1000),
            ("document_number", "委托书或者合同编号", 2, 100), ("declaration", "利害关系声明", 2, 300),
        ):  # fmt: skip
            if not least <= len(getattr(self, field).strip()) <= most:
                faults[field] = [f"请填写{label}，{least} 至 {most} 个字。"]
        if len(self.members.strip()) > 200:
            faults["members"] = ["参加人员最多 200 个字。"]
        unknown = [code for code in avoided if records.inspected_object(ctx.session, ctx.district_id, code) is None]
        if unknown:
            faults["conflicts"] = [f"检查对象名录库中没有 {'、'.join(unknown)}，请核对统一社会信用代码。"]
        if faults:
            raise InvalidInput("委托协助的内容需要修改。", fields=faults)


@dataclass(frozen=True)
class EndCommission:
    """End a commission (解除委托) with a reason.  Raises as :class:`RecordCommission`, and :class:`NotFound`."""

    campaign: str
    commission_id: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        campaign = records.campaign(ctx.session, ctx.district_id, self.campaign)
        row = next((r for r in of_campaign(ctx.session, campaign) if r.id == self.commission_id), None)
        if row is None:
            raise NotFound("没有找到这项委托。")
        _officer(ctx, campaign, row.department)
        if row.ended_at is not None:
            raise Conflict("这项委托已经解除。")
        reason = self.reason.strip()
        if not 2 <= len(reason) <= 300:
            raise InvalidInput("请填写解除委托的原因，2 至 300 个字。", fields={"reason": ["2 至 300 个字。"]})
        row.ended_at, row.ended_reason = ctx.now, reason
        ctx.record(stream(ctx, campaign.number), "commission-ended", {"name": row.name, "reason": reason})


def stream(ctx: CommandContext, campaign: str) -> str | None:
    """The history of the campaign's own process."""
    return ctx.session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == ctx.district_id, ProcessInstance.process_key == "joint-inspection",
            ProcessInstance.business_key == campaign,
        )
    )  # fmt: skip


def _officer(ctx: CommandContext, campaign: Campaign, department: str) -> None:
    if department not in (campaign.lead, *campaign.participants) or not ctx.actor.has_role(OFFICER, department):
        raise Forbidden("委托协助由参加本次抽查的部门的承办人登记。")
    if campaign.state in ("已归档", "已作废"):
        raise Conflict(f"抽查任务{campaign.state}，不能再登记或者解除委托。")
