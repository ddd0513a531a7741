"""抽查以外的检查: the list across departments, entering one, importing a file, withdrawing an entry.

Everybody who inspects sees that a visit took place, for the frequency cap concerns all; reason and
result are for the department itself and for those who watch over the district.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.asked import clean, several
from engine.inspection.item_models import OutsideVisit
from engine.inspection.outside_entry import (
    RecordOutsideVisit,
    WithdrawOutsideVisit,
    entry_form,
    form_context,
    may_withdraw,
)
from engine.inspection.outside_import import (
    MAX_BYTES,
    ImportOutsideVisits,
    StageOutsideVisits,
    check_size,
    read_visits,
    staged_file,
)
from engine.inspection.outside_judging import ENTERING
from engine.inspection.registry_import.columns import COLUMNS
from engine.scope import sees_district
from engine.web.context import actor, database, engine, now, settings
from engine.web.exports import record_export
from engine.web.form_view import form_view
from engine.web.guards import requires_role, signed_in
from engine.web.listing import paged, today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

READERS = (
    "承办人", "科室负责人", "分管负责人", "机关负责人", "执法检查人员", "联席会议办公室", "监管督查", "审计监督",
)  # fmt: skip
blueprint = Blueprint("outside_visits", __name__)
NAV = (
    NavItem(
        "抽查以外检查", "outside_visits.index", "pin", 33, "/outside-visits", roles=frozenset(READERS), group="名录"
    ),
)

PAGE = 50
EXPORT_CAP = 20_000
#: What other departments' people read instead of a visit caused by a complaint.
COVERED = {"投诉举报核查": "个案检查"}


@dataclass(frozen=True)
class Shown:
    """A visit as the reader may see it; ``open`` tells whether reason and result are theirs to read."""

    row: OutsideVisit
    open: bool
    may_withdraw: bool

    @property
    def kind(self) -> str:
        """Who complains stays with the department: for others it was an individual-case check."""
        return self.row.kind if self.open else COVERED.get(self.row.kind, self.row.kind)


def shown(visits: Iterable[OutsideVisit]) -> list[Shown]:
    """The visits as the signed-in person may see them."""
    person = actor()
    everything = sees_district(person)
    return [
        Shown(row, everything or row.department in person.departments, may_withdraw(person, row)) for row in visits
    ]  # fmt: skip


def _wanted() -> dict[str, Any]:
    year = request.args.get("year", "" if request.args else str(today().year))
    return {
        "q": clean(request.args.get("q", ""))[:80],
        "department": several(request.args, "department"),
        "kind": several(request.args, "kind"),
        "year": year if year.isdecimal() and len(year) == 4 and int(year) else "",
        "counts": request.args.get("counts", ""),
    }


def _filtered(wanted: dict[str, Any]) -> sa.Select[tuple[OutsideVisit]]:
    statement = sa.select(OutsideVisit).where(OutsideVisit.district_id == settings().district_id)
    if text := wanted["q"]:
        statement = statement.where(
            sa.or_(
                OutsideVisit.uscc == text.upper(), OutsideVisit.object_name.contains(text, autoescape=True)
            )
        )  # fmt: skip
    if wanted["department"]:
        statement = statement.where(OutsideVisit.organ.in_(wanted["department"]))
    if wanted["kind"]:
        statement = statement.where(sa.or_(*(_kind(kind) for kind in wanted["kind"])))
    if wanted["year"]:
        year = int(wanted["year"])
        statement = statement.where(OutsideVisit.visited_on.between(date(year, 1, 1), date(year, 12, 31)))
    if wanted["counts"] in ("yes", "no"):
        statement = statement.where(
            OutsideVisit.ordered_from_above.is_(wanted["counts"] == "no"), OutsideVisit.withdrawn_at.is_(None)
        )
    return statement.order_by(OutsideVisit.visited_on.desc(), OutsideVisit.id.desc())


def _kind(kind: str) -> sa.ColumnElement[bool]:
    """Filtering by kind tells no more than the list does."""
    if sees_district(actor()):
        return OutsideVisit.kind == kind
    own = OutsideVisit.department.in_(sorted(actor().departments))
    covered = [real for real, said in COVERED.items() if said == kind]
    foreign = OutsideVisit.kind.in_([k for k in (kind, *covered) if k not in COVERED or k in covered])
    return sa.or_(sa.and_(own, OutsideVisit.kind == kind), sa.and_(~own, foreign))


@blueprint.get("/outside-visits")
@requires_role(*READERS)
def index() -> ResponseReturnValue:
    """Visits by firm, organ, kind and year, the newest first."""
    wanted = _wanted()
    statement = _filtered(wanted)
    with database().read() as session:
        page = paged(session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0, PAGE)
        rows = session.scalars(statement.limit(PAGE).offset(page.offset)).all()
        organs, years = _offered(session)
        kinds = _form_context(session)["kinds"]
    kept: dict[str, Any] = {key: value for key, value in wanted.items() if value}
    if "year" in request.args and not wanted["year"]:
        kept["year"] = ""
    return render_template(
        "outside_visits/index.html", rows=shown(rows), wanted=wanted, kept=kept, organs={o: o for o in organs},
        years=years, kinds={kind["value"]: kind["value"] for kind in kinds}, may=_may_enter(),
        link=lambda n: url_for(".index", **kept, page=n), page=page,
        filtered=bool({k: v for k, v in request.args.items() if v and k != "page"}),
    )  # fmt: skip


def _offered(session: Session) -> tuple[list[str], list[int]]:
    own = OutsideVisit.district_id == settings().district_id
    organs = list(session.scalars(sa.select(OutsideVisit.organ).where(own).distinct().order_by(OutsideVisit.organ)))
    first = session.scalar(sa.select(sa.func.min(OutsideVisit.visited_on)).where(own))
    years = list(range(today().year, (first.year if first else today().year) - 1, -1))
    return organs, years


def _may_enter() -> bool:
    return any(actor().has_role(role) for role in ENTERING)


@blueprint.get("/outside-visits/export.<form>")
@requires_role(*READERS)
def export(form: str) -> ResponseReturnValue:
    """The filtered visits, as the import reads them; what the reader may not see stays blank.

    The history says who took them.
    """
    wanted = _wanted()
    with database().read() as session:
        rows = session.scalars(_filtered(wanted).limit(EXPORT_CAP)).all()
    head = [column.header for column in COLUMNS["outside-visits"]] + ["计入年度频次", "撤销理由"]
    answer = table_response(form, f"抽查以外检查-{today().isoformat()}", head, _lines(shown(rows)))
    asked = {key: value for key, value in wanted.items() if value}
    record_export("outside-visits", form, len(rows), asked)
    return answer


def _lines(rows: list[Shown]) -> Iterator[list[Any]]:
    for one in rows:
        row = one.row
        yield [
            row.uscc, row.object_name, row.organ, one.kind, row.visited_on, "、".join(row.items),
            row.reason if one.open else "", row.basis if one.open else "", "是" if row.ordered_from_above else "否",
            row.order_document, row.result if one.open else "", row.approved_by, row.approved_on,
            row.urgent_reason if one.open else "", "否" if row.ordered_from_above or row.withdrawn_at else "是",
            row.withdrawn_reason,
        ]  # fmt: skip


# ---------------------------------------------------------------- one visit


def _form_context(session: Session) -> dict[str, Any]:
    return form_context(session, settings(), settings().district_id, actor(), today())


@blueprint.get("/outside-visits/new")
@requires_role(*ENTERING)
def new() -> ResponseReturnValue:
    """The empty form; ``uscc`` may be given by the object's page."""
    return _form({"uscc": request.args.get("uscc", "")[:30]})


