"""合并建议: which rows of department plans the joint plan makes one visit of."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection.models import Plan
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.plan_facts import scope_words
from engine.inspection.plan_merges import DecideMerge, Proposal, proposals
from engine.inspection.plans import JOINT
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import requires_role
from engine.web.plans_detail import drafting, find_plan, prepares

blueprint = Blueprint("merges", __name__)


def _joint(session: Session, year: int) -> Plan:
    plan, takes_part = find_plan(session, year, "joint")
    if plan.kind != JOINT or not takes_part:
        raise NotFound("没有找到这一年度的部门联合计划。")
    return plan


@blueprint.get("/plans/<int:year>/joint/merges")
@requires_role(OFFICER, OFFICE, "监管督查")
def show(year: int) -> ResponseReturnValue:
    """Proposals by measured overlap, and what was decided about them."""
    return _page(year)


def _page(year: int, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> ResponseReturnValue:
    with database().read() as session:
        plan = _joint(session, year)
        today = now().date()
        found = proposals(session, settings(), plan, today)
        page = render_template(
            "plan_merges.html", plan=plan, year=year, errors=errors or {}, typed=typed or {},
            waiting=[p for p in found if p.decision is None], decided=[p for p in found if p.decision is not None],
            scope_words=lambda row: scope_words(settings(), row, today),
            may_decide=prepares(plan) and drafting(session, plan) is not None,
            closed=prepares(plan) and drafting(session, plan) is None,
            pair=_pair,
        )  # fmt: skip
    return page, 422 if errors else 200


@blueprint.post("/plans/<int:year>/joint/merges")
@requires_role(OFFICER, OFFICE)
def decide(year: int) -> ResponseReturnValue:
    """Accept or decline one proposal."""
    pair, accepted = request.form.get("pair", ""), request.form.get("decision") == "accept"
    reason = request.form.get("reason", "")
    with database().read() as session:
        plan = _joint(session, year)
        proposal = next((p for p in proposals(session, settings(), plan, now().date()) if _pair(p) == pair), None)
        if proposal is None:
            raise Conflict("这两项计划任务已有变化，请刷新后重新核对。")
        session.expunge_all()
    try:
        code = engine().execute(DecideMerge(plan.business_key, proposal, accepted, reason), actor=actor())
    except InvalidInput as error:
        said = next(iter(error.fields.values()), [error.message])[0]
        return _page(year, {pair: said}, {pair: reason})
    flash(f"已合并为联合计划第 {code} 项，草稿已更新。" if accepted else "已记录不合并的理由。", "success")
    return redirect(url_for(".show", year=year), 303)


def _pair(proposal: Proposal) -> str:
    return f"{proposal.first.key}|{proposal.second.key}"
