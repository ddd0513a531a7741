"""测算: what a work plan or a plan will cost, before anybody approves it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.save_draft import SaveDraft
from engine.commands.task_access import may_act
from engine.errors import NotFound
from engine.inspection import checklists, records
from engine.inspection.models import Campaign, Plan
from engine.inspection.plan_prefill import prefilled
from engine.inspection.plan_preview import NAMED, Previewer
from engine.models import TaskDraft, UserTask
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import signed_in
from engine.web.plans_detail import find_plan, organs, visible_rows
from engine.web.task_lookup import find_task

blueprint = Blueprint("preview", __name__)
#: Steps that have a preview, by process; in the first of each something is written.
PLAN, CAMPAIGN = "annual-plan", "joint-inspection"
STEPS = frozenset({(CAMPAIGN, "draft_work_plan"), (CAMPAIGN, "gate_check"), (PLAN, "draft_plan")})
DRAFTS = frozenset({"draft_work_plan", "draft_plan"})


@blueprint.post("/tasks/<task_id>/preview")
@signed_in
def keep_and_show(task_id: str) -> ResponseReturnValue:
    """Keep what is typed in the work plan or the plan (暂存) and go to its preview."""
    with database().read() as session:
        task = _task(session, task_id)
        form = engine().form_of(session, task)
        writes = task.element_id in DRAFTS and task.state == "open" and may_act(session, actor(), task)
    if writes and form is not None:
        engine().execute(SaveDraft(task_id, form.from_multidict(request.form)), actor=actor())
    if task.process_key == PLAN:
        _, year, what = task.business_key.split("/")
        return redirect(url_for(".of_plan", year=year, what=what), 303)
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.get("/tasks/<task_id>/preview")
@signed_in
def show(task_id: str) -> ResponseReturnValue:
    """The preview of a campaign's work plan as it stands: typed, submitted or approved."""
    with database().read() as session:
        task = _task(session, task_id)
        if task.process_key != CAMPAIGN:
            raise NotFound("年度计划的测算在计划页查看。")
        campaign = records.campaign(session, task.district_id, task.business_key)
        today = now().date()
        values = _values(session, task, campaign)
        ready = bool(values.get("items")) and _has_ratio(values)
        found = None
        if ready:
            found = Previewer(session, settings(), today).preview(values, campaign.lead, campaign)
        return render_template(
            "preview.html", task=task, campaign=campaign, plan=values, preview=found, named=NAMED,
            days=_days(values), organs=organs, checklists=checklists.fresh(session, campaign, values),
        )  # fmt: skip


def _task(session: Session, task_id: str) -> UserTask:
    task = find_task(session, task_id)
    if (task.process_key, task.element_id) not in STEPS:
        raise NotFound("这一步没有测算。")
    return task


def _values(session: Session, task: UserTask, campaign: Campaign) -> Mapping[str, Any]:
    """What the official typed last, else what was submitted, else what the plan's row says."""
    draft = session.get(TaskDraft, (task.id, actor().user_id)) if task.element_id == "draft_work_plan" else None
    if draft is not None:
        return draft.values
    return campaign.plan or prefilled(session, campaign, now().date())


def _has_ratio(values: Mapping[str, Any]) -> bool:
    """A ratio or number that is still missing or wrong is for the form to say."""
    key, most = {"统一比例": ("ratio", 100), "上级规定": ("ratio", 100), "户数": ("count", 1_000_000)}.get(
        str(values.get("quota")), ("", 0)
    )
    if not key:
        return True
    try:
        typed = Decimal(str(values.get(key)))
    except InvalidOperation:
        return False
    # As fine as the draw can take it: parts per million, or whole objects.
    return 0 < typed <= most and typed == round(typed, 4 if key == "ratio" else 0)


def _days(values: Mapping[str, Any]) -> str:
    first, last = values.get("start_date"), values.get("end_date")
    return f"{first} 至 {last}" if first and last else ""


@blueprint.get("/plans/<int:year>/<what>/preview")
@signed_in
def of_plan(year: int, what: str) -> ResponseReturnValue:
    """Every row of a plan with its objects, visits and inspector days, and the sums by department."""
    with database().read() as session:
        plan, takes_part = find_plan(session, year, what)
        drafted = _drafted(session, plan) if takes_part else None
        rows = [row for row in visible_rows(drafted or plan.content.get("tasks", []), takes_part) if _countable(row)]
        previewer = Previewer(session, settings(), now().date()) if rows else None
        found = [(row, previewer.preview(row, row["initiator"])) for row in rows] if previewer else []
        totals: dict[str, list[float]] = {}
        for _, each in found:
            for need in each.needs:
                sums = totals.setdefault(need.department, [0.0, 0.0])
                sums[0] += need.visits
                sums[1] += need.days
        return render_template(
            "plan_preview.html", plan=plan, year=year, what=what, rows=found, totals=totals,
            drafted=drafted is not None,
        )  # fmt: skip


def _drafted(session: Session, plan: Plan) -> list[dict[str, Any]] | None:
    """The rows the reader has typed and not submitted yet, while the plan is being written."""
    values = session.scalar(
        sa.select(TaskDraft.values)
        .join(UserTask, UserTask.id == TaskDraft.task_id)
        .where(
            UserTask.district_id == plan.district_id, UserTask.process_key == PLAN,
            UserTask.business_key == plan.business_key, UserTask.state == "open",
            TaskDraft.user_id == actor().user_id,
        )
    )  # fmt: skip
    return None if values is None else [row | {"code": row.get("code") or ""} for row in values.get("tasks") or []]


def _countable(row: Mapping[str, Any]) -> bool:
    """A row typed far enough to be counted."""
    return bool(row.get("items") and row.get("initiator") and row.get("name")) and _has_ratio(row)