def _form(
    values: dict[str, Any], errors: dict[str, list[str]] | None = None, *, typed: bool = False, status: int = 200
) -> ResponseReturnValue:
    form = entry_form(settings())
    with database().read() as session:
        context = _form_context(session)
    filled = values if typed else form.with_defaults(context, values)
    view = form_view(form, filled, errors, context, now())
    return render_template("outside_visits/new.html", form=view), status


@blueprint.post("/outside-visits/new")
@requires_role(*ENTERING)
def enter() -> ResponseReturnValue:
    """Enter one visit; whatever is wrong, everything typed comes back."""
    values = entry_form(settings()).from_multidict(request.form)
    try:
        engine().execute(RecordOutsideVisit(values), actor=actor())
    except InvalidInput as error:
        return _form(values, error.fields or {"": [error.message]}, typed=True, status=422)
    except Conflict as error:
        return _form(values, {"": [error.message]}, typed=True, status=409)
    flash("已登记。", "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/outside-visits/<visit_id>/withdraw")
@requires_role(*ENTERING)
def withdraw(visit_id: str) -> ResponseReturnValue:
    """Withdraw a wrong entry with its reason."""
    if is_id(visit_id):
        try:
            engine().execute(WithdrawOutsideVisit(visit_id, request.form.get("reason", "")), actor=actor())
            flash("已撤销登记，不再计入年度频次。", "success")
        except (InvalidInput, Conflict, Forbidden) as error:
            fields = error.fields.get("reason", []) if isinstance(error, InvalidInput) else []
            flash("".join(fields) or error.message, "error")
    return redirect(url_for(".index"), 303)


