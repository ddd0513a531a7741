"""Proposals to make one visit of two departments' plan rows, by how many objects they share (R25, R29, R31)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import records
from engine.inspection.gate_frequency import Frequency
from engine.inspection.models import Item, Plan
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.plan_census import census, holds, size, within
from engine.inspection.plan_models import PlanMerge
from engine.inspection.plan_scope import Scope
from engine.inspection.plans import DEPARTMENT, JOINT, WITHHELD, Row
from engine.models import TaskDraft, UserTask
from engine.settings import Settings

DRAFT = "draft_plan"
MAX_REASON = 300


@dataclass(frozen=True)
class PlanRow:
    """A row of a department's plan, named ``<plan>#<code>``."""

    key: str
    department: str
    row: Row

    @property
    def code(self) -> str:
        return self.key.rpartition("#")[2]


@dataclass(frozen=True)
class Proposal:
    """Two rows with the objects of each and those in both; ``decision`` is what was decided about them, if anything."""

    first: PlanRow
    second: PlanRow
    first_objects: int
    second_objects: int
    overlap: int
    decision: PlanMerge | None = None

    @property
    def percent(self) -> int:
        """Of the smaller row's objects, how many lie in both."""
        smaller = min(self.first_objects, self.second_objects)
        return round(100 * self.overlap / smaller) if smaller else 0


def proposals(session: Session, settings: Settings, joint: Plan, today: date) -> list[Proposal]:
    """Pairs of rows of different departments whose objects overlap enough, and every pair decided about.

    Rows withheld from the public stay with their department.  The threshold is a figure of the
    frequency table (``merge-overlap-percent``).
    """
    rows = department_rows(session, joint)
    least = Frequency(settings, today).figure("merge-overlap-percent")
    decided = {
        (m.first_row, m.second_row): m
        for m in session.scalars(
            sa.select(PlanMerge).where(PlanMerge.district_id == joint.district_id, PlanMerge.plan == joint.business_key)
        )
    }
    cells = census(session, joint.district_id) if rows else []
    scopes = {row.key: Scope.of(row.row, _items(session, joint.district_id, row.row)) for row in rows}
    inside = {key: within(cells, scope) for key, scope in scopes.items()}
    sizes = {key: size(found) for key, found in inside.items()}
    found = []
    for first, second in combinations(rows, 2):
        if first.department == second.department:
            continue
        common = size(cell for cell in inside[first.key] if holds(scopes[second.key], cell))
        proposal = Proposal(
            first, second, sizes[first.key], sizes[second.key], common, decided.get((first.key, second.key))
        )
        if proposal.decision is not None or (common and proposal.percent >= least):
            found.append(proposal)
    return sorted(found, key=lambda p: (p.decision is not None, -p.overlap, p.first.key, p.second.key))


def department_rows(session: Session, joint: Plan) -> list[PlanRow]:
    """Every public row of the year's department plans that are submitted or in force, in a fixed order."""
    plans = session.scalars(
        sa.select(Plan)
        .where(
            Plan.district_id == joint.district_id,
            Plan.year == joint.year,
            Plan.kind == DEPARTMENT,
            Plan.state != "起草",
        )
        .order_by(Plan.business_key)
    )
    return [
        PlanRow(f"{plan.business_key}#{row['code']}", plan.department, row)
        for plan in plans
        for row in plan.content.get("tasks", [])
        if row.get("code") and row.get("publish") != WITHHELD
    ]


def merged_row(first: Mapping[str, Any], second: Mapping[str, Any], code: str) -> Row:
    """One row for both: items and departments together, the wider area, the common time where there is one.

    Industries stay chosen only where both rows chose them; otherwise each department's items say
    which objects it checks in the common visit.
    """
    departments = [first["initiator"], *(first.get("participants") or [])]
    departments += [second["initiator"], *(second.get("participants") or [])]
    industries = [
        a if a.startswith(b) else b
        for a in first.get("industries") or []
        for b in second.get("industries") or []
        if a.startswith(b) or b.startswith(a)
    ]
    start, end = max(first["start_date"], second["start_date"]), min(first["end_date"], second["end_date"])
    if end < start:
        start, end = first["start_date"], first["end_date"]
    return {
        "code": code,
        "name": f"{first['name']}、{second['name']}",
        "items": list(dict.fromkeys([*first["items"], *second["items"]])),
        "initiator": first["initiator"],
        "participants": [d for d in dict.fromkeys(departments) if d != first["initiator"]],
        "regions": _wider(first, second, "regions"),
        "kinds": _wider(first, second, "kinds"),
        "industries": list(dict.fromkeys(industries)),
        "quota": first.get("quota") if first.get("quota") == second.get("quota") != "户数" else "按风险等级",
        "ratio": max(first.get("ratio") or 0, second.get("ratio") or 0) or None,
        "start_date": start,
        "end_date": end,
        "form": "综合联查",
        "methods": list(dict.fromkeys([*(first.get("methods") or []), *(second.get("methods") or [])])),
        "publish": "公布",
    }


