"""年度抽查计划: the list of plans and opening a new one."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.task_access import may_act
from engine.errors import InvalidInput
from engine.inspection.models import Plan
from engine.inspection.opening import OFFICE, OFFICER, OpenPlan
from engine.inspection.plan_progress import plan_progress
from engine.inspection.plan_season import season_year
from engine.models import ProcessInstance, UserTask
from engine.scope import instance_in_scope, sees_district
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem

blueprint = Blueprint("plans", __name__)
NAV = (NavItem("年度计划", "plans.index", "calendar", 22, "/plans", group="监管"),)

CHIPS = {"已备案公布": "chip-green", "已印发": "chip-green", "审批中": "chip-amber", "起草": ""}
LIMIT = 200


@blueprint.get("/plans")
@signed_in
def index() -> ResponseReturnValue:
    """Plans in the reader's scope and plans in force, the newest year first."""
    year = request.args.get("year", "")
    return _list(int(year) if year.isdecimal() and len(year) == 4 else None)


def _list(year: int | None, typed: str = "", errors: dict[str, list[str]] | None = None) -> ResponseReturnValue:
    joined = sa.select(Plan, ProcessInstance.id).join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == Plan.district_id,
            ProcessInstance.process_key == "annual-plan",
            ProcessInstance.business_key == Plan.business_key,
        ),
    )
    statement = joined.where(
        Plan.district_id == settings().district_id,
        # What is public outside is readable inside.
        sa.or_(instance_in_scope(actor(), ProcessInstance.id), Plan.published_at.is_not(None)),
    )
    if year is not None:
        statement = statement.where(Plan.year == year)
    with database().read() as session:
        rows = session.execute(
            statement.order_by(Plan.year.desc(), Plan.kind.desc(), Plan.department).limit(LIMIT)
        ).all()
        progress = plan_progress(session, settings().district_id, [plan for plan, _ in rows])
        years = session.scalars(
            sa.select(Plan.year).where(Plan.district_id == settings().district_id).distinct().order_by(Plan.year.desc())
        ).all()
    page = render_template(
        "plans.html", rows=[plan for plan, _ in rows], progress=progress, year=year, years=years, chips=CHIPS,
        choices=_choices(), typed=typed or str(_next_year()), errors=errors or {}, what=what_of,
        watches=sees_district(actor()) or actor().has_role(OFFICE),
    )  # fmt: skip
    return page, 422 if errors else 200


def what_of(plan: Plan) -> str:
    """The last part of a plan's address: its department's code, or ``joint``."""
    return plan.business_key.rpartition("/")[2]


def _next_year() -> int:
    """The year a plan is most likely wanted for: plans are filed by 31 January (R26)."""
    return season_year(now().astimezone(settings().timezone).date())


def _choices() -> list[tuple[str, str]]:
    """What the actor may open, as (``kind/department``, words)."""
    found = []
    for code, name in departments().items():
        if actor().has_role(OFFICER, code):
            found.append((f"部门/{code}", f"{name}年度抽查计划"))
        if actor().has_role(OFFICE, code):
            found.append((f"联合/{code}", "部门联合抽查计划（全区）"))
    return found


@blueprint.post("/plans")
@requires_role(OFFICER, OFFICE)
def create() -> ResponseReturnValue:
    """Open a plan and go on to its draft, or to the plan that is there already."""
    kind, _, department = request.form.get("what", "").partition("/")
    typed = request.form.get("year", "").strip()
    try:
        if kind not in {"部门", "联合"}:
            raise InvalidInput("请选择计划种类。", fields={"what": ["请选择计划种类。"]})
        if not (typed.isdecimal() and len(typed) == 4):
            raise InvalidInput("计划年度有误。", fields={"year": ["请填写四位年份，例如 2026。"]})
        key = engine().execute(OpenPlan(department, int(typed), kind), actor=actor())
    except InvalidInput as error:
        return _list(None, typed, error.fields)
    with database().read() as session:
        instance_id = session.scalars(
            sa.select(ProcessInstance.id).where(
                ProcessInstance.district_id == settings().district_id, ProcessInstance.process_key == "annual-plan",
                ProcessInstance.business_key == key,
            )
        ).one()  # fmt: skip
        task = session.scalar(
            sa.select(UserTask).where(
                UserTask.instance_id == instance_id, UserTask.element_id == "draft_plan", UserTask.state == "open"
            )
        )
        if task is not None and may_act(session, actor(), task):
            return redirect(url_for("tasks.show", task_id=task.id), 303)
    flash("该计划已经建立，下面是它的办理情况。")
    return redirect(url_for("cases.show", instance_id=instance_id), 303)
