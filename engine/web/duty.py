"""尽职免责认定 (R54–R56): those the reader may know of, asking for one, and one with its generated record.

Known to the official concerned, the review group, the head who approves, and supervision (engine/scope.py).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Forbidden, InvalidInput
from engine.inspection.duty_reviews import CAUSES, HEAD, OWN, PROCESS, STATES, SUPERVISION, OpenDutyReview
from engine.inspection.facts.duty import WORDS
from engine.inspection.oversight_models import DutyReview
from engine.models import ProcessInstance, User
from engine.queries import deadlines
from engine.web import own_lists
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, engine, settings
from engine.web.guards import signed_in
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links

#: Who deals with them again and again; everybody else comes from a case's page or from the inbox.
READERS = frozenset({"监管督查", "机关负责人", "法制审核人员"})
blueprint = Blueprint("duty", __name__)
NAV = (NavItem("尽职免责", "duty.index", "check", 58, "/duty-reviews", roles=READERS, group="监管"),)
CHIPS = {
    "待受理": "chip-amber",
    "认定中": "chip-amber",
    "待批准": "chip-amber",
    "待送达": "chip-blue",
    "已认定": "chip-green",
}
STATE_CHIPS = {"按期履行": "chip-green", "逾期履行": "chip-amber", "逾期未履行": "chip-red"}


@blueprint.get("/duty-reviews")
@signed_in
def index() -> ResponseReturnValue:
    """Reviews the reader may know of, the newest first; never a comparison between people or departments."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state")}
    row = DutyReview
    own = sa.or_(row.person == actor().user_id, row.opened_by == actor().user_id)
    seen = own_lists.visible(sa.select(row.id), row, PROCESS)
    wanted = sa.select(row).where(row.district_id == settings().district_id, sa.or_(own, row.id.in_(seen)))
    if filters["q"]:
        like = own_lists.like(filters["q"])
        wanted = wanted.where(sa.or_(row.number.like(like), row.person_name.like(like), row.case.like(like)))
    if filters["state"]:
        wanted = wanted.where(row.state == filters["state"])
    rows, mine, following = own_lists.newest(wanted, row, PROCESS, filters)
    return render_template(
        "duty/index.html", rows=rows, filters=filters, following=following, states=STATES, chips=CHIPS, mine=mine
    )


@blueprint.get("/duty-reviews/new")
@signed_in
def new() -> ResponseReturnValue:
    """Ask for one: one's own, or as head or supervision somebody else's."""
    others = actor().has_role(HEAD) or actor().has_role(SUPERVISION)
    values = {"case": request.args.get("case", "")[:200], "cause": "" if others else OWN}
    return _form(values, {}, 200)


def _form(values: dict[str, str], errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    others = actor().has_role(HEAD) or actor().has_role(SUPERVISION)
    with database().read() as session:
        login = session.scalar(sa.select(User.login).where(User.id == actor().user_id)) or ""
    if not others:
        values = {**values, "person": login}
    page = render_template(
        "duty/new.html", values=values, errors=errors, others=others, causes=CAUSES if others else (OWN,)
    )
    return make_response(page, status)


@blueprint.post("/duty-reviews/new")
@signed_in
def create() -> ResponseReturnValue:
    """Open it; everything typed comes back when something is wrong."""
    values = {name: request.form.get(name, "").strip() for name in ("case", "person", "cause", "facts")}
    try:
        number = engine().execute(OpenDutyReview(**values), actor=actor())
    except InvalidInput as error:
        return _form(values, error.fields, 422)
    except Forbidden as error:
        return _form(values, {"person": [error.message]}, 403)
    flash(f"已提出 {number}，等待监管督查受理。", "success")
    return redirect(url_for(".show", number=number), 303)


@blueprint.get("/duty-reviews/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One review: the record the system generated, the finding, and what became of it."""
    with database().read() as session:
        row = session.scalar(
            sa.select(DutyReview).where(
                DutyReview.district_id == settings().district_id,
                DutyReview.number == number,
                sa.or_(DutyReview.person == actor().user_id, DutyReview.opened_by == actor().user_id),
            )
        )
        if row is None:
            row, instance = own_lists.found(session, DutyReview, PROCESS, number, "尽职免责认定")
        else:
            instance = session.scalars(
                sa.select(ProcessInstance).where(
                    ProcessInstance.district_id == row.district_id,
                    ProcessInstance.process_key == PROCESS,
                    ProcessInstance.business_key == number,
                )
            ).one()
        own = row.person == actor().user_id and row.state in ("待受理", "认定中", "待批准")
        return render_template(
            "duty/show.html", row=row, instance=instance, chip=CHIPS.get(row.state, ""), words=WORDS,
            state_chips=STATE_CHIPS, moment=datetime.fromisoformat,
            # What the group thinks is told to the official with the finding, not while it is being made.
            finding={} if own else row.finding, events=[] if own else history(session, [instance]),
            waiting=waiting(session, open_tasks(session, [instance.id])),
            deadlines=deadlines(session, settings().district_id, [number]),
            attachments={} if own else attachment_links(session, instance.id),
            task_id=own_lists.to_do(session, PROCESS, [number]).get(number),
        )  # fmt: skip
