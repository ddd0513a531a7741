"""处罚执行: what every penalty still owes and what is due next, as a list; the money of one on its case page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.calendar import Calendar
from engine.inspection import enforcement as e
from engine.inspection.enforcement_list import VIEWS, in_view
from engine.inspection.enforcement_models import PenaltyDebt
from engine.inspection.facts.enforcement import money_blocks
from engine.models import Deadline, ProcessInstance
from engine.web import own_lists
from engine.web.context import database, departments, now, settings
from engine.web.exports import record_export
from engine.web.guards import requires_role
from engine.web.listing import paged, today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response

READERS = ("承办人", "科室负责人", "分管负责人", "机关负责人", "监管督查", "审计监督")
blueprint = Blueprint("enforcement", __name__)
NAV = (NavItem("处罚执行", "enforcement.index", "check", 26, "/enforcement", roles=frozenset(READERS), group="监管"),)

PAGE = 50
EXPORT_CAP = 20_000
CHIPS = {
    e.OVERDUE: "chip-red", e.APPLIED: "chip-amber", e.IN_COURT: "chip-amber", e.STAYED: "chip-blue",
    e.PAID_UP: "chip-green", e.PERFORMED: "chip-green",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One enforcement of the list; ``court_due`` is the running deadline to ask the court."""

    debt: PenaltyDebt
    instance_id: str
    balance: e.Balance
    court_due: Deadline | None


@blueprint.record_once
def add_to_templates(state: BlueprintSetupState) -> None:
    """``yuan`` writes fen as yuan; ``money_of(instance)`` is the account shown on the case page."""
    state.app.jinja_env.filters["yuan"] = e.yuan
    state.app.jinja_env.globals["money_of"] = money_of


def money_of(instance: ProcessInstance) -> list[dict[str, Any]]:
    """Blocks with the money of an enforcement as it stands today; nothing for every other case."""
    if instance.process_key != e.PROCESS:
        return []
    with database().read() as session:
        row = session.scalar(
            sa.select(PenaltyDebt).where(
                PenaltyDebt.district_id == instance.district_id, PenaltyDebt.number == instance.business_key
            )
        )
        if row is None or not (row.fine or row.confiscated or e.payments_of(session, row)):
            return []
        return money_blocks(e.account(session, settings(), _calendar(session), row), today())


def _calendar(session: Session) -> Calendar:
    return Calendar.load(session, settings().district_id, settings().timezone)


def _wanted() -> dict[str, str]:
    found = {name: request.args.get(name, "").strip()[:100] for name in ("q", "view", "department")}
    return {**found, "view": found["view"] if found["view"] in VIEWS else ""}


def _statement(wanted: dict[str, str]) -> sa.Select[Any]:
    statement = own_lists.visible(sa.select(PenaltyDebt, ProcessInstance.id), PenaltyDebt, e.PROCESS)
    statement = statement.where(in_view(wanted["view"], now()))
    if wanted["q"]:
        like = own_lists.like(wanted["q"])
        statement = statement.where(
            sa.or_(
                PenaltyDebt.subject_name.like(like), PenaltyDebt.number.like(like), PenaltyDebt.uscc.like(like),
                PenaltyDebt.decision_number.like(like),
            )
        )  # fmt: skip
    if wanted["department"]:
        statement = statement.where(PenaltyDebt.department == wanted["department"])
    return statement


def _urgent_first(statement: sa.Select[Any]) -> sa.Select[Any]:
    payment = sa.and_(
        Deadline.district_id == PenaltyDebt.district_id, Deadline.business_key == PenaltyDebt.number,
        Deadline.name == "payment", Deadline.met_at.is_(None),
    )  # fmt: skip
    return statement.outerjoin(Deadline, payment).order_by(
        Deadline.due_at.is_(None), Deadline.due_at, PenaltyDebt.id.desc()
    )


def _lines(session: Session, rows: Sequence[Any]) -> list[Line]:
    accounts = e.accounts(session, settings(), _calendar(session), [debt for debt, _ in rows])
    court = {
        found.business_key: found
        for found in session.scalars(
            sa.select(Deadline).where(
                Deadline.district_id == settings().district_id, Deadline.name == "court-application",
                Deadline.met_at.is_(None), Deadline.business_key.in_([debt.number for debt, _ in rows]),
            )
        )
    }  # fmt: skip
    return [
        Line(debt, instance_id, account.balance(today()), court.get(debt.number))
        for (debt, instance_id), account in zip(rows, accounts, strict=True)
    ]


@blueprint.get("/enforcement")
@requires_role(*READERS)
def index() -> ResponseReturnValue:
    """Enforcements in the reader's scope, what falls due first on top."""
    wanted = _wanted()
    statement = _statement(wanted)
    with database().read() as session:
        counted = {
            view: session.scalar(
                sa.select(sa.func.count()).select_from(_statement({**wanted, "view": view}).subquery())
            )
            or 0
            for view in VIEWS
        }
        page = paged(counted[wanted["view"]], PAGE)
        rows = session.execute(_urgent_first(statement).limit(PAGE).offset(page.offset)).all()
        lines = _lines(session, rows)
    kept: dict[str, Any] = {key: value for key, value in wanted.items() if value}
    return render_template(
        "enforcement/index.html", lines=lines, wanted=wanted, kept=kept, views=VIEWS, counted=counted, chips=CHIPS,
        organs=list(departments().items()), today=today(), page=page, link=lambda n: url_for(".index", **kept, page=n),
    )  # fmt: skip


@blueprint.get("/enforcement/export.<form>")
@requires_role(*READERS)
def export(form: str) -> ResponseReturnValue:
    """The filtered enforcements with their money; the history says who took them."""
    wanted = _wanted()
    with database().read() as session:
        lines = _lines(session, session.execute(_urgent_first(_statement(wanted)).limit(EXPORT_CAP)).all())
    head = [
        "编号", "当事人", "统一社会信用代码", "部门", "决定书文号", "决定日期", "送达日期", "罚款", "没收违法所得",
        "加处罚款", "已缴", "未缴", "下一期限", "法院申请期限", "状态",
    ]  # fmt: skip
    answer = table_response(
        form, f"处罚执行-{today().isoformat()}", head, list(_cells(lines))
    )  # read now: the answer is sent after the request
    asked = {key: value for key, value in wanted.items() if value}
    record_export("penalty-enforcement", form, len(lines), asked)
    return answer


def _cells(lines: list[Line]) -> Iterator[list[Any]]:
    names = departments()
    for line in lines:
        row, money = line.debt, line.balance
        due = line.court_due.due_at if line.court_due else None
        yield [
            row.number, row.subject_name, row.uscc, names.get(row.department, row.department), row.decision_number,
            row.decided_on, row.served_on, e.yuan(row.fine), e.yuan(row.confiscated), e.yuan(money.owed[e.SURCHARGE]),
            e.yuan(money.paid_sum), e.yuan(money.rest_sum), money.next_on or "",
            due.astimezone(settings().timezone).date() if due else "", row.state,
        ]  # fmt: skip