# ---------------------------------------------------------------- by file


@blueprint.get("/outside-visits/import")
@requires_role(*ENTERING)
def import_page() -> ResponseReturnValue:
    """Choose a file; the columns it may have."""
    return render_template("outside_visits/import.html", columns=COLUMNS["outside-visits"], errors={})


@blueprint.post("/outside-visits/import")
@requires_role(*ENTERING)
def stage() -> ResponseReturnValue:
    """Keep the file and show what would become of every row."""
    file = request.files.get("file")
    try:
        if file is None:
            raise InvalidInput("请选择文件。", fields={"file": ["请选择要导入的文件（CSV 或 Excel）。"]})
        content = file.read(MAX_BYTES + 1)  # no more of it is looked at than may be kept
        check_size(content)
        with database().read() as session:  # a file that cannot be read is refused before it is kept
            read_visits(session, settings(), settings().district_id, actor(), today(), content)
        staged_id = engine().execute(StageOutsideVisits(file.filename or "", content), actor=actor())
    except InvalidInput as error:
        errors = {"file": error.fields.get("file") or [error.message]}
        page = render_template("outside_visits/import.html", columns=COLUMNS["outside-visits"], errors=errors)
        return page, 422
    return redirect(url_for(".preview", staged_id=staged_id), 303)


@blueprint.get("/outside-visits/import/<staged_id>")
@requires_role(*ENTERING)
def preview(staged_id: str) -> ResponseReturnValue:
    """Every row with its fate, the problems first; nothing is entered yet."""
    with database().read() as session:
        staged = staged_file(session, settings().district_id, actor(), staged_id if is_id(staged_id) else "")
        reading = read_visits(session, settings(), settings().district_id, actor(), today(), staged.content)
    return render_template("outside_visits/preview.html", staged=staged, reading=reading)


@blueprint.post("/outside-visits/import/<staged_id>")
@requires_role(*ENTERING)
def confirm(staged_id: str) -> ResponseReturnValue:
    """Enter the good rows."""
    reading = engine().execute(ImportOutsideVisits(staged_id if is_id(staged_id) else ""), actor=actor())
    said = f"新登记 {reading.count('新增')} 次检查，已登记过 {reading.count('已登记')} 次"
    refused = reading.count("拒绝")
    flash(
        said + (f"，{refused} 行没有导入，请更正后再导入一次。" if refused else "。"),
        "warning" if refused else "success",
    )
    return redirect(url_for(".index"), 303)


@blueprint.get("/outside-visits/template.csv")
@signed_in
def template() -> ResponseReturnValue:
    """An empty file with the columns the import reads."""
    return table_response("csv", "抽查以外检查-模板", [column.header for column in COLUMNS["outside-visits"]], [])
