"""信用监管: who is on which list, which units were told of measures, and applications to repair (R44, R58)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import LianjianError
from engine.inspection import credit_listings, credit_measures
from engine.inspection.credit_models import CreditListing, CreditMeasureNotice
from engine.inspection.models import FollowUp, Publication
from engine.inspection.open_removal import OpenRemoval
from engine.inspection.opening import OFFICER
from engine.models import ProcessInstance
from engine.web import own_lists
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import requires_role
from engine.web.navigation import NavItem

READERS = frozenset(
    {"承办人", "科室负责人", "分管负责人", "机关负责人", "联席会议办公室", "监管督查", "审计监督"}
)  # fmt: skip
blueprint = Blueprint("credit", __name__)
NAV = (NavItem("信用监管", "credit.index", "warning", 26, "/credit", roles=READERS, group="监管"),)

TABS = {"abnormal": "经营异常名录", "serious": "严重违法失信名单", "measures": "惩戒措施", "repair": "信用修复"}
LISTING_STATES = (credit_listings.LISTED, credit_listings.REMOVED, credit_listings.ANNULLED)
NOTICE_STATES = (
    credit_measures.WAITING, credit_measures.RECEIVED, credit_measures.REPORTED, credit_measures.ENDING,
    credit_measures.ENDED,
)  # fmt: skip
REPAIR_STATES = ("已启动", "已受理", "已核实", "不予受理", "准予修复", "不予修复")
STATES = {"abnormal": LISTING_STATES, "serious": LISTING_STATES, "measures": NOTICE_STATES, "repair": REPAIR_STATES}
CHIPS = {
    credit_listings.LISTED: "chip-amber", credit_listings.REMOVED: "chip-green", credit_measures.WAITING: "chip-amber",
    credit_measures.ENDING: "chip-amber", credit_measures.REPORTED: "chip-green", credit_measures.ENDED: "chip-green",
    "准予修复": "chip-green",
}  # fmt: skip
#: Rows of one export; more is asked for by filters.
MOST = 20_000


@blueprint.get("/credit")
@requires_role(*sorted(READERS))
def index() -> ResponseReturnValue:
    """One list at a time, in the reader's scope, the newest first."""
    tab, wanted = _asked()
    statement, model, process = _statement(tab, wanted)
    rows, mine, following = own_lists.newest(statement, model, process, {"tab": tab, **wanted})
    with database().read() as session:
        cases = _cases(session, process, [row.number for row in rows])
        listings = _listings(session, rows) if tab == "measures" else {}
        public = _published(session, rows) if tab in ("abnormal", "serious") else {}
    own = {code for code, _ in own_lists.own_departments(OFFICER)}
    return render_template(
        "credit/index.html", tab=tab, tabs_=TABS, rows=rows, mine=mine, following=following, filters=wanted,
        states=STATES[tab], chips=CHIPS, cases=cases, listings=listings, public=public, own=own, today=now().date(),
        listed=credit_listings.LISTED, organs=[(c, name) for c, name in departments().items() if c != "QZF"],
    )  # fmt: skip


@blueprint.get("/credit.csv")
@requires_role(*sorted(READERS))
def export() -> ResponseReturnValue:
    """The list as filtered, for a spreadsheet."""
    tab, wanted = _asked()
    statement, model, _ = _statement(tab, wanted)
    names = departments()
    with database().read() as session:
        rows = session.scalars(statement.order_by(model.id.desc()).limit(MOST)).all()
        listings = _listings(session, rows) if tab == "measures" else {}
    if tab == "measures":
        head = ["当事人", "实施单位", "措施", "通知时间", "签收时间", "签收人", "落实情况", "解除签收", "状态"]
        body: list[list[Any]] = [
            [
                listings[r.listing].subject_name if r.listing in listings else r.listing, names.get(r.unit, r.unit),
                "；".join(m["name"] for m in r.measures), _minute(r.notified_at), _minute(r.received_at),
                r.received_by, r.report, _minute(r.end_received_at), r.state,
            ]
            for r in rows
        ]  # fmt: skip
    elif tab == "repair":
        head = ["编号", "当事人", "机关", "来源", "申请登记", "办结", "状态"]
        body = [
            [r.number, r.subject_name, names.get(r.department, r.department), r.origin, _minute(r.opened_at),
             _minute(r.closed_at), r.state]
            for r in rows
        ]  # fmt: skip
    else:
        head = ["当事人", "统一社会信用代码", "类型", "情形", "决定书文号", "列入日期", "列入至", "移出日期",
                "移出原因", "机关", "状态"]  # fmt: skip
        body = [
            [r.subject_name, r.uscc, r.subject_kind, r.ground_name, r.document_number, r.listed_on, r.until,
             r.removed_on, r.removal_reason, names.get(r.department, r.department), r.state]
            for r in rows
        ]  # fmt: skip
    return csv_response(f"{TABS[tab]}-{now().date()}.csv", head, body)


