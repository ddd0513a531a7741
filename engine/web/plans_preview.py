"""测算: what a work plan or a plan will cost, before anybody approves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.save_draft import SaveDraft
from engine.commands.task_access import may_act
from engine.errors import NotFound
from engine.inspection import records
from engine.inspection.models import Campaign
from engine.inspection.plan_prefill import prefilled
from engine.inspection.plan_preview import NAMED, Previewer
from engine.models import TaskDraft, UserTask
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import signed_in
from engine.web.plans_detail import find_plan, organs, visible_rows
from engine.web.task_lookup import find_task

blueprint = Blueprint("preview", __name__)
#: Steps that have a preview.
STEPS = frozenset({"draft_work_plan", "gate_check"})


@blueprint.post("/tasks/<task_id>/preview")
@signed_in
def keep_and_show(task_id: str) -> ResponseReturnValue:
    """Keep what is typed in the work plan (暂存) and go to its preview."""
    with database().read() as session:
        task = _task(session, task_id)
        form = engine().form_of(session, task)
        writes = task.element_id == "draft_work_plan" and task.state == "open" and may_act(session, actor(), task)
    if writes and form is not None:
        engine().execute(SaveDraft(task_id, form.from_multidict(request.form)), actor=actor())
    return redirect(url_for(".show", task_id=task_id), 303)


@blueprint.get("/tasks/<task_id>/preview")
@signed_in
def show(task_id: str) -> ResponseReturnValue:
    """The preview of a campaign's work plan as it stands: typed, submitted or approved."""
    with database().read() as session:
        task = _task(session, task_id)
        campaign = records.campaign(session, task.district_id, task.business_key)
        today = now().date()
        values = _values(session, task, campaign)
        ready = bool(values.get("items")) and _has_ratio(values)
        found = None
        if ready:
            found = Previewer(session, settings(), today).preview(values, campaign.lead, campaign)
        return render_template(
            "preview.html", task=task, campaign=campaign, plan=values, preview=found, named=NAMED,
            days=_days(values), organs=organs,
        )  # fmt: skip


def _task(session: Session, task_id: str) -> UserTask:
    task = find_task(session, task_id)
    if task.process_key != "joint-inspection" or task.element_id not in STEPS:
        raise NotFound("这一步没有测算。")
    return task


def _values(session: Session, task: UserTask, campaign: Campaign) -> Mapping[str, Any]:
    """What the official typed last, else what was submitted, else what the plan's row says."""
    draft = session.get(TaskDraft, (task.id, actor().user_id)) if task.element_id == "draft_work_plan" else None
    if draft is not None:
        return draft.values
    return campaign.plan or prefilled(session, campaign, now().date())


def _has_ratio(values: Mapping[str, Any]) -> bool:
    """A ratio that is still missing or wrong is for the form to say."""
    if values.get("quota") not in ("统一比例", "上级规定"):
        return True
    try:
        return 0 < float(values.get("ratio") or 0) <= 100
    except (TypeError, ValueError):
        return False


def _days(values: Mapping[str, Any]) -> str:
    first, last = values.get("start_date"), values.get("end_date")
    return f"{first} 至 {last}" if first and last else ""


@blueprint.get("/plans/<int:year>/<what>/preview")
@signed_in
def of_plan(year: int, what: str) -> ResponseReturnValue:
    """Every row of a plan with its objects, visits and inspector days, and the sums by department."""
    with database().read() as session:
        plan, takes_part = find_plan(session, year, what)
        rows = visible_rows(plan.content.get("tasks", []), takes_part)
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
        )  # fmt: skip
