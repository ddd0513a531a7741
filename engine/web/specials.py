"""专项检查: the list, a new one, one with its scope, approval, filing and the campaign that carries it out (R47)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection import records, special_inspections
from engine.inspection.models import Campaign
from engine.inspection.opening import OFFICER
from engine.inspection.oversight_models import SpecialInspection
from engine.inspection.special_inspections import PROCESS, STATES, OpenSpecialInspection
from engine.queries import deadlines
from engine.web import own_lists
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links

READERS = frozenset(
    {"承办人", "科室负责人", "分管负责人", "机关负责人", "区政府", "联席会议办公室", "监管督查", "审计监督"}
)
blueprint = Blueprint("specials", __name__)
NAV = (NavItem("专项检查", "specials.index", "search", 23, "/special-inspections", roles=READERS, group="监管"),)
CHIPS = {
    special_inspections.IN_APPROVAL: "chip-amber", special_inspections.TO_FILE: "chip-amber",
    special_inspections.HANDED_OVER: "chip-green",
}  # fmt: skip


@blueprint.get("/special-inspections")
@signed_in
def index() -> ResponseReturnValue:
    """Special inspections in the reader's scope, the newest first."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state", "department")}
    statement = own_lists.visible(sa.select(SpecialInspection), SpecialInspection, PROCESS)
    if filters["q"]:
        like = own_lists.like(filters["q"])
        statement = statement.where(sa.or_(SpecialInspection.name.like(like), SpecialInspection.number.like(like)))
    if filters["state"]:
        statement = statement.where(SpecialInspection.state == filters["state"])
    if filters["department"]:
        statement = statement.where(SpecialInspection.department == filters["department"])
    rows, mine, following = own_lists.newest(statement, SpecialInspection, PROCESS, filters)
    return render_template(
        "specials/index.html", rows=rows, filters=filters, following=following, states=STATES, chips=CHIPS,
        mine=mine, own=own_lists.own_departments(OFFICER), organs=_organs(),
    )  # fmt: skip


def _organs() -> list[tuple[str, str]]:
    return [(code, name) for code, name in departments().items() if code != "QZF"]


@blueprint.post("/special-inspections")
@requires_role(OFFICER)
def create() -> ResponseReturnValue:
    """Begin one and go on to its form."""
    department = request.form.get("department") or actor().department
    number = engine().execute(OpenSpecialInspection(department), actor=actor())
    flash(f"已建立专项检查 {number}，请填写方案。", "success")
    return own_lists.onwards(PROCESS, number, ".show")


@blueprint.get("/special-inspections/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One special inspection: its scope, who approved it, the filing, and the campaign that draws."""
    with database().read() as session:
        row, instance = own_lists.found(session, SpecialInspection, PROCESS, number, "专项检查")
        campaign = None
        if row.campaign:
            campaign = session.scalar(
                sa.select(Campaign).where(Campaign.district_id == row.district_id, Campaign.number == row.campaign)
            )
        return render_template(
            "specials/show.html", row=row, instance=instance, chip=CHIPS.get(row.state, ""), campaign=campaign,
            facts=special_inspections.described(session, settings(), row, departments(), now().date()),
            publication=records.publication(session, row.district_id, "special", row.number),
            waiting=waiting(session, open_tasks(session, [instance.id])),
            deadlines=deadlines(session, settings().district_id, [number]),
            events=history(session, [instance]), attachments=attachment_links(session, instance.id),
            task_id=own_lists.to_do(session, PROCESS, [number]).get(number),
        )  # fmt: skip
