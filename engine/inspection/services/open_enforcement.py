"""Open the account of a penalty once its decision is served (PL66, PL67)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import enforcement as e
from engine.inspection.enforcement_models import PaymentTerm, PenaltyDebt
from engine.inspection.enforcement_steps import day, morning
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task


@service_task("open-enforcement", title="登记处罚执行")
def open_enforcement(ctx: ServiceContext) -> dict[str, Any]:
    """Amounts and duties are those of the decision, the days those of its service; starts the deadline
    ``payment``.  Returns ``money`` (is any owed) and ``duties`` (``[{kind, content}]``).
    """
    own = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    penalty = follow_up(ctx.session, ctx.district_id, own.origin)
    said = {**(penalty.facts.get("decision") or {}), **{k: v for k, v in ctx.data.items() if k in _TOLD and v}}
    served = ctx.data.get("served_on") or (penalty.facts.get("service") or {}).get("served_on")
    if not said.get("decided_on") or not served:
        raise ServiceTaskFailed("处罚决定没有决定日期或者送达日期，不能登记执行；请在处罚案件中补登送达后重试。")
    row = PenaltyDebt(
        id=new_id(), district_id=ctx.district_id, number=own.number, penalty=penalty.number,
        department=own.department, subject_name=own.subject_name, uscc=own.uscc,
        decision_number=str(said.get("document_number") or ""), decided_on=day(said["decided_on"]),
        served_on=day(served), fine=e.fen(said.get("amount")), confiscated=e.fen(said.get("confiscated")),
        duties=_duties(ctx, said), opened_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    ctx.session.flush()
    if money := bool(row.fine or row.confiscated):
        deadline = ctx.set_deadline(row.number, "payment", started_at=morning(ctx, row.served_on))
        if deadline.due_at is None:
            raise ServiceTaskFailed("缴款期限没有届满日，请系统管理员核对期限表“payment”。")
        term = PaymentTerm(
            id=new_id(), district_id=ctx.district_id, debt=row.number, plan=0, position=1, since=row.served_on,
            due_on=ctx.calendar.local_date(deadline.due_at), amount=row.fine, granted_on=row.decided_on,
        )  # fmt: skip
        ctx.session.add(term)
    own.state = row.state = e.WAITING if money else "执行中" if row.duties else e.NOTHING
    ctx.session.flush()
    return {"money": money, "duties": row.duties}


_TOLD = ("document_number", "decided_on", "kinds", "amount", "confiscated", "goods", "duties")


def _duties(ctx: ServiceContext, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What has to be carried out beside the payment of money: what the decision lists, and its other kinds."""
    stated = {row["name"]: row.get("stated_in") for row in rows(ctx.settings, "penalty-kind", day(said["decided_on"]))}
    found = [
        {"kind": str(duty.get("kind") or ""), "content": str(duty.get("content") or "")}
        for duty in said.get("duties") or []
    ]
    listed = {duty["kind"] for duty in found}
    for kind in said.get("kinds") or []:
        if kind not in listed and stated.get(kind) and stated[kind] not in ("amount", "confiscated"):
            found.append({"kind": kind, "content": str(said.get(str(stated[kind])) or "")})
    return found
