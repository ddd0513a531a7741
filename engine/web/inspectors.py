"""执法检查人员名录: the list, one person, leave, recusals, what runs out, and enforcement teams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.context import Command
from engine.errors import LianjianError, NotFound
from engine.inspection import inspector_search, records, tables
from engine.inspection.inspector_load import loads
from engine.inspection.inspector_scope import handed_over, to_adjust
from engine.inspection.inspector_search import SORTS, STANDINGS, InspectorQuery, lapses
from engine.inspection.leave import EnterLeave, WithdrawLeave, may_enter
from engine.inspection.models import DepartmentInspection, InspectedObject, Inspection, Inspector, Item, Recusal
from engine.inspection.recusal_declaration import DeclareRecusal, LiftRecusal, may_lift
from engine.inspection.registry_edit import open_request
from engine.inspection.registry_history import history_of
from engine.inspection.registry_models import EnforcementTeam, InspectorLeave, RegistryChange, RegistryImport
from engine.inspection.saved_filters import saved_filters
from engine.inspection.standing import ON_DUTY, on_leave, why_not_drawable
from engine.models import ProcessInstance
from engine.scope import scope, sees_district
from engine.web.context import actor, database, department_name, departments, engine, now, settings
from engine.web.exports import record_export
from engine.web.guards import signed_in
from engine.web.listing import today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

blueprint = Blueprint("inspectors", __name__, url_prefix="/inspectors")
NAV = (NavItem("检查人员名录", "inspectors.index", "user", 31, "/inspectors", group="名录"),)

#: Days ahead the expiry page offers.
WITHIN = (30, 60, 90)
#: How many visits the page of one person lists.
VISITS = 20
_HEAD = (
    "人员编号", "姓名", "所属部门", "科室", "职务", "执法证号", "证件有效期至", "执法资质", "业务专长",
    "对应抽查事项", "负责片区", "是否专家", "能否抽取",
)  # fmt: skip
#: Fields as the history shows them.
FIELDS = {
    "code": "人员编号", "name": "姓名", "department": "所属部门", "section": "科室", "post": "职务", "title": "职称",
    "education": "学历", "regions": "负责片区", "certificate_number": "执法证号", "certificate_issuer": "发证机关",
    "certificate_until": "证件有效期至", "qualifications": "执法资质", "qualification_until": "资质有效期",
    "specialities": "业务专长", "items": "对应抽查事项", "team": "执法队伍", "expert": "是否专家",
    "drawable": "是否参与抽取", "status": "人员状态", "phone": "联系电话", "leave": "请假", "recusal": "回避",
}  # fmt: skip

#: Fields of the history for the person's own department alone.
CLOSE = frozenset({"phone", "recusal"})


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Everybody in the registry, searched and filtered; names and certificates, never phones or ID numbers."""
    query = InspectorQuery.from_arguments(request.args)
    number = request.args.get("page", "1")
    with database().read() as session:
        found = inspector_search.page(
            session, settings().district_id, query, today(), int(number) if number.isdecimal() else 1
        )
        codes = [row.code for row in found.rows]
        away = on_leave(session, settings().district_id, today(), today())
        officer_of = [code for code in actor().departments if actor().has_role("承办人", code)]
        page = render_template(
            "inspectors/index.html", page=found, query=query, sorts=SORTS, away=away,
            to_adjust=to_adjust(session, settings().district_id, officer_of),
            standings={word: word for word in STANDINGS},
            barred={row.code: why_not_drawable(row, today(), away) for row in found.rows},
            loads=loads(session, settings().district_id, codes, _year_start()), choices=_choices(session, query),
            may_propose=actor().has_role("承办人"),
            departments=departments(), asked=urlencode(query.arguments(), doseq=True),
            saved=saved_filters(session, settings().district_id, actor().user_id, "inspectors"),
        )  # fmt: skip
    return page


@blueprint.get("/export.<form>")
@signed_in
def export(form: str) -> ResponseReturnValue:
    """The same search as a table for a spreadsheet; the history says who took it."""
    query = InspectorQuery.from_arguments(request.args)
    with database().read() as session:
        rows = [
            (
                row.code, row.name, department_name(row.department), row.section, row.post, row.certificate_number,
                row.certificate_until or "", "、".join(row.qualifications), "、".join(row.specialities),
                "、".join(row.items), "、".join(row.regions), "是" if row.expert else "否",
                why_not_drawable(row, today()) or "能",
            )
            for row in session.scalars(inspector_search.statement(settings().district_id, query, today()))
        ]  # fmt: skip
    answer = table_response(form, "执法检查人员名录", _HEAD, rows)
    record_export("inspectors", form, len(rows), query.arguments())
    return answer


