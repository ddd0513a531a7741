"""联席会议: its matters, what follows from them by unit, its posts and who held them (R49–R52, R65–R68)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.documents import pdf
from engine.errors import InvalidInput
from engine.inspection import conference, conference_posts, tables
from engine.inspection.conference import PROCESS, STATES, OpenConferenceMatter
from engine.inspection.conference_models import ConferenceAssignment, ConferenceMatter
from engine.inspection.conference_posts import AnnounceSuccession
from engine.inspection.opening import OFFICE, OFFICER
from engine.models import ProcessInstance
from engine.queries import deadlines
from engine.scope import scope
from engine.web import own_lists
from engine.web.case_view import history, open_tasks, waiting
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.downloads import name_file
from engine.web.guards import requires_role, signed_in
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links

READERS = frozenset(
    {"承办人", "科室负责人", "分管负责人", "机关负责人", "区政府", "联席会议办公室", "监管督查", "审计监督"}
)
blueprint = Blueprint("conference", __name__)
NAV = (NavItem("联席会议", "conference.index", "people", 25, "/conference", roles=READERS, group="监管"),)
CHIPS = {
    conference.CIRCULATED: "chip-amber", conference.TO_PREPARE: "chip-amber", conference.TO_MEET: "chip-amber",
    conference.TO_SIGN: "chip-amber", conference.FOLLOWED: "chip-blue", conference.CLOSED: "chip-green",
    conference.DOING: "chip-amber", conference.REPORTED: "chip-blue", conference.DONE: "chip-green",
}  # fmt: skip


@blueprint.get("/conference")
@signed_in
def index() -> ResponseReturnValue:
    """Matters in the reader's scope, the newest first."""
    filters = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state", "kind")}
    statement = own_lists.visible(sa.select(ConferenceMatter), ConferenceMatter, PROCESS)
    if filters["q"]:
        like = own_lists.like(filters["q"])
        statement = statement.where(sa.or_(ConferenceMatter.title.like(like), ConferenceMatter.number.like(like)))
    if filters["state"] == "在办":
        statement = statement.where(ConferenceMatter.state.in_(conference.OPEN))
    elif filters["state"]:
        statement = statement.where(ConferenceMatter.state == filters["state"])
    if filters["kind"]:
        statement = statement.where(ConferenceMatter.kind == filters["kind"])
    rows, mine, following = own_lists.newest(statement, ConferenceMatter, PROCESS, filters)
    return render_template(
        "conference/index.html", rows=rows, filters=filters, following=following, states=("在办", *STATES),
        kinds=tables.options(settings(), "conference-matter-kind", now().date()), chips=CHIPS, mine=mine,
        own=own_lists.own_departments(OFFICER, OFFICE),
    )  # fmt: skip


@blueprint.post("/conference")
@requires_role(OFFICER, OFFICE)
def create() -> ResponseReturnValue:
    """Begin a matter and go on to its form."""
    department = request.form.get("department") or actor().department
    number = engine().execute(OpenConferenceMatter(department), actor=actor())
    flash(f"已建立联席会议事项 {number}，请填写。", "success")
    return own_lists.onwards(PROCESS, number, ".show")


