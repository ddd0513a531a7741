"""What can be done to a task besides submitting it: claim, give back, hand over, print."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.claim_task import ClaimTask, ReleaseTask
from engine.commands.reassign_task import ReassignTask
from engine.errors import Forbidden, InvalidInput, LianjianError
from engine.models import ProcessInstance, User, UserTask
from engine.web.context import actor, database, engine, now
from engine.web.guards import signed_in
from engine.web.submissions import attachment_links, submitted
from engine.web.task_lookup import find_task

blueprint = Blueprint("task_actions", __name__)

#: The official name of the form a step prints as, where it has one (domain.md §3: standard documents).
OFFICIAL_NAMES = {
    "draft_work_plan": "抽查工作方案", "organ_approval": "行政检查审批表", "prepare_visit": "行政检查通知书",
    "arrive": "到场与告知记录", "site_check": "现场检查笔录", "conclude": "检查结论审批表", "review": "检查结果审核表",
    "result_notice": "检查结果告知书", "issue_order": "责令改正通知书", "summary": "抽查情况汇总表",
    "section_review": "抽查工作方案审批表", "deputy_review": "抽查工作方案审批表",
    "countersign": "抽查工作方案会签表", "decide": "行政处罚案件处理审批表", "file_case": "立案审批表",
    "approve_filing": "立案审批表", "serve": "送达回证", "decide_recusal": "回避决定书", "reinspect": "复查笔录",
    "draft_plan": "年度抽查工作计划", "sign_for_receipt": "检查任务签收单",
}  # fmt: skip
#: Steps of the same id in several processes.
APPROVALS = {
    "joint-inspection": "抽查工作方案审批表", "annual-plan": "年度抽查工作计划审批表",
    "plan-adjustment": "年度抽查工作计划调整审批表",
}  # fmt: skip


def official_name(process_key: str, element_id: str, name: str) -> str:
    """The heading of the printed form."""
    if element_id == "head_approval":
        return APPROVALS.get(process_key, name)
    return OFFICIAL_NAMES.get(element_id, name)


@blueprint.post("/tasks/<task_id>/claim")
@signed_in
def claim(task_id: str) -> ResponseReturnValue:
    """Take a group's task (签收)."""
    with database().read() as session:
        find_task(session, task_id)
    engine().execute(ClaimTask(task_id), actor=actor())
    flash("已签收，任务由您办理。", "success")
    return redirect(url_for("tasks.show", task_id=task_id), 303)


@blueprint.post("/tasks/<task_id>/release")
@signed_in
def release(task_id: str) -> ResponseReturnValue:
    """Give a claimed task back to the group."""
    with database().read() as session:
        find_task(session, task_id)
    engine().execute(ReleaseTask(task_id), actor=actor())
    flash("已退回待签收，本岗位其他人员可以办理。", "success")
    return redirect(url_for("inbox.todo"), 303)


@blueprint.post("/tasks/<task_id>/reassign")
@signed_in
def reassign(task_id: str) -> ResponseReturnValue:
    """Hand the task to a colleague (转办) with a reason."""
    with database().read() as session:
        find_task(session, task_id)
    command = ReassignTask(task_id, request.form.get("user_id", ""), request.form.get("reason", "").strip())
    try:
        engine().execute(command, actor=actor())
    except (InvalidInput, Forbidden) as error:
        flash(error.message, "error")
        return redirect(url_for("tasks.show", task_id=task_id), 303)
    flash("已转办。", "success")
    return redirect(url_for("inbox.todo"), 303)


def _context(session: Session, task: UserTask, instance: ProcessInstance) -> dict[str, Any]:
    """The facts the form was about; a closed task's from the instance as it stands now."""
    if task.state == "open":
        return engine().task_view(session, task).context
    data = engine().peek(session, instance).data()
    try:
        return engine().kernel.form_context(session, task, data, now())
    except (LianjianError, KeyError):  # what the form spoke of is no longer part of the process's data
        return {}


@blueprint.get("/tasks/<task_id>/print")
@signed_in
def print_form(task_id: str) -> ResponseReturnValue:
    """The step as an official form on A4, to be signed on paper and entered back as a scan."""
    with database().read() as session:
        task = find_task(session, task_id)
        instance = session.get_one(ProcessInstance, task.instance_id)
        form = engine().kernel.definition(session, instance.definition_id).forms.get(task.form_key)
        context = _context(session, task, instance)
        closer = session.get(User, task.closed_by) if task.closed_by else None
        files = attachment_links(session, task.instance_id)
    return render_template(
        "task_print.html", task=task, form=form, facts=context.get("facts") or [], context=context,
        blocks=submitted(form, task.values), closer=closer, attachments=files,
        official_name=official_name(task.process_key, task.element_id, task.name),
    )  # fmt: skip
