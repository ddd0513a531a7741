"""Keep the decision to list somebody, or not to."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import credit_case, credit_listings
from engine.inspection.credit_letters import day
from engine.service_tasks import ServiceContext, service_task


@service_task("record-credit-decision", title="登记列入决定")
def record_credit_decision(ctx: ServiceContext) -> None:
    """Not before the ground was established; with the superior's consent where the list asks for it."""
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    credit_case.not_later(ctx, values, "decided_on")
    proposal, decided_on = row.facts["proposal"], day(values["decided_on"])
    if decided_on < day(row.facts["established_on"]):
        words = f"决定日期不能早于查实日期 {row.facts['established_on']}，请核对。"
        raise InvalidInput("日期有误。", fields={"decided_on": [words]})
    if values["decision"] == "列入":
        rule = credit_listings.list_rule(ctx.settings, proposal["list"], credit_case.subject_kind(row), decided_on)
        if rule.superior_consent and not values.get("superior_consent"):
            words = f"{rule.enter}须报经上一级部门同意，请填写同意的文号。"
            raise InvalidInput("还没有上一级部门的同意。", fields={"superior_consent": [words]})
    credit_case.keep(row, "decision", values, "已决定" if values["decision"] == "列入" else "不予列入")
    ctx.meet_deadline("serious-statement")
    ctx.meet_deadline(credit_case.LIMITS[proposal["list"]])
