"""Open a campaign or a plan: its row, its number and its process in one command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import records
from engine.inspection.models import Campaign, Plan
from engine.inspection.numbers import next_number
from engine.inspection.plan_models import PlanCampaign

OFFICER = "承办人"
OFFICE = "联席会议办公室"


def enter_campaign(session: Session, district_id: str, lead: str, name: str, year: int, now: datetime) -> str:
    """Give a new campaign of ``lead`` its number of the year and its row; its process is the caller's to start."""
    serial = next_number(session, district_id, f"campaign/{lead}/{year}")
    number = f"{lead}-抽查-{year}-{serial:04d}"
    session.add(
        Campaign(
            id=new_id(), district_id=district_id, number=number, name=name, lead=lead, participants=[], plan={},
            created_at=now,
        )
    )  # fmt: skip
    return number


@dataclass(frozen=True)
class OpenCampaign:
    """Open an 抽查任务 of ``department`` (the lead, R30); returns its number.

    ``plan`` and ``row`` name the row of a plan it carries out: the work plan begins with what the row
    says, and the plan's page shows how far the campaign is.  Raises :class:`Forbidden` unless the actor is
    an officer in charge there, :class:`Conflict` when the plan is not in force or gives the row to others.
    """

    department: str
    plan: str = ""
    row: str = ""

    def run(self, ctx: CommandContext) -> str:
        if not ctx.actor.has_role(OFFICER, self.department):
            raise Forbidden("只有发起部门的承办人可以新建抽查任务。")
        name = self._planned(ctx) if self.plan else "（起草中）"
        number = enter_campaign(ctx.session, ctx.district_id, self.department, name, int(ctx.today[:4]), ctx.now)
        if self.plan:
            ctx.session.add(
                PlanCampaign(
                    id=new_id(), district_id=ctx.district_id, plan=self.plan, row=self.row, campaign=number, at=ctx.now
                )
            )
        ctx.session.flush()
        ctx.start_process(
            "joint-inspection", number, {"campaign": number}, title=f"抽查任务 {number}", department=self.department
        )
        return number

    def _planned(self, ctx: CommandContext) -> str:
        """The name the plan's row gives the campaign."""
        plan = records.plan(ctx.session, ctx.district_id, self.plan)
        row = next((r for r in plan.content.get("tasks", []) if r.get("code") == self.row), None)
        if row is None or plan.published_at is None:
            raise Conflict("该计划还没有公布，或者现行计划中没有这项任务，不能据此开启抽查任务。")
        if row["initiator"] != self.department:
            raise Conflict("这项计划任务由其他部门发起，请由发起部门开启。")
        return str(row["name"])


@dataclass(frozen=True)
class OpenPlan:
    """Open a year's plan: ``部门`` by an officer of the department (R24), ``联合`` by the conference office (R29).

    Returns the business key; opening the same plan again returns the same key.
    """

    department: str
    year: int
    kind: str = "部门"

    def run(self, ctx: CommandContext) -> str:
        role = OFFICE if self.kind == "联合" else OFFICER
        if not (ctx.actor.is_system or ctx.actor.has_role(role, self.department)):
            raise Forbidden(f"只有本部门的“{role}”可以新建{self.kind}抽查计划。")
        if not 2020 <= self.year <= int(ctx.today[:4]) + 1:
            raise InvalidInput(
                "计划年度有误。", fields={"year": [f"请填写 2020 至 {int(ctx.today[:4]) + 1} 之间的年份。"]}
            )
        key = f"plan/{self.year}/{'joint' if self.kind == '联合' else self.department}"
        name = f"{self.year}年度{'部门联合' if self.kind == '联合' else ''}抽查工作计划"
        known = ctx.session.query(Plan.id).filter_by(district_id=ctx.district_id, business_key=key).first()
        if known is None:
            ctx.session.add(
                Plan(
                    id=new_id(), district_id=ctx.district_id, business_key=key, year=self.year, kind=self.kind,
                    department=self.department, name=name, content={},
                )
            )  # fmt: skip
            ctx.session.flush()
        ctx.start_process(
            "annual-plan", key, {"year": self.year, "kind": self.kind}, title=name, department=self.department
        )
        return key
