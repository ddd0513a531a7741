"""抽查任务: the list, opening a new one, and one campaign with its plan, draw, progress and inspections."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection.facts import campaign_statistics
from engine.inspection.models import Campaign, Draw
from engine.inspection.opening import OFFICER, OpenCampaign
from engine.inspection.plan_facts import plan_rows
from engine.inspection.plan_prefill import planned_row
from engine.inspection.progress import campaign_progress
from engine.inspection.special_inspections import carried_out_by
from engine.inspection.visit_merges import shared_visits, waiting_merges
from engine.models import ProcessInstance, UserTask
from engine.queries import deadlines
from engine.scope import scope
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import requires_role, signed_in
from engine.web.inspection_list import CHIPS, STATES, inspection_page
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links
from engine.web.task_lookup import is_moment

blueprint = Blueprint("campaigns", __name__)
NAV = (NavItem("抽查任务", "campaigns.index", "flag", 20, "/campaigns", group="监管"),)

PAGE = 50
CAMPAIGN_STATES = ("起草", "审批中", "待抽取", "待行政检查审批", "检查中", "已归档", "已作废")
CAMPAIGN_CHIPS = {
    "检查中": "chip-blue", "已归档": "chip-green", "审批中": "chip-amber", "待抽取": "chip-amber", "已作废": "chip-red"
}  # fmt: skip
DRAW_STATES = {
    "committed": ("已封存，待公开随机因子", "chip-amber"),
    "drawn": ("已抽取", "chip-green"),
    "aborted": ("已中止", "chip-red"),
    "annulled": ("已作废", "chip-red"),
    "imported": ("省工作平台抽取", "chip-green"),
}


def _visible(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Campaigns whose process the reader may see."""
    joined = statement.join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == Campaign.district_id,
            ProcessInstance.process_key == "joint-inspection",
            ProcessInstance.business_key == Campaign.number,
        ),
    )
    return scope(joined, actor()).where(Campaign.district_id == settings().district_id)


def _after() -> tuple[datetime, str] | None:
    moment, _, number = request.args.get("after", "").partition("~")
    return (datetime.fromisoformat(moment), number) if is_moment(moment) else None


@blueprint.get("/campaigns")
@signed_in
def index() -> ResponseReturnValue:
    """Campaigns in the reader's scope, the newest first."""
    filters = {
        "q": request.args.get("q", "").strip()[:100],
        "state": request.args.get("state", ""),
        "lead": request.args.get("lead", ""),
    }
    statement = _visible(sa.select(Campaign))
    if filters["q"]:
        like = f"%{filters['q'].replace('%', '').replace('_', '')}%"
        statement = statement.where(sa.or_(Campaign.name.like(like), Campaign.number.like(like)))
    if filters["state"]:
        statement = statement.where(Campaign.state == filters["state"])
    if filters["lead"]:
        statement = statement.where(Campaign.lead == filters["lead"])
    if (after := _after()) is not None:
        statement = statement.where(
            sa.or_(
                Campaign.created_at < after[0],
                sa.and_(Campaign.created_at == after[0], Campaign.number < after[1]),
            )
        )
    with database().read() as session:
        found = session.scalars(
            statement.order_by(Campaign.created_at.desc(), Campaign.number.desc()).limit(PAGE + 1)
        ).all()
    rows = found[:PAGE]
    chosen: dict[str, Any] = {k: v for k, v in filters.items() if v}
    following = None
    if len(found) > PAGE:
        following = url_for(".index", after=f"{rows[-1].created_at.isoformat()}~{rows[-1].number}", **chosen)
    return render_template(
        "campaigns.html", rows=rows, filters=filters, following=following, states=CAMPAIGN_STATES,
        chips=CAMPAIGN_CHIPS, leads=_organs(), may_open=actor().has_role(OFFICER), own=_own_departments(),
    )  # fmt: skip


def _organs() -> list[tuple[str, str]]:
    return [(code, name) for code, name in departments().items() if code != "QZF"]


def _own_departments() -> list[tuple[str, str]]:
    """Departments in which the actor is an officer in charge."""
    return [(code, name) for code, name in departments().items() if actor().has_role(OFFICER, code)]


@blueprint.post("/campaigns")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Open a campaign of the officer's department and go on to its work plan."""
    department = request.form.get("department") or actor().department
    number = engine().execute(OpenCampaign(department), actor=actor())
    flash(f"已新建抽查任务 {number}，请起草抽查工作方案。", "success")
    with database().read() as session:
        task_id = session.scalar(
            sa.select(UserTask.id).where(
                UserTask.process_key == "joint-inspection", UserTask.business_key == number, UserTask.state == "open"
            )
        )
    if task_id is None:
        return redirect(url_for(".show", number=number), 303)
    return redirect(url_for("tasks.show", task_id=task_id), 303)


def find_campaign(session: Session, number: str) -> tuple[Campaign, ProcessInstance]:
    """The campaign and its instance; :class:`NotFound` when the reader may not know of it."""
    row = session.execute(_visible(sa.select(Campaign, ProcessInstance)).where(Campaign.number == number)).first()
    if row is None:
        raise NotFound("没有找到这项抽查任务，可能链接有误，或不属于您所在的部门。")
    return row[0], row[1]


@blueprint.get("/campaigns/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One campaign: where it stands, its plan, draws, progress by department, inspections and history."""
    state, search = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    after = request.args.get("after", "")
    with database().read() as session:
        campaign, instance = find_campaign(session, number)
        names = departments()
        page = inspection_page(session, campaign=number, state=state, search=search, after=after)
        progress = campaign_progress(session, campaign, now())
        draws = session.scalars(
            sa.select(Draw)
            .where(Draw.district_id == campaign.district_id, Draw.campaign == number)
            .order_by(Draw.committed_at, Draw.draw_id)
        ).all()
        filters: dict[str, Any] = {k: v for k, v in (("state", state), ("q", search)) if v}
        following = None
        if page.next:
            following = url_for(".show", number=number, after=page.next, _anchor="inspections", **filters)
        return make_response(
            render_template(
                "campaign.html",
                campaign=campaign,
                instance=instance,
                chip=CAMPAIGN_CHIPS.get(campaign.state, ""),
                plan=plan_rows(session, settings(), campaign, names, now().date()),
                waiting=waiting(session, open_tasks(session, [instance.id])),
                deadlines=deadlines(session, settings().district_id, [number]),
                progress=progress,
                planned=planned_row(session, campaign),
                special=carried_out_by(session, campaign),
                shared=shared_visits(session, campaign.district_id, number),
                merging=waiting_merges(session, campaign) if not campaign.total else {},
                statistics=campaign_statistics(session, campaign, names) if progress else None,
                draws=draws,
                draw_states=DRAW_STATES,
                page=page,
                state=state,
                search=search,
                following=following,
                states=STATES,
                chips=CHIPS,
                events=history(session, [instance]),
                attachments=attachment_links(session, instance.id),
            )
        )
