"""Keep an application to repair, and whether it is accepted."""

from __future__ import annotations

from datetime import datetime, time

from engine.inspection import credit_case, credit_repairs
from engine.inspection.credit_letters import day
from engine.service_tasks import ServiceContext, service_task


@service_task("save-credit-repair", title="登记信用修复申请")
def save_credit_repair(ctx: ServiceContext) -> None:
    """An application that misses a condition cannot be accepted: the form says which, and from when it may be.

    Accepted, the limit ``repair-decision`` runs, as long as the table says for what is to be repaired.
    """
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    credit_case.not_later(ctx, values, "applied_on")
    if values["decision"] != "受理":
        credit_case.keep(row, "application", values, "不予受理")
        return
    target = credit_repairs.target_of(ctx.session, ctx.settings, row)
    credit_repairs.refuse_unmet(ctx.settings, target, values, day(values["applied_on"]))
    credit_case.keep(row, "application", values, "已受理")
    today = ctx.calendar.local_date(ctx.now)
    limit = credit_repairs.limit_of(ctx.settings, target, today)
    ctx.set_deadline(
        ctx.business_key, credit_repairs.DEADLINE, started_at=datetime.combine(today, time(), ctx.settings.timezone),
        rule=limit.rule, legal_basis=limit.legal_basis, label=limit.label,
    )  # fmt: skip
