"""Versions of a plan: the list, what changed between two, and opening an adjustment (R28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden
from engine.inspection import records, tables
from engine.inspection.industries import SECTIONS
from engine.inspection.models import Plan
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.plan_models import PlanVersion
from engine.inspection.plans import IN_FORCE, JOINT
from engine.settings import Settings

#: Fields of a row in the order pages show them.
LABELS = {
    "name": "任务名称", "items": "抽查事项", "initiator": "发起部门", "participants": "参与部门", "regions": "所在街道",
    "kinds": "对象类型", "industries": "行业", "quota": "抽取数量", "ratio": "统一比例（%）", "count": "抽取户数",
    "start_date": "开始日期", "end_date": "截止日期", "form": "联查形式", "methods": "检查方式", "publish": "是否公布",
    "legal_ground": "不予公开的法律依据",
}  # fmt: skip
ADDED, REMOVED, CHANGED = "新增", "取消", "变更"


@dataclass(frozen=True)
class RowChange:
    """One row of a plan that differs; ``fields`` are (field, before, after), empty for a row added or removed."""

    code: str
    name: str
    kind: str
    fields: tuple[tuple[str, Any, Any], ...] = ()


def differences(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[RowChange]:
    """What changed between two versions, row by row in the order of their codes."""
    old, new = ({str(row["code"]): row for row in rows} for rows in (before, after))
    found = []
    for code in sorted(old.keys() | new.keys()):
        if code not in old:
            found.append(RowChange(code, str(new[code]["name"]), ADDED))
        elif code not in new:
            found.append(RowChange(code, str(old[code]["name"]), REMOVED))
        elif fields := _fields(old[code], new[code]):
            found.append(RowChange(code, str(new[code]["name"]), CHANGED, fields))
    return found


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    # A blank and an empty list are the same to an official.
    return tuple(
        (key, old.get(key), new.get(key)) for key in LABELS if (old.get(key) or None) != (new.get(key) or None)
    )


def versions_of(session: Session, plan: Plan) -> list[PlanVersion]:
    """Every version and open adjustment, the newest first."""
    return list(
        session.scalars(
            sa.select(PlanVersion)
            .where(PlanVersion.district_id == plan.district_id, PlanVersion.plan == plan.business_key)
            .order_by(PlanVersion.version.desc())
        )
    )


@dataclass(frozen=True)
class OpenAdjustment:
    """Open the adjustment of a plan in force; returns the business key of its process.

    One adjustment at a time: opening another returns the one that is under way.  Raises
    :class:`Forbidden` for whoever could not have opened the plan, and :class:`Conflict`
    before the plan is public.
    """

    plan: str

    def run(self, ctx: CommandContext) -> str:
        plan = ctx.session.scalars(
            sa.select(Plan).where(Plan.district_id == ctx.district_id, Plan.business_key == self.plan).with_for_update()
        ).first() or records.plan(ctx.session, ctx.district_id, self.plan)
        role = OFFICE if plan.kind == JOINT else OFFICER
        if not (ctx.actor.has_role(role, plan.department) or ctx.actor.has_role(OFFICER, plan.department)):
            raise Forbidden(f"只有制定机关的“{role}”可以调整计划。")
        if plan.state not in IN_FORCE:
            raise Conflict("计划还没有公布，请在原稿上修改。")
        versions = versions_of(ctx.session, plan) or [self._first(ctx, plan)]
        if versions[0].state in ("起草", "审批中"):
            return versions[0].number
        last = max(v.version for v in versions)
        number = f"{plan.business_key}/调整/{last}"
        ctx.session.add(
            PlanVersion(
                id=new_id(), district_id=ctx.district_id, plan=plan.business_key, version=last + 1, number=number,
                content={}, state="起草", prepared_by=ctx.actor.user_id, created_at=ctx.now, effective_at=None,
            )
        )  # fmt: skip
        ctx.session.flush()
        ctx.start_process(
            "plan-adjustment", number, {"plan": plan.business_key, "year": plan.year, "kind": plan.kind},
            title=f"{plan.name}（第 {last + 1} 版）", department=plan.department,
        )  # fmt: skip
        return number

    def _first(self, ctx: CommandContext, plan: Plan) -> PlanVersion:
        """A plan made public before versions were kept is its own first version."""
        first = PlanVersion(
            id=new_id(), district_id=ctx.district_id, plan=plan.business_key, version=1, number=plan.business_key,
            content=plan.content, document_number=plan.document_number, state="已生效",
            created_at=plan.published_at or ctx.now, effective_at=plan.published_at,
        )  # fmt: skip
        ctx.session.add(first)
        return first


def words(settings: Settings, names: Mapping[str, str], key: str, value: Any, today: date) -> str:
    """A row's field as officials read it; ``names`` are department names by code."""
    if value in (None, "", []):
        return "全区" if key == "regions" else "全部" if key in ("kinds", "industries") else "—"
    listed = value if isinstance(value, list) else [value]
    if key in ("initiator", "participants"):
        listed = [names.get(code, code) for code in listed]
    elif key == "regions":
        listed = [tables.label(settings, "region", code, today) for code in listed]
    elif key == "industries":
        listed = [SECTIONS[code][0] if code in SECTIONS else code for code in listed]
    elif key == "quota":
        listed = ["按比例表" if code == "按风险等级" else code for code in listed]
    return "、".join(str(each) for each in listed)