@blueprint.post("/credit/removal")
@requires_role(OFFICER)
def remove() -> ResponseReturnValue:
    """Ask on one's own motion whether an entry still holds, and go on to its form."""
    number, tab = request.form.get("number", ""), request.form.get("tab", "abnormal")
    try:
        engine().execute(OpenRemoval(number, request.form.get("reason", "")), actor=actor())
    except LianjianError as error:
        said = "；".join(words for each in getattr(error, "fields", {}).values() for words in each)
        flash(said or error.message, "error")
        return redirect(url_for(".index", tab=tab if tab in TABS else None), 303)
    flash("已经提出移出，请登记核实情况。", "success")
    with database().read() as session:
        task_id = own_lists.to_do(session, "credit-measures", [number]).get(number)
    return redirect(url_for("tasks.show", task_id=task_id) if task_id else url_for(".index", tab=tab), 303)


def _asked() -> tuple[str, dict[str, str]]:
    tab = request.args.get("tab", "")
    wanted = {name: request.args.get(name, "").strip()[:100] for name in ("q", "state", "department")}
    return tab if tab in TABS else "abnormal", wanted


def _statement(tab: str, wanted: dict[str, str]) -> tuple[sa.Select[Any], Any, str]:
    """What the tab lists as the reader asked for it; its rows, and their process."""
    like = own_lists.like(wanted["q"]) if wanted["q"] else ""
    if tab == "measures":
        process, notice = credit_measures.PROCESS, CreditMeasureNotice
        statement = own_lists.visible(sa.select(notice), notice, process)
        if like:
            found = sa.select(CreditListing.number).where(
                CreditListing.district_id == settings().district_id,
                sa.or_(CreditListing.subject_name.like(like), CreditListing.uscc.like(like)),
            )
            statement = statement.where(notice.listing.in_(found))
        if wanted["department"]:
            statement = statement.where(notice.unit == wanted["department"])
        return _in_state(statement, notice, wanted), notice, process
    model: Any = FollowUp if tab == "repair" else CreditListing
    process = "credit-repair" if tab == "repair" else "credit-measures"
    statement = own_lists.visible(sa.select(model), model, process)
    statement = statement.where(model.kind == process if tab == "repair" else model.list_code == tab)
    if like:
        statement = statement.where(sa.or_(model.subject_name.like(like), model.uscc.like(like)))
    if wanted["department"]:
        statement = statement.where(model.department == wanted["department"])
    return _in_state(statement, model, wanted), model, process


def _in_state(statement: sa.Select[Any], model: Any, wanted: dict[str, str]) -> sa.Select[Any]:
    return statement.where(model.state == wanted["state"]) if wanted["state"] else statement


def _cases(session: Session, process: str, numbers: Sequence[str]) -> dict[str, str]:
    """The case of each number."""
    rows = session.execute(
        sa.select(ProcessInstance.business_key, ProcessInstance.id).where(
            ProcessInstance.district_id == settings().district_id, ProcessInstance.process_key == process,
            ProcessInstance.business_key.in_(numbers),
        )
    )  # fmt: skip
    return {number: instance for number, instance in rows}


def _listings(session: Session, rows: Sequence[Any]) -> dict[str, CreditListing]:
    """The entries measures belong to."""
    found = session.scalars(
        sa.select(CreditListing).where(
            CreditListing.district_id == settings().district_id, CreditListing.number.in_([r.listing for r in rows])
        )
    )
    return {row.number: row for row in found}


def _published(session: Session, rows: Sequence[Any]) -> dict[str, str]:
    """The publication of each entry that is public."""
    found = session.execute(
        sa.select(Publication.subject, Publication.id).where(
            Publication.district_id == settings().district_id, Publication.kind.in_(("abnormal", "serious")),
            Publication.state == "published", Publication.subject.in_([row.number for row in rows]),
        )
    )  # fmt: skip
    return {subject: publication for subject, publication in found}


def _minute(moment: Any) -> str:
    return moment.astimezone(settings().timezone).strftime("%Y-%m-%d %H:%M") if moment else ""
