"""One annual plan: its rows with their campaigns, its versions side by side, adjusting it, opening a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection.models import Item, Plan
from engine.inspection.opening import OFFICE, OFFICER, OpenCampaign
from engine.inspection.plan_facts import quota_words, scope_words
from engine.inspection.plan_models import PlanVersion
from engine.inspection.plan_progress import plan_progress
from engine.inspection.plan_versions import LABELS, OpenAdjustment, differences, versions_of, words
from engine.inspection.plans import IN_FORCE, JOINT, WITHHELD
from engine.models import ProcessInstance, UserTask
from engine.scope import instance_in_scope
from engine.web.context import actor, database, department_name, departments, engine, now, settings
from engine.web.guards import requires_role, signed_in
from engine.web.plans import CHIPS

blueprint = Blueprint("plan", __name__)

VERSION_CHIPS = {"已生效": "chip-green", "审批中": "chip-amber", "起草": "", "已终止": ""}


def find_plan(session: Session, year: int, what: str) -> tuple[Plan, bool]:
    """The plan and whether the reader takes part in it; :class:`NotFound` when it is neither theirs nor in force."""
    row = session.execute(
        sa.select(Plan, instance_in_scope(actor(), ProcessInstance.id))
        .join(
            ProcessInstance,
            (ProcessInstance.district_id == Plan.district_id)
            & (ProcessInstance.process_key == "annual-plan")
            & (ProcessInstance.business_key == Plan.business_key),
        )
        .where(Plan.district_id == settings().district_id, Plan.business_key == f"plan/{year}/{what}")
    ).first()
    if row is None or not (row[1] or row[0].published_at):
        raise NotFound("没有找到这份计划，可能链接有误，或者计划还没有公布。")
    return row[0], bool(row[1])


def visible_rows(rows: list[dict[str, Any]], takes_part: bool) -> list[dict[str, Any]]:
    """Rows withheld from the public are for whoever takes part in the plan or in the row."""
    own = actor().departments
    return [
        row for row in rows
        if takes_part or row.get("publish") != WITHHELD or own & {row["initiator"], *(row.get("participants") or [])}
    ]  # fmt: skip


@blueprint.get("/plans/<int:year>/<what>")
@signed_in
def show(year: int, what: str) -> ResponseReturnValue:
    """The plan in force or in preparation: rows, campaigns, versions."""
    with database().read() as session:
        plan, takes_part = find_plan(session, year, what)
        today = now().date()
        rows = visible_rows(plan.content.get("tasks", []), takes_part)
        progress = plan_progress(session, plan.district_id, [plan])[plan.business_key]
        codes = sorted({code for row in rows for code in row["items"]})
        items = dict(
            session.execute(
                sa.select(Item.code, Item.name).where(Item.district_id == plan.district_id, Item.code.in_(codes))
            )
            .tuples()
            .all()
        )
        return render_template(
            "plan.html", plan=plan, year=year, what=what, chip=CHIPS.get(plan.state, ""), items=items,
            rows=[(row, scope_words(settings(), row, today), quota_words(row)) for row in rows],
            hidden=len(plan.content.get("tasks", [])) - len(rows), withheld=WITHHELD,
            progress=progress, versions=versions_of(session, plan) if takes_part or plan.published_at else [],
            version_chips=VERSION_CHIPS, instance_id=_instance(session, plan), drafting=drafting(session, plan),
            organs=organs,
            takes_part=takes_part, in_force=plan.state in IN_FORCE, joint=plan.kind == JOINT,
            prepares=prepares(plan), may_start=lambda row: actor().has_role(OFFICER, row["initiator"]),
        )  # fmt: skip


def organs(codes: Iterable[str]) -> str:
    """Names of departments in one line."""
    return "、".join(department_name(code) for code in codes)


def prepares(plan: Plan) -> bool:
    """May the reader work on this plan?"""
    roles = (OFFICER, OFFICE) if plan.kind == JOINT else (OFFICER,)
    return any(actor().has_role(role, plan.department) for role in roles)


def _instance(session: Session, plan: Plan) -> str | None:
    return session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == plan.district_id, ProcessInstance.process_key == "annual-plan",
            ProcessInstance.business_key == plan.business_key, instance_in_scope(actor(), ProcessInstance.id),
        )
    )  # fmt: skip


def drafting(session: Session, plan: Plan) -> UserTask | None:
    """The open step in which the plan is written."""
    return session.scalar(
        sa.select(UserTask).where(
            UserTask.district_id == plan.district_id, UserTask.process_key == "annual-plan",
            UserTask.business_key == plan.business_key, UserTask.element_id == "draft_plan", UserTask.state == "open",
        )
    )  # fmt: skip


@blueprint.post("/plans/<int:year>/<what>/campaigns")
@requires_role(OFFICER)
def start(year: int, what: str) -> ResponseReturnValue:
    """Open the campaign of a row and go on to its work plan, which begins with what the row says."""
    row = request.form.get("row", "")
    with database().read() as session:
        plan, _ = find_plan(session, year, what)
        found = next((r for r in plan.content.get("tasks", []) if r.get("code") == row), None)
    if found is None:
        raise NotFound("现行计划中没有这项任务，请刷新后重试。")
    number = engine().execute(OpenCampaign(found["initiator"], plan.business_key, row), actor=actor())
    flash(f"已按计划开启抽查任务 {number}，工作方案已按计划预填，请核对补充。", "success")
    return _to_task("joint-inspection", number) or redirect(url_for("campaigns.show", number=number), 303)


@blueprint.post("/plans/<int:year>/<what>/adjust")
@requires_role(OFFICER, OFFICE)
def adjust(year: int, what: str) -> ResponseReturnValue:
    """Open the plan's adjustment, or go to the one under way."""
    with database().read() as session:
        plan, _ = find_plan(session, year, what)
    number = engine().execute(OpenAdjustment(plan.business_key), actor=actor())
    return _to_task("plan-adjustment", number) or redirect(url_for(".show", year=year, what=what), 303)