@blueprint.get("/conference/matters/<number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """One matter: the question, the units' opinions, the meeting, what each unit has to do, and its history."""
    with database().read() as session:
        row, instance = own_lists.found(session, ConferenceMatter, PROCESS, number, "联席会议事项")
        return render_template(
            "conference/show.html", row=row, instance=instance, chips=CHIPS, origin=_origin(session, row),
            posts={p.code: p.name for p in conference_posts.posts(settings(), now().date())},
            assignments=conference.assignments_of(session, row.district_id, number), today=now().date(),
            waiting=waiting(session, open_tasks(session, [instance.id])),
            deadlines=deadlines(session, settings().district_id, [number]),
            events=history(session, [instance]), attachments=attachment_links(session, instance.id),
            task_id=own_lists.to_do(session, PROCESS, [number]).get(number),
        )  # fmt: skip


def _origin(session: Session, row: ConferenceMatter) -> str | None:
    """The page of the case a hard case came from, where the reader may see it."""
    if not row.origin:
        return None
    known = session.scalar(
        scope(sa.select(ProcessInstance), actor())
        .where(ProcessInstance.district_id == row.district_id, ProcessInstance.business_key == row.origin)
        .limit(1)
    )
    return url_for("cases.by_instance", instance_id=known.id) if known is not None else None


@blueprint.get("/conference/follow-up")
@signed_in
def follow_up() -> ResponseReturnValue:
    """What resolutions ask of units, the most urgent first; done ones on request."""
    unit, done = request.args.get("unit", ""), request.args.get("done") == "1"
    row = ConferenceAssignment
    statement = (
        sa.select(row, ConferenceMatter)
        .join(
            ConferenceMatter,
            (ConferenceMatter.district_id == row.district_id) & (ConferenceMatter.number == row.matter),
        )
        .join(
            ProcessInstance,
            (ProcessInstance.district_id == row.district_id)
            & (ProcessInstance.process_key == PROCESS)
            & (ProcessInstance.business_key == row.matter),
        )
        .where(row.district_id == settings().district_id)
    )
    if unit:
        statement = statement.where(row.unit == unit)
    statement = statement.where(row.state == conference.DONE if done else row.state != conference.DONE)
    with database().read() as session:
        found = session.execute(scope(statement, actor()).order_by(row.due_on, row.id).limit(200)).all()
    return render_template(
        "conference/follow_up.html", rows=found, unit=unit, done=done, chips=CHIPS, today=now().date(),
        units=[(code, name) for code, name in departments().items() if code != "QZF"],
    )  # fmt: skip


@blueprint.get("/conference/posts")
@signed_in
def posts() -> ResponseReturnValue:
    """The posts, who holds them on a day, and who held them before."""
    return _posts({}, {}, 200)


def _posts(values: dict[str, str], errors: dict[str, list[str]], status: int) -> ResponseReturnValue:
    asked = request.args.get("on", "")
    today = now().date()
    try:
        on = today if not asked else today.fromisoformat(asked)
    except ValueError:
        on = today
    with database().read() as session:
        held = conference_posts.holders(session, settings().district_id, on)
        before = conference_posts.tenures(session, settings().district_id)
    page = render_template(
        "conference/posts.html", posts=conference_posts.posts(settings(), on), held=held, tenures=before, on=on,
        today=today, values=values, errors=errors, may_announce=actor().has_role(OFFICE),
    )  # fmt: skip
    return make_response(page, status)


@blueprint.get("/conference/posts/notice.pdf")
@signed_in
def succession_notice() -> ResponseReturnValue:
    """A notice of the office as it is printed and sent to the members."""
    number = request.args.get("number", "").strip()
    with database().read() as session:
        document = conference_posts.succession_notice(
            session, settings(), settings().district_id, number, "部门联合“双随机、一公开”监管联席会议办公室"
        )
    response = make_response(pdf.render(document))
    response.headers["Content-Type"] = "application/pdf"
    name_file(response, f"任职变动通知-{number}.pdf", inline=True)
    return response


@blueprint.post("/conference/posts")
@requires_role(OFFICE)
def announce() -> ResponseReturnValue:
    """The office's notice of a succession."""
    names = ("post", "holder", "first_day", "notice_number", "noticed_on", "note")
    values = {name: request.form.get(name, "").strip() for name in names}
    try:
        engine().execute(AnnounceSuccession(**values), actor=actor())
    except InvalidInput as error:
        return _posts(values, error.fields, 422)
    flash("任职变动已登记，原任职截止到接任前一日。", "success")
    return redirect(url_for(".posts", _anchor=values["post"]), 303)
