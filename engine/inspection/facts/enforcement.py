"""What stands beside the forms of carrying out a penalty: the money, the surcharge day by day, what is offered."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from engine.calendar import Calendar
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection import surcharge, tables
from engine.inspection.document_enforcement import span_words
from engine.inspection.enforcement_models import PenaltyDebt, PenaltyRemedy
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.records import follow_up


def _account(desk: Desk, row: PenaltyDebt) -> e.Account:
    calendar = Calendar.load(desk.session, desk.district_id, desk.settings.timezone)
    return e.account(desk.session, desk.settings, calendar, row)


def enforcement_facts(desk: Desk) -> dict[str, Any]:
    """The account of the penalty, and what the forms of its steps begin with."""
    row = e.debt(desk.session, desk.district_id, desk.task.business_key)
    account = _account(desk, row)
    now = account.balance(desk.today)
    penalty = follow_up(desk.session, desk.district_id, row.penalty).facts.get("decision") or {}
    owed = "、".join(f"{purpose} {e.yuan(amount)} 元" for purpose, amount in now.rest.items() if amount)
    undone = steps.words([duty for duty in row.duties if duty.get("result") != "已执行"])
    refused = steps.words(steps.refused(row.duties))
    asked = next((r for r in reversed(e.requests_of(desk.session, row)) if not r.decision), None)
    facts = [_decision(row), *money_blocks(account, desk.today), *_duties(row), *_asked(asked), *_duty(desk)]
    return {
        "facts": facts,
        "payment_entries": [
            {"value": str(p.serial), "label": f"第 {p.serial} 笔：{p.paid_on} {p.purpose} {e.yuan(p.amount)} 元"}
            for p in account.entries
            if p.withdrawn_at is None and p.direction == e.PAID
        ],
        "enforcement_end_grounds": tables.options(desk.settings, "enforcement-end-ground", desk.today),
        "obligation": (f"缴纳{owed}（加处罚款计算至 {desk.today}）。" if owed else "")
        + (f"履行：{undone}。" if undone else ""),
        "claims": (f"强制执行{row.decision_number}确定的{owed}，以及至缴清之日止的加处罚款。" if owed else "")
        + (f"强制执行{row.decision_number}确定的其他处罚内容：{refused}。" if refused else ""),
        "reasons": str(penalty.get("facts") or ""),
        "unpaid": "；".join(part for part in (owed, undone) if part) or "没有未执行的内容",
        "court": row.court or str((desk.data.get("draft_application") or {}).get("court") or ""),
    }  # fmt: skip


def _decision(row: PenaltyDebt) -> dict[str, Any]:
    return rows(
        "处罚决定", ("当事人", row.subject_name), ("决定书文号", row.decision_number), ("决定日期", row.decided_on),
        ("送达日期", row.served_on), ("催告书送达", row.reminded_on), ("复议、诉讼期限届满", row.remedy_ends_on),
        ("停止执行", f"{row.stayed_since} 起" if row.stayed_since else ""),
        ("法院", f"{row.court}　{row.court_state}".strip()),
    )  # fmt: skip


def money_blocks(account: e.Account, on: date) -> list[dict[str, Any]]:
    """The money of a debt in words: what is owed by purpose, each payment, each term, the surcharge by days."""
    now = account.balance(on)
    body = [
        [purpose, e.yuan(now.owed[purpose]), e.yuan(now.paid[purpose]), e.yuan(now.rest[purpose])]
        for purpose in e.PURPOSES
        if now.owed[purpose] or now.paid[purpose]
    ]
    body.append(["合计", e.yuan(sum(now.owed.values())), e.yuan(now.paid_sum), e.yuan(now.rest_sum)])
    blocks = [table(f"应缴和已缴（元，计算至 {on}）", ["项目", "应缴", "已缴", "未缴"], body)]
    if now.next_on is not None:
        word = "已逾期" if now.next_on < on else "下一期限"
        blocks.append(rows(word, ("最迟缴纳", now.next_on), ("数额（元）", e.yuan(now.next_amount))))
    if account.plans and len(account.plans[-1].terms) > 1:
        terms = [[n, last, e.yuan(amount)] for n, (last, amount) in enumerate(account.plans[-1].terms, 1)]
        blocks.append(table("分期", ["期次", "最迟缴纳", "数额（元）"], terms))
    if account.entries:
        paid = [
            [
                p.serial, p.paid_on, p.purpose if p.direction == e.PAID else f"退还{p.purpose}", e.yuan(p.amount),
                p.receipt_number, f"已撤销：{p.withdrawn_reason}" if p.withdrawn_at else p.way,
            ]
            for p in account.entries
        ]  # fmt: skip
        blocks.append(table("缴款登记", ["序号", "日期", "项目", "数额（元）", "票据号", "方式"], paid))
    if days := account.late_days(on):
        lines = [span_words(first, last) for first, last in surcharge.spans(days)]
        head = ["起", "止", "天数", "逾期罚款", "加处", "累计", "说明"]
        cells = [[ln[k] for k in ("first", "last", "days", "late", "added", "total", "note")] for ln in lines]
        blocks.append(table(f"加处罚款（每日 {account.rate.percent:f}%，以罚款数额为限）", head, cells))
        if now.waived:
            blocks.append(rows("减免", ("已批准减免的加处罚款（元）", e.yuan(now.waived))))
    return blocks


def _asked(asked: Any) -> list[dict[str, Any]]:
    if asked is None:
        return []
    found = [
        rows(
            "当事人的申请（等待决定）", ("事项", asked.kind), ("申请日期", asked.requested_on), ("理由", asked.reason),
            ("减免（元）", e.yuan(asked.waived) if asked.waived else ""),
        )
    ]  # fmt: skip
    if asked.terms:
        body = [[n, term["due_on"], e.yuan(term["amount"])] for n, term in enumerate(asked.terms, start=1)]
        found.append(table("申请的期次", ["期次", "最迟缴纳", "数额（元）"], body))
    return found


def _duties(row: PenaltyDebt) -> list[dict[str, Any]]:
    body = [
        [duty["kind"], duty["content"], duty.get("result") or "待执行", duty.get("on") or "", duty.get("how") or ""]
        for duty in row.duties
    ]
    return [table("其他处罚内容", ["种类", "内容", "结果", "日期", "情况"], body)] if body else []


def _duty(desk: Desk) -> list[dict[str, Any]]:
    item = desk.task.context.get("item")
    if not isinstance(item, dict):
        return []
    return [rows("处罚内容", ("种类", item.get("kind")), ("内容", item.get("content")))]


def remedy_facts(desk: Desk) -> dict[str, Any]:
    """The decision attacked, the remedy so far, the money; what the forms of its steps begin with."""
    penalty = follow_up(desk.session, desk.district_id, remedied_penalty(desk))
    decision = penalty.facts.get("decision") or {}
    row = desk.session.scalar(
        sa.select(PenaltyRemedy).where(
            PenaltyRemedy.district_id == desk.district_id, PenaltyRemedy.number == desk.task.business_key
        )
    )
    served = (penalty.facts.get("service") or {}).get("served_on")
    facts = [
        rows(
            "处罚决定", ("当事人", penalty.subject_name), ("决定书文号", decision.get("document_number")),
            ("决定日期", str(decision.get("decided_on") or "")[:10]), ("送达日期", str(served or "")[:10]),
            ("处罚种类", "、".join(decision.get("kinds") or [])), ("罚款（元）", decision.get("amount")),
        )
    ]  # fmt: skip
    if row is not None and row.kind:
        facts.append(
            rows(
                row.kind, ("复议机关、法院", row.body), ("案号", row.case_number), ("申请、起诉", row.applied_on),
                ("期限届满", row.last_day), ("是否在期限内", {True: "是", False: "否", None: ""}[row.in_time]),
                ("收到通知", row.received_on), ("提交答复", row.answered_on),
                ("结果", tables.label(desk.settings, "remedy-outcome", row.outcome, desk.today) if row.outcome else ""),
                ("应退款项（元）", e.yuan(row.refund) if row.refund else ""),
            )
        )  # fmt: skip
    debt = e.debt_of_penalty(desk.session, desk.district_id, penalty.number)
    if debt is not None:
        facts += money_blocks(_account(desk, debt), desk.today)
    kind = row.kind if row is not None else ""
    return {
        "facts": facts,
        "party": penalty.subject_name,
        "decision_facts": str(decision.get("facts") or ""),
        "decision_basis": str(decision.get("basis") or ""),
        "remedy_outcomes": [
            {"value": r["code"], "label": r["name"]}
            for r in tables.rows(desk.settings, "remedy-outcome", desk.today)
            if kind in r["kinds"]
        ],
        "refund_amount": row.refund / 100 if row is not None and row.refund else None,
        "refund_basis": f"{row.outcome_document}：{row.outcome}" if row is not None and row.outcome else "",
    }


def remedied_penalty(desk: Desk) -> str:
    """The penalty a remedy is about: its origin, or that of the enforcement it was opened from."""
    origin = str(desk.data["origin"])
    found = desk.session.scalar(
        sa.select(PenaltyDebt.penalty).where(PenaltyDebt.district_id == desk.district_id, PenaltyDebt.number == origin)
    )
    return found or origin


PROCESSES: dict[str, Provider] = {e.PROCESS: enforcement_facts, "penalty-remedy": remedy_facts}