@dataclass(frozen=True)
class DecideMerge:
    """Accept or decline a proposal; an accepted one becomes, or joins, a row of the joint plan's draft.

    Raises :class:`Forbidden` for whoever does not prepare the joint plan, :class:`Conflict` when its draft is not
    open or the pair was accepted before, :class:`InvalidInput` without a reason for declining.
    """

    plan: str
    proposal: Proposal
    accepted: bool
    reason: str = ""

    def run(self, ctx: CommandContext) -> str:
        plan = records.plan(ctx.session, ctx.district_id, self.plan)
        if plan.kind != JOINT or not any(ctx.actor.has_role(role, plan.department) for role in (OFFICE, OFFICER)):
            raise Forbidden("只有制定部门联合计划的联席会议办公室和承办人可以处理合并建议。")
        task = _draft_task(ctx.session, plan)
        if task is None:
            raise Conflict("联合计划不在起草环节，不能再合并；需要改动的，退回起草或者在公布后调整计划。")
        reason = self.reason.strip()
        if not self.accepted and len(reason) < 2:
            raise InvalidInput("请写明不合并的理由。", fields={"reason": ["请写明不合并的理由（至少 2 个字）。"]})
        if len(reason) > MAX_REASON:
            raise InvalidInput("理由过长。", fields={"reason": [f"理由最多 {MAX_REASON} 字。"]})
        p = self.proposal
        row = ctx.session.scalar(
            sa.select(PlanMerge).where(
                PlanMerge.district_id == ctx.district_id, PlanMerge.plan == plan.business_key,
                PlanMerge.first_row == p.first.key, PlanMerge.second_row == p.second.key,
            )
        )  # fmt: skip
        if row is not None and row.accepted:
            raise Conflict("这两项已经合并，需要拆开的，请在联合计划的草稿中修改该项任务。")
        if row is None:
            row = PlanMerge(
                id=new_id(), district_id=ctx.district_id, plan=plan.business_key, first_row=p.first.key,
                second_row=p.second.key,
            )  # fmt: skip
            ctx.session.add(row)
        row.first_objects, row.second_objects, row.overlap = p.first_objects, p.second_objects, p.overlap
        row.accepted, row.reason, row.at = self.accepted, reason, ctx.now
        row.decided_by, row.decided_name = ctx.actor.user_id, ctx.actor.name
        row.joint_code = self._merge(ctx, plan, task) if self.accepted else ""
        ctx.record(
            task.instance_id,
            "plan-merge-decided",
            {
                "first": p.first.key, "second": p.second.key, "overlap": p.overlap, "accepted": self.accepted,
                "reason": reason, "row": row.joint_code,
            },
        )  # fmt: skip
        return row.joint_code

    def _merge(self, ctx: CommandContext, plan: Plan, task: UserTask) -> str:
        """Put the merged row into the plan's draft and into what officials have typed so far."""
        p = self.proposal
        tasks = list(plan.content.get("tasks") or [])
        before = self._earlier(ctx, plan)
        known = next((r for r in tasks if r.get("code") == before), None)
        code = before if known is not None else _free_code(tasks)
        # A row that was merged before takes the other one in, so that three rows make one visit, not two.
        addition = (
            p.second.row if known is not None and set(p.first.row["items"]) <= set(known["items"]) else p.first.row
        )
        merged = merged_row(known or p.first.row, addition if known is not None else p.second.row, code)
        plan.content = {**plan.content, "tasks": [*(r for r in tasks if r.get("code") != code), merged]}
        for draft in ctx.session.scalars(sa.select(TaskDraft).where(TaskDraft.task_id == task.id)):
            typed = [r for r in draft.values.get("tasks") or [] if r.get("code") != code]
            draft.values = {**draft.values, "tasks": [*typed, merged]}
        return code

    def _earlier(self, ctx: CommandContext, plan: Plan) -> str:
        """The joint row that one of the two rows already became."""
        keys = (self.proposal.first.key, self.proposal.second.key)
        found = ctx.session.scalar(
            sa.select(PlanMerge.joint_code)
            .where(
                PlanMerge.district_id == plan.district_id, PlanMerge.plan == plan.business_key, PlanMerge.accepted,
                PlanMerge.joint_code != "", sa.or_(PlanMerge.first_row.in_(keys), PlanMerge.second_row.in_(keys)),
            )
            .limit(1)
        )  # fmt: skip
        return found or ""


def _draft_task(session: Session, plan: Plan) -> UserTask | None:
    return session.scalar(
        sa.select(UserTask).where(
            UserTask.district_id == plan.district_id, UserTask.process_key == "annual-plan",
            UserTask.business_key == plan.business_key, UserTask.element_id == DRAFT, UserTask.state == "open",
        )
    )  # fmt: skip


def _wider(first: Mapping[str, Any], second: Mapping[str, Any], key: str) -> list[str]:
    """Both choices together; none chosen is all."""
    a, b = first.get(key) or [], second.get(key) or []
    return list(dict.fromkeys([*a, *b])) if a and b else []


def _free_code(rows: Sequence[Mapping[str, Any]]) -> str:
    taken, number = {str(row.get("code")) for row in rows}, 1
    while f"{number:02d}" in taken:
        number += 1
    return f"{number:02d}"


def _items(session: Session, district_id: str, row: Mapping[str, Any]) -> list[Item]:
    return list(
        session.scalars(sa.select(Item).where(Item.district_id == district_id, Item.code.in_(row.get("items") or [])))
    )