@blueprint.get("/expiring")
@signed_in
def expiring() -> ResponseReturnValue:
    """Certificates and qualifications that have run out or soon will, of the reader's departments."""
    given = request.args.get("within", "")
    within = int(given) if given in {str(days) for days in WITHIN} else WITHIN[-1]
    own = None if sees_district(actor()) else sorted(actor().departments)
    with database().read() as session:
        rows = lapses(session, settings().district_id, own, today(), within)
    return render_template("inspectors/expiring.html", rows=rows, within=within, choices=WITHIN, today=today())


@blueprint.get("/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    """One person: certificate, qualifications, items, leave, recusals, load, and how the row came to be."""
    return _show(code)


def _show(code: str, typed: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None,
          form: str = "") -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        district = settings().district_id
        person = records.inspector(session, district, code)
        away = on_leave(session, district, today(), today())
        close = sees_district(actor()) or person.department in actor().departments
        items = session.execute(
            sa.select(Item.code, Item.name).where(Item.district_id == district, Item.code.in_(person.items or []))
        )
        page = render_template(
            "inspectors/show.html", person=person, why=why_not_drawable(person, today(), away),
            gone=handed_over(session, district, [person]).get(person.code, {}),
            items=dict(items.tuples().all()), leaves=_leaves(session, person),
            recusals=_recusals(session, person) if close else [],
            load=loads(session, district, [person.code], _year_start()).get(person.code),
            visits=_visits(session, person), team=_team(session, person.team), regions_text=_regions_text(person),
            history=_visible(history_of(session, district, "inspectors", person.code), close), fields=FIELDS,
            may_enter=may_enter(actor(), person), today=today(),
            close=close,
            typed=typed or {}, errors=errors or {}, form=form, may_propose=actor().has_role("承办人"),
            open_change=open_request(session, district, "inspectors", person.code), on_duty=person.status == ON_DUTY,
            origin=session.get(RegistryImport, person.import_id) if person.import_id else None,
        )  # fmt: skip
    return page, 422 if errors else 200


@blueprint.post("/<code>/leave")
@signed_in
def enter_leave(code: str) -> ResponseReturnValue:
    """Enter days of leave."""
    typed = {name: request.form.get(name, "") for name in ("first_day", "last_day", "reason")}
    command = EnterLeave(code, typed["first_day"], typed["last_day"], typed["reason"])
    return _do(command, code, "已登记请假，这些日期不会被抽取。", typed, "leave")


@blueprint.post("/<code>/leave/<leave_id>/withdraw")
@signed_in
def withdraw_leave(code: str, leave_id: str) -> ResponseReturnValue:
    """Withdraw a leave."""
    return _do(WithdrawLeave(_id(leave_id)), code, "已撤销请假登记。", {}, "leave")


@blueprint.post("/<code>/recusals")
@signed_in
def declare_recusal(code: str) -> ResponseReturnValue:
    """Declare that the person must not visit a firm."""
    typed = {name: request.form.get(name, "") for name in ("uscc", "why")}
    said = "已申报回避。此后封存的名单会排除这一组合；已经抽取的，请在该项检查中登记回避申请。"
    return _do(DeclareRecusal(code, typed["uscc"], typed["why"]), code, said, typed, "recusal")


@blueprint.post("/<code>/recusals/<recusal_id>/lift")
@signed_in
def lift_recusal(code: str, recusal_id: str) -> ResponseReturnValue:
    """Lift a recusal, with the reason."""
    command = LiftRecusal(_id(recusal_id), request.form.get("reason", ""))
    return _do(command, code, "已解除回避，名录变更记录中可查。", {}, "lift")


def _id(text: str) -> str:
    """The id of a row of this page.  Raises :class:`NotFound` for what cannot be one."""
    if not is_id(text):
        raise NotFound("没有找到这条登记，可能链接有误，请刷新后重试。")
    return text


def _do(command: Command[str], code: str, said: str, typed: dict[str, str], form: str) -> ResponseReturnValue:
    """Run a command of the person's page; a refusal shows the page again with everything typed."""
    try:
        engine().execute(command, actor=actor())
    except LianjianError as error:
        fields = getattr(error, "fields", None) or {"form": [error.message]}
        if "reason" in fields and form == "recusal":
            fields["why"] = fields.pop("reason")
        return _show(code, typed, fields, form)
    flash(said, "success")
    return redirect(url_for(".show", code=code), 303)


def _visible(changes: Sequence[RegistryChange], close: bool) -> list[RegistryChange]:
    """The changes without what only the person's own department may know: phone, firms recused from, why on leave.

    A recusal decided after a draw would tell other departments which firm is about to be visited.
    """
    if close:
        return list(changes)
    for change in changes:
        change.changes = {name: values for name, values in change.changes.items() if name not in CLOSE}
        if change.source == "leave":
            change.reason = ""
    return [change for change in changes if change.changes]


def _year_start() -> datetime:
    return now().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _regions() -> dict[str, str]:
    return {row["value"]: row["label"] for row in tables.options(settings(), "region", today())}


def _regions_text(person: Inspector) -> str:
    names = _regions()
    return "、".join(names.get(code, code) for code in person.regions) or "全区"


def _choices(session: Session, query: InspectorQuery) -> dict[str, dict[str, str]]:
    """What the filters offer: areas, the chosen department's items, teams."""
    district = settings().district_id
    items = sa.select(Item.code, Item.name).where(Item.district_id == district).order_by(Item.code)
    if query.department:
        items = items.where(Item.department.in_(query.department))
    teams = sa.select(EnforcementTeam.code, EnforcementTeam.name).where(EnforcementTeam.district_id == district)
    return {
        "region": _regions(),
        "item": {code: f"{code} {name}" for code, name in session.execute(items)},
        "team": dict(session.execute(teams.order_by(EnforcementTeam.code)).tuples().all()),
    }


def _team(session: Session, code: str) -> EnforcementTeam | None:
    if not code:
        return None
    found = sa.select(EnforcementTeam).where(
        EnforcementTeam.district_id == settings().district_id, EnforcementTeam.code == code
    )
    return session.scalar(found)


def _leaves(session: Session, person: Inspector) -> list[InspectorLeave]:
    """Leave that is not over, and withdrawn or past ones of the last year."""
    found = sa.select(InspectorLeave).where(
        InspectorLeave.district_id == person.district_id, InspectorLeave.inspector_code == person.code
    )
    return list(session.scalars(found.order_by(InspectorLeave.first_day.desc()).limit(VISITS)))


def _recusals(session: Session, person: Inspector) -> list[tuple[Recusal, str, bool]]:
    """Each with the firm's name and whether the reader may lift it."""
    found = (
        sa.select(Recusal, InspectedObject.name)
        .outerjoin(
            InspectedObject,
            sa.and_(InspectedObject.district_id == Recusal.district_id, InspectedObject.uscc == Recusal.uscc),
        )
        .where(Recusal.district_id == person.district_id, Recusal.inspector_code == person.code)
        .order_by(Recusal.at.desc())
    )
    return [(row, name or row.uscc, may_lift(actor(), person, row)) for row, name in session.execute(found)]


def _visits(session: Session, person: Inspector) -> list[tuple[DepartmentInspection, Inspection]]:
    """The person's newest visits, as far as the reader may know of them."""
    found = (
        scope(
            sa.select(DepartmentInspection, Inspection).join(
                ProcessInstance,
                sa.and_(
                    ProcessInstance.district_id == DepartmentInspection.district_id,
                    ProcessInstance.process_key == "department-inspection",
                    ProcessInstance.business_key == DepartmentInspection.number,
                ),
            ),
            actor(),
        )
        .join(
            Inspection,
            sa.and_(
                Inspection.district_id == DepartmentInspection.district_id,
                Inspection.number == DepartmentInspection.inspection,
            ),
        )
        .where(
            DepartmentInspection.district_id == person.district_id,
            DepartmentInspection.department == person.department,
            sa.cast(DepartmentInspection.inspectors, sa.Text).contains(f'"{person.code}"', autoescape=True),
        )
        .order_by(DepartmentInspection.id.desc())
        .limit(VISITS)
    )
    return [(part, whole) for part, whole in session.execute(found)]
