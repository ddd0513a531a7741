"""抽取事务: what officials do with a draw beside its tasks — try, annul, who keeps the key, visiting days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import InvalidInput
from engine.inspection import draws, escrow, late_additions, tables
from engine.inspection.draw_commands import (
    HEAD,
    LATE_ADDITION,
    OFFICER,
    AnnulDraw,
    ProposeLateAddition,
    RunTrial,
)
from engine.inspection.draw_record import parse_json
from engine.inspection.models import Campaign, Draw, DrawnObject, InspectedObject, Inspection, Inspector
from engine.inspection.visit_days import SetVisitDays, task_days
from engine.models import UserTask
from engine.web.campaigns import DRAW_STATES, find_campaign
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import signed_in
from engine.web.key_shares import holder_name

blueprint = Blueprint("draw_desk", __name__)

PAGE = 60


@dataclass(frozen=True)
class Line:
    """One visit of the schedule: an object, or a group of nearby ones."""

    name: str
    region: str
    objects: list[tuple[str, str]]
    pairs: list[tuple[str, list[str]]]
    leader: str
    day: date | None


@blueprint.get("/campaigns/<number>/draw")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """The campaign's draw: trials, standing draw, who keeps the key, the visiting days."""
    return _page(number)


@blueprint.post("/campaigns/<number>/draw/trial")
@signed_in
def trial(number: str) -> ResponseReturnValue:
    """Draw once for practice."""
    _readable(number)
    try:
        draw_id = engine().execute(RunTrial(number), actor=actor())
    except InvalidInput as error:
        flash(error.message, "error")
    else:
        flash(f"试抽 {draw_id} 已完成，没有效力。结果见下方。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.post("/campaigns/<number>/draw/additions")
@signed_in
def propose(number: str) -> ResponseReturnValue:
    """Start a late addition and go on to its form."""
    _readable(number)
    key = engine().execute(ProposeLateAddition(number), actor=actor())
    with database().read() as session:
        task_id = session.scalar(
            sa.select(UserTask.id).where(
                UserTask.district_id == settings().district_id, UserTask.process_key == LATE_ADDITION,
                UserTask.business_key == key, UserTask.state == "open",
            )
        )  # fmt: skip
    return redirect(url_for("tasks.show", task_id=task_id), 303)


@blueprint.post("/campaigns/<number>/draw/annul")
@signed_in
def annul(number: str) -> ResponseReturnValue:
    """Annul the standing draw with a signed reason."""
    draw = _readable(number)
    try:
        if draw is None:
            raise InvalidInput("本任务没有可以作废的抽取。")
        engine().execute(AnnulDraw(draw.draw_id, request.form.get("reason", "")), actor=actor())
    except InvalidInput as error:
        return _page(number, typed=dict(request.form), errors=error.fields, message=error.message)
    flash(f"抽取 {draw.draw_id} 已作废，理由已公开，本任务终止。需要继续检查的，请另立任务。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.post("/campaigns/<number>/draw/days")
@signed_in
def days(number: str) -> ResponseReturnValue:
    """Set visiting days."""
    _readable(number)
    wanted = {key.removeprefix("day-"): value for key, value in request.form.items() if key.startswith("day-")}
    shown: dict[str, Any] = {key: request.form[key] for key in ("page", "on", "region") if request.form.get(key)}
    try:
        changed = engine().execute(SetVisitDays(number, wanted), actor=actor())
    except InvalidInput as error:
        return _page(number, days=wanted, errors=error.fields, message=error.message, filters=shown)
    flash(f"已调整 {changed} 组检查的日期。" if changed else "没有改动。", "success" if changed else "info")
    return redirect(url_for(".show", number=number, _anchor="days", **shown), 303)


def _readable(number: str) -> Draw | None:
    """The campaign's standing draw; NotFound when the reader may not know of the campaign."""
    with database().read() as session:
        campaign, _ = find_campaign(session, number)
        return draws.standing_draw(session, campaign)


def _page(
    number: str,
    *,
    typed: dict[str, str] | None = None,
    days: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    message: str = "",
    filters: dict[str, str] | None = None,
) -> ResponseReturnValue:
    shown = filters if filters is not None else {k: request.args.get(k, "") for k in ("page", "on", "region")}
    with database().read() as session:
        campaign, instance = find_campaign(session, number)
        standing = draws.standing_draw(session, campaign)
        trials = session.scalars(
            sa.select(Draw)
            .where(Draw.district_id == campaign.district_id, Draw.campaign == number, Draw.trial)
            .order_by(Draw.serial.desc())
            .limit(5)
        ).all()
        page = render_template(
            "draw_desk.html",
            campaign=campaign,
            instance=instance,
            draw=standing,
            draw_states=DRAW_STATES,
            trials=[(row, parse_json("trial.json", row.files["trial.json"])) for row in trials],
            may_try=standing is None and bool(campaign.plan) and campaign.state in ("审批中", "待抽取")
            and campaign.plan.get("draw_source") != "省工作平台" and actor().has_role(OFFICER, campaign.lead),
            may_annul=standing is not None and standing.state in ("committed", "drawn")
            and actor().has_role(HEAD, campaign.lead) and not _dispatched(session, standing),
            may_add=standing is not None and standing.state == "drawn" and campaign.state in late_additions.OPEN
            and actor().has_role(OFFICER, campaign.lead),
            additions=_additions(session, standing),
            shares=escrow.holders(session, standing) if standing is not None else [],
            holder=holder_name,
            schedule=_schedule(session, campaign, standing, shown) if standing is not None else None,
            may_schedule=actor().has_role(OFFICER, campaign.lead),
            allowed=task_days(session, settings(), campaign, now()),
            typed=typed or {},
            days=days or {},
            errors=errors or {},
            message=message,
        )  # fmt: skip
    return make_response(page, 422 if message else 200)


def _dispatched(session: Session, draw: Draw) -> bool:
    statement = sa.select(Inspection.id).where(
        Inspection.district_id == draw.district_id, Inspection.draw_id == draw.draw_id
    )
    return session.scalar(statement.limit(1)) is not None


def _additions(session: Session, draw: Draw | None) -> list[tuple[Draw, int]]:
    """Late additions committed so far and how many objects each proposed."""
    if draw is None:
        return []
    rows = session.scalars(
        sa.select(Draw)
        .where(Draw.district_id == draw.district_id, Draw.parent == draw.draw_id)
        .order_by(Draw.committed_at)
    ).all()
    return [(row, int(parse_json("manifest.json", row.files["manifest.json"])["candidates"]["count"])) for row in rows]


def _schedule(session: Session, campaign: Campaign, draw: Draw, shown: dict[str, str]) -> dict[str, Any] | None:
    """The visits by day and area, a page of them; None before the draw.  Pairs only of the reader's departments."""
    if draw.state not in ("drawn", "imported"):
        return None
    query = (
        sa.select(DrawnObject, InspectedObject.name, InspectedObject.region)
        .outerjoin(
            InspectedObject,
            sa.and_(InspectedObject.district_id == DrawnObject.district_id, InspectedObject.uscc == DrawnObject.uscc),
        )
        .where(
            DrawnObject.district_id == draw.district_id,
            DrawnObject.draw_id == draw.draw_id,
            DrawnObject.failed_reason == "",
        )
        .order_by(DrawnObject.visit_on, InspectedObject.region, DrawnObject.visit_group, DrawnObject.rank)
    )
    found = session.execute(query).all()
    all_of_it = actor().has_role(OFFICER, campaign.lead) or actor().has_role(HEAD, campaign.lead)
    mine = {code for code in departments() if all_of_it or code in actor().departments}
    people = dict(
        session.execute(
            sa.select(Inspector.code, Inspector.name).where(
                Inspector.district_id == draw.district_id, Inspector.department.in_(mine)
            )
        )
        .tuples()
        .all()
    )
    lines: dict[str, Line] = {}
    for row, name, region in found:
        line = lines.get(row.visit_group or row.uscc)
        if line is None:
            place = tables.label(settings(), "region", region or "", now().date()) if region else ""
            line = Line(
                row.visit_group or row.uscc, place or region or "", [], [], people.get(row.leader, ""), row.visit_on
            )
            lines[line.name] = line
        line.objects.append((row.uscc, name or row.uscc))
        for department, pair in row.pairs.items():
            if department in mine and department not in [d for d, _ in line.pairs]:
                line.pairs.append((department, [people.get(code, code) for code in pair]))
    chosen = [
        line
        for line in lines.values()
        if (not shown.get("on") or (line.day and line.day.isoformat() == shown["on"]))
        and (not shown.get("region") or line.region == shown["region"])
    ]
    number = int(shown["page"]) if (shown.get("page") or "").isdecimal() else 1
    pages = max(1, -(-len(chosen) // PAGE))
    number = min(max(1, number), pages)
    return {
        "lines": chosen[(number - 1) * PAGE : number * PAGE],
        "page": {"number": number, "pages": pages, "total": len(chosen)},
        "grouped": any(row.visit_group for row, _, _ in found),
        "days": sorted({line.day for line in lines.values() if line.day}),
        "regions": sorted({line.region for line in lines.values() if line.region}),
        "filters": {key: shown.get(key, "") for key in ("on", "region")},
    }
