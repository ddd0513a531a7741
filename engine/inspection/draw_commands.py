"""What officials do with a draw outside the diagram's tasks: try, annul, collect a key share, recover the key."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import draw_trial, draws, escrow, late_additions, records
from engine.inspection.code_names import code_names
from engine.inspection.models import Draw
from engine.inspection.numbers import next_number
from engine.inspection.pool import build_pool
from engine.models import ProcessInstance

OFFICER = "承办人"
HEAD = "机关负责人"
WITNESS = "抽取监督人"
AUDITOR = "审计监督"
#: The message that ends a campaign whose draw was annulled.
ANNULLED = "draw-annulled"
LATE_ADDITION = "late-addition"


@dataclass(frozen=True)
class RunTrial:
    """Draw once for practice from the lists as they are now; returns the trial's number.

    Raises :class:`Forbidden` unless the actor is an officer of the lead, :class:`Conflict` once the lists are frozen
    and :class:`InvalidInput` before a work plan was submitted.
    """

    campaign: str

    def run(self, ctx: CommandContext) -> str:
        campaign = records.campaign(ctx.session, ctx.district_id, self.campaign)
        if not ctx.actor.has_role(OFFICER, campaign.lead):
            raise Forbidden("只有牵头部门的承办人可以试抽。")
        if draws.standing_draw(ctx.session, campaign) is not None:
            raise Conflict("本任务的名单已经封存，不再试抽。")
        if not campaign.plan:
            raise InvalidInput("请先提交抽查工作方案，再试抽。")
        if campaign.plan.get("draw_source") == "省工作平台":
            raise Conflict("本任务在省工作平台抽取，不在本系统试抽。")
        settings = ctx.kernel.settings
        pool = build_pool(ctx.session, settings, campaign, campaign.plan, ctx.now)
        names = code_names(ctx.session, settings, ctx.district_id, ctx.calendar.local_date(ctx.now))
        row = draw_trial.run_trial(ctx.session, settings, campaign, campaign.plan, pool, names, ctx.now)
        ctx.record(_stream(ctx, campaign.number), "draw-tried", {"draw_id": row.draw_id})
        return row.draw_id


@dataclass(frozen=True)
class ProposeLateAddition:
    """Start a late addition (补充名单) to the campaign's standing draw; returns the process's business key.

    Raises :class:`Forbidden` unless the actor is an officer of the lead and :class:`Conflict` before the
    draw, after the visits, or while another addition is under way.
    """

    campaign: str

    def run(self, ctx: CommandContext) -> str:
        campaign = records.campaign(ctx.session, ctx.district_id, self.campaign)
        if not ctx.actor.has_role(OFFICER, campaign.lead):
            raise Forbidden("只有牵头部门的承办人可以提出补充名单。")
        draw = draws.standing_draw(ctx.session, campaign)
        if draw is None or draw.state != "drawn" or campaign.state not in late_additions.OPEN:
            raise Conflict("只有抽取之后、检查全部办结之前可以提出补充名单。")
        running = sa.exists().where(
            ProcessInstance.district_id == ctx.district_id,
            ProcessInstance.process_key == LATE_ADDITION,
            ProcessInstance.business_key.startswith(f"{draw.draw_id}/补充/"),
            ProcessInstance.status == "running",
        )
        if ctx.session.scalar(sa.select(running)):
            raise Conflict("本次抽取已有一份补充名单正在办理，请在其办结后再提出。")
        serial = next_number(ctx.session, ctx.district_id, f"late-addition/{draw.draw_id}")
        key = f"{draw.draw_id}/补充/{serial}"
        departments = [campaign.lead, *campaign.participants]
        ctx.start_process(
            LATE_ADDITION,
            key,
            {"campaign": campaign.number, "parent_draw": draw.draw_id, "departments": departments},
            title=f"补充名单：{campaign.name}",
            department=campaign.lead,
            departments=campaign.participants,
        )
        return key


@dataclass(frozen=True)
class AnnulDraw:
    """The lead organ's head annuls (作废) a draw with a signed reason, before any firm is notified.

    The draw stays visible for ever, its campaign ends; a new campaign gets a new number.
    Raises :class:`Forbidden` for anybody else, and what :func:`engine.inspection.draws.annul` raises.
    """

    draw_id: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        draw = draws.locked(ctx.session, ctx.district_id, self.draw_id)
        if not ctx.actor.has_role(HEAD, draw.authority):
            raise Forbidden("抽取只能由牵头机关的机关负责人作废。")
        if draw.trial or draw.parent:
            raise Conflict("试抽没有效力，不需要作废；补充名单随原抽取一并作废。")
        organ = records.department_names(ctx.session, ctx.district_id).get(draw.authority, draw.authority)
        signed = f"{organ}{HEAD} {ctx.actor.name} 签署"
        draws.annul(ctx.session, ctx.kernel.settings, draw, self.reason, signed, ctx.now)
        campaign = records.campaign(ctx.session, ctx.district_id, draw.campaign)
        campaign.state, campaign.total, campaign.open_count = "已作废", 0, 0  # nothing drawn stands any more
        ctx.record(
            _stream(ctx, campaign.number), "draw-annulled", {"draw_id": draw.draw_id, "reason": self.reason.strip()}
        )
        ctx.send_message(ANNULLED, campaign.number, {"draw_id": draw.draw_id, "reason": self.reason.strip()})


def share_holder(actor: Actor, holder: str) -> bool:
    """May the actor collect this holder's share?  A department's head or witness, or an auditor."""
    if holder == escrow.AUDIT:
        return actor.has_role(AUDITOR)
    return actor.has_role(HEAD, holder) or actor.has_role(WITNESS, holder)


@dataclass(frozen=True)
class CollectKeyShare:
    """Hand a holder its share of a draw's key, once; returns the share file's text.

    Raises :class:`Forbidden` for anybody but the holder, and what :func:`engine.inspection.escrow.collect` raises.
    """

    draw_id: str
    holder: str

    def run(self, ctx: CommandContext) -> str:
        if not share_holder(ctx.actor, self.holder):
            raise Forbidden("密钥份额只能由保管单位的机关负责人、抽取监督人或者审计监督人员领取。")
        draw = draws.locked(ctx.session, ctx.district_id, self.draw_id)
        text = escrow.collect(ctx.session, draw, self.holder, ctx.actor.user_id, ctx.now)
        ctx.record(_stream(ctx, draw.campaign), "key-share-collected", {"draw_id": draw.draw_id, "holder": self.holder})
        return text


@dataclass(frozen=True)
class RecoverKey:
    """Put a draw's lost key back from its holders' shares; returns the draw's number.

    Raises :class:`InvalidInput` when the shares do not give the committed key.
    """

    shares: tuple[str, ...]

    def run(self, ctx: CommandContext) -> str:
        draw_id, _ = escrow.key_from(self.shares)
        draw: Draw = draws.locked(ctx.session, ctx.district_id, draw_id)
        escrow.recover(ctx.session, draw, self.shares)
        ctx.record(_stream(ctx, draw.campaign), "draw-key-recovered", {"draw_id": draw_id})
        return draw_id


def _stream(ctx: CommandContext, campaign: str) -> str | None:
    """The campaign's own history."""
    return ctx.session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == ctx.district_id,
            ProcessInstance.process_key == "joint-inspection",
            ProcessInstance.business_key == campaign,
        )
    )
