"""Keep the penalty decision (PL57)."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-decision", title="登记处罚决定")
def record_decision(ctx: ServiceContext) -> None:
    """A fine names its amount, and an amount names the fine."""
    values: dict[str, Any] = dict(ctx.values or {})
    fined = "罚款" in (values.get("kinds") or [])
    amount = values.get("amount") or 0
    if values["decision"] == "处罚" and fined and amount <= 0:
        raise InvalidInput("请填写罚款数额。", fields={"amount": ["选择了罚款，请填写大于零的数额。"]})
    if values["decision"] == "处罚" and amount and not fined:
        raise InvalidInput("处罚种类与数额不符。", fields={"kinds": ["填写了罚款数额，请在处罚种类中选择“罚款”。"]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "已决定", {**row.facts, "decision": values}
    ctx.meet_deadline("decision")