def _to_task(process_key: str, business_key: str) -> ResponseReturnValue | None:
    with database().read() as session:
        task_id = session.scalar(
            sa.select(UserTask.id).where(
                UserTask.district_id == settings().district_id, UserTask.process_key == process_key,
                UserTask.business_key == business_key, UserTask.state == "open",
            )
        )  # fmt: skip
    return redirect(url_for("tasks.show", task_id=task_id), 303) if task_id else None


@blueprint.get("/plans/<int:year>/<what>/compare")
@signed_in
def compare(year: int, what: str) -> ResponseReturnValue:
    """Two versions of a plan side by side; ``a`` and ``b`` are version numbers."""
    with database().read() as session:
        plan, takes_part = find_plan(session, year, what)
        versions = [v for v in versions_of(session, plan) if takes_part or v.state == "已生效"]
        if not versions:
            raise NotFound("这份计划还没有可以对照的版本。")
        shown = [v for v in versions if v.content]
        new = _chosen(shown, "b") or shown[0]
        old = _chosen(shown, "a") or next((v for v in shown if v.version < new.version), new)
        today, names = now().date(), departments()
        before, after = (visible_rows(v.content.get("tasks", []), takes_part) for v in (old, new))
        changes = [
            (
                change,
                [
                    (
                        LABELS[key],
                        words(settings(), names, key, was, today),
                        words(settings(), names, key, is_now, today),
                    )
                    for key, was, is_now in change.fields
                ],
            )
            for change in differences(before, after)
        ]
        return render_template(
            "plan_compare.html", plan=plan, year=year, what=what, versions=shown, old=old, new=new, changes=changes,
            same=len(after) - sum(c.kind != "取消" for c, _ in changes), chips=VERSION_CHIPS,
        )  # fmt: skip


def _chosen(versions: list[PlanVersion], name: str) -> PlanVersion | None:
    return next((v for v in versions if str(v.version) == request.args.get(name, "")), None)
