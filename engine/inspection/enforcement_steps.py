"""What happens to a penalty's debt: it is opened, paid, put off, changed and closed (PL66–73).

Every step locks the debt first, so that two entries at once follow one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection.enforcement_models import Payment, PaymentRequest, PaymentTerm, PenaltyDebt
from engine.inspection.follow_ups import running_deadline
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext

#: Messages to the process of the debt itself.
REQUESTED, END_PROPOSED, CLEARED, SETTLED, COLLECTION_ENDED, DUTY_REFUSED = (
    "payment-requested", "enforcement-end-proposed", "overdue-cleared", "collection-settled", "collection-ended",
    "duty-refused",
)  # fmt: skip


def day(value: Any) -> date:
    """A date of a form."""
    return date.fromisoformat(str(value)[:10])


def morning(ctx: ServiceContext, on: date) -> datetime:
    """The beginning of a day, as deadlines start."""
    return datetime.combine(on, time(), tzinfo=ctx.settings.timezone)


def own(ctx: ServiceContext) -> PenaltyDebt:
    """The debt of the case at hand, locked."""
    return e.debt(ctx.session, ctx.district_id, ctx.business_key, lock=True)


def today(ctx: ServiceContext) -> date:
    return ctx.calendar.local_date(ctx.now)


def state(ctx: ServiceContext, row: PenaltyDebt, word: str) -> None:
    """The state of a debt is that of its follow-up."""
    row.state = word
    follow_up(ctx.session, ctx.district_id, row.number).state = word


# -- paying -------------------------------------------------------------------------------------


def pay(ctx: ServiceContext, row: PenaltyDebt, values: Mapping[str, Any]) -> None:
    """Enter one payment.  Raises :class:`InvalidInput` for one that cannot be, or is more than is owed."""
    amount, purpose, on = e.fen(values["amount"]), values["purpose"], day(values["paid_on"])
    if on > today(ctx) or on < row.decided_on:
        raise InvalidInput(
            "缴款日期不对。",
            fields={"paid_on": [f"缴款日期应当在决定日期 {row.decided_on} 和今天之间，请核对银行回单。"]},
        )
    entries = e.payments_of(ctx.session, row)
    known = {(p.receipt_number, p.purpose): p for p in entries if p.withdrawn_at is None}
    if twice := known.get((values["receipt_number"], purpose)):
        said = (
            f"票据号 {twice.receipt_number} 已登记为第 {twice.serial} 笔（{twice.paid_on}，{e.yuan(twice.amount)} 元）"
        )
        raise InvalidInput("票据号已经登记过。", fields={"receipt_number": [f"{said}；登记错了的先撤销那一笔。"]})
    if not values.get("remark") and (other := e.entered_elsewhere(ctx.session, row, values["receipt_number"])):
        raise InvalidInput(
            "票据号在别的案件登记过。",
            fields={
                "receipt_number": [f"已登记在 {other}，请核对；一张票据确实含几个案件款项的，在备注中写明后提交。"]
            },
        )
    rest = e.balance(ctx.session, ctx.settings, ctx.calendar, row, today(ctx)).rest[purpose]
    if amount > rest:
        raise InvalidInput(
            "缴款多于应缴数额。",
            fields={
                "amount": [
                    f"“{purpose}”还应缴纳 {e.yuan(rest)} 元，登记 {e.yuan(amount)} 元多出 {e.yuan(amount - rest)} 元。"
                    "请核对回单：一笔回单含几个项目的分项登记；确实多缴的，只登记应缴部分，多缴部分由财政部门退付。"
                ]
            },
        )
    ctx.session.add(
        Payment(
            id=new_id(), district_id=ctx.district_id, debt=row.number, serial=len(entries) + 1, direction=e.PAID,
            purpose=purpose, amount=amount, paid_on=on, receipt_number=values["receipt_number"],
            way=values["way"], slips=list(values.get("slips") or []), remark=values.get("remark") or "",
            entered_by=ctx.actor.user_id, entered_by_name=ctx.actor.name, entered_at=ctx.now,
        )
    )  # fmt: skip
    ctx.session.flush()


def withdraw(ctx: ServiceContext, row: PenaltyDebt, values: Mapping[str, Any]) -> None:
    """Take a wrong entry out of the account; it stays to be read.  Raises :class:`InvalidInput`."""
    entries = e.payments_of(ctx.session, row)
    found = next((p for p in entries if str(p.serial) == str(values["entry"]) and p.withdrawn_at is None), None)
    if found is None:
        raise InvalidInput("没有这一笔登记。", fields={"entry": ["请选择没有撤销过的一笔登记。"]})
    found.withdrawn_at, found.withdrawn_by_name = ctx.now, ctx.actor.name
    found.withdrawn_reason = values["withdraw_reason"]
    ctx.session.flush()


def follow_payment(ctx: ServiceContext, row: PenaltyDebt) -> e.Balance:
    """After money moved: whose last day comes next, and whether what was overdue is made good."""
    balance = e.balance(ctx.session, ctx.settings, ctx.calendar, row, today(ctx))
    if balance.next_on is None:
        ctx.meet_deadline("payment")
    elif not balance.overdue:
        start_term(ctx, row, balance)
    made_good(ctx, row, balance)
    return balance


def made_good(ctx: ServiceContext, row: PenaltyDebt, balance: e.Balance) -> None:
    """Leave the reminder and the court once nothing is overdue and no duty refused, while something is still open."""
    open_still = balance.rest_sum or still_to_perform(row.duties)
    if row.overdue_since is None or balance.overdue or refused(row.duties) or not open_still:
        return
    row.overdue_since = None
    state(ctx, row, e.WAITING)
    ctx.send_message(CLEARED, row.number)


def start_term(ctx: ServiceContext, row: PenaltyDebt, balance: e.Balance) -> None:
    """Let the deadline ``payment`` be that of the money that falls due next."""
    terms = e.terms_of(ctx.session, row)
    plan = [term for term in terms if term.plan == terms[-1].plan]
    running = running_deadline(ctx.session, ctx.district_id, row.number, "payment")
    if balance.next_on is None or plan[0].plan == 0:
        if running is None:  # an entry was withdrawn: it is owed again
            ctx.set_deadline(row.number, "payment", started_at=morning(ctx, row.served_on))
        return
    if running is not None and running.due_at and ctx.calendar.local_date(running.due_at) == balance.next_on:
        return
    number = next((t.position for t in plan if ctx.calendar.roll_forward(t.due_on) == balance.next_on), 1)
    since = plan[0].since
    days = (balance.next_on - since).days
    words = f"缴纳罚款（第 {number} 期）" if len(plan) > 1 else "缴纳罚款（延期）"
    ctx.set_deadline(
        row.number, "payment", started_at=morning(ctx, since), rule=f"{days}d", label=words,
        legal_basis="《中华人民共和国行政处罚法》第六十六条第二款",
    )  # fmt: skip


# -- putting off --------------------------------------------------------------------------------


def request(ctx: ServiceContext, row: PenaltyDebt, values: Mapping[str, Any]) -> None:
    """Take up what the party asks for; the head decides.  Raises :class:`InvalidInput`."""
    if e.waiting_request(ctx.session, row) is not None:
        raise InvalidInput("上一次申请还没有决定。", fields={"request_kind": ["请等机关负责人作出决定以后再登记。"]})
    kind, on = values["request_kind"], day(values["requested_on"])
    balance = e.balance(ctx.session, ctx.settings, ctx.calendar, row, today(ctx))
    if not row.served_on <= on <= today(ctx):
        raise InvalidInput(
            "申请日期不对。", fields={"requested_on": [f"申请日期应当在送达日期 {row.served_on} 和今天之间。"]}
        )
    if kind == e.RELIEF:
        terms, waived = [], _relief(values, balance)
    else:
        terms, waived = _terms(ctx, row, values, balance, on), 0
    ctx.session.add(
        PaymentRequest(
            id=new_id(), district_id=ctx.district_id, debt=row.number,
            serial=len(e.requests_of(ctx.session, row)) + 1, kind=kind, requested_on=on,
            reason=values["request_reason"], terms=terms, waived=waived,
        )
    )  # fmt: skip
    ctx.session.flush()
    ctx.send_message(REQUESTED, row.number, {"kind": kind})


def _relief(values: Mapping[str, Any], balance: e.Balance) -> int:
    waived, rest = e.fen(values["waived"]), balance.rest[e.SURCHARGE]
    if not 0 < waived <= rest:
        raise InvalidInput(
            "减免数额不对。",
            fields={"waived": [f"未缴的加处罚款为 {e.yuan(rest)} 元，减免数额应当大于零，不能超过它。"]},
        )
    return waived


def _terms(
    ctx: ServiceContext, row: PenaltyDebt, values: Mapping[str, Any], balance: e.Balance, on: date
) -> list[dict[str, Any]]:
    rest = balance.rest[e.FINE]
    if not rest:
        raise InvalidInput("罚款已经缴清。", fields={"request_kind": ["罚款已经缴清，不需要延期或者分期。"]})
    if balance.next_on is not None and on > balance.next_on:  # PL66: before the term is over
        raise InvalidInput(
            "申请晚于缴款期限。",
            fields={
                "requested_on": [f"缴款期限为 {balance.next_on}，延期、分期应当在此以前申请；已经逾期的按催告办理。"]
            },
        )
    if values["request_kind"] == e.DEFERRAL:
        found: list[dict[str, Any]] = [{"due_on": str(values["defer_until"])[:10], "amount": rest}]
    else:
        found = [{"due_on": str(t["due_on"])[:10], "amount": e.fen(t["amount"])} for t in values["terms"]]
    errors: dict[str, list[str]] = {}
    before = max(on, today(ctx))
    for n, term in enumerate(found):
        if day(term["due_on"]) <= before:
            where = "defer_until" if values["request_kind"] == e.DEFERRAL else f"terms[{n}].due_on"
            errors[where] = [f"应当晚于 {before}。" if n == 0 else "各期日期应当一期晚于一期。"]
        before = day(term["due_on"])
    if (total := sum(int(term["amount"]) for term in found)) != rest:
        errors["terms"] = [f"各期合计 {e.yuan(total)} 元，应当等于未缴的罚款 {e.yuan(rest)} 元。"]
    if errors:
        raise InvalidInput("缴款期次有误。", fields=errors)
    return found


def decide(ctx: ServiceContext, row: PenaltyDebt, decision: str, note: str) -> PaymentRequest:
    """The head's decision on what the party asked for; granted terms are in force from the day of the request.

    Raises :class:`InvalidInput` when a term has passed meanwhile, or money came in since.
    """
    asked = e.waiting_request(ctx.session, row)
    if asked is None:
        raise InvalidInput("没有等待决定的申请。", fields={"decision": ["这项申请已经作出决定，请刷新页面。"]})
    if decision == e.GRANTED and asked.kind == e.RELIEF:
        _relieve(ctx, row, asked)
    elif decision == e.GRANTED:
        _grant(ctx, row, asked)
    asked.decision, asked.decided_on, asked.note = decision, today(ctx), note
    asked.decided_by_name = ctx.actor.name
    ctx.session.flush()
    if decision == e.GRANTED:
        balance = follow_payment(ctx, row)
        if balance.rest_sum == 0:
            ctx.send_message(SETTLED, row.number)
    return asked


def drop_request(ctx: ServiceContext, row: PenaltyDebt, because: str) -> bool:
    """Put on record that a waiting request is decided on by nobody any more; True when there was one."""
    asked = e.waiting_request(ctx.session, row)
    if asked is None:
        return False
    asked.decision, asked.decided_on, asked.note = e.DROPPED, today(ctx), f"{because}，不再审批"
    ctx.record("payment-request-dropped", {"debt": row.number, "kind": asked.kind, "reason": because})
    ctx.session.flush()
    return True


def _relieve(ctx: ServiceContext, row: PenaltyDebt, asked: PaymentRequest) -> None:
    rest = e.balance(ctx.session, ctx.settings, ctx.calendar, row, today(ctx)).rest[e.SURCHARGE]
    if asked.waived > rest:
        raise InvalidInput(
            "减免多于未缴的加处罚款。",
            fields={
                "decision": [
                    f"申请减免 {e.yuan(asked.waived)} 元，现在未缴的加处罚款只有 {e.yuan(rest)} 元。"
                    "请选择不批准并写明理由，由承办人按未缴数额重新登记申请。"
                ]
            },
        )


def _grant(ctx: ServiceContext, row: PenaltyDebt, asked: PaymentRequest) -> None:
    rest = e.balance(ctx.session, ctx.settings, ctx.calendar, row, today(ctx)).rest[e.FINE]
    if sum(int(term["amount"]) for term in asked.terms) != rest or day(asked.terms[0]["due_on"]) < today(ctx):
        raise InvalidInput(
            "申请已经与现状不符。",
            fields={
                "decision": ["申请之后又有缴款，或者第一期的日期已过。请选择不批准并写明理由，由承办人重新登记申请。"]
            },
        )
    terms = e.terms_of(ctx.session, row)
    plan = terms[-1].plan + 1
    ctx.session.add_all(
        PaymentTerm(
            id=new_id(), district_id=ctx.district_id, debt=row.number, plan=plan, position=n,
            since=asked.requested_on, due_on=day(term["due_on"]), amount=term["amount"], granted_on=today(ctx),
        )
        for n, term in enumerate(asked.terms, start=1)
    )  # fmt: skip
    ctx.session.flush()


# -- the decision's own duties --------------------------------------------------------------------

REFUSED_DUTY = "拒不履行"


def refused(duties: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Duties beside money the party will not perform: they are reminded of and taken to the court (ACL53)."""
    return [duty for duty in duties if duty.get("result") == REFUSED_DUTY]


def words(duties: Sequence[Mapping[str, Any]]) -> str:
    """Duties as a reminder or an application names them."""
    return "；".join(
        f"{duty['kind']}（{duty['content']}）" if duty["content"] else str(duty["kind"]) for duty in duties
    )


def still_to_perform(duties: Sequence[Mapping[str, Any]]) -> list[str]:
    """Duties beside money that were not carried out."""
    return [str(duty["kind"]) for duty in duties if duty.get("result") != "已执行"]
