"""Keep the decision on an objection."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import corrections, objections
from engine.service_tasks import ServiceContext, service_task

UPHELD = ("成立", "部分成立")


@service_task("decide-objection", title="登记异议处理决定")
def decide_objection(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``outcome``, the state when it is closed, and ``correcting``: whether the publication must change.

    A publication has one application at a time: while another is under way the decision waits for it.
    """
    values = dict(ctx.values or {})
    row, published = objections.of_task(ctx)
    decision, kind = str(values["decision"]), values.get("correction_kind")
    correcting = decision in UPHELD and published.state == "published"
    if correcting and (other := corrections.under_way(ctx.session, published)):
        message = f"这条公示的更正申请 {other} 正在办理，办结后再决定。"
        raise InvalidInput("不能再启动更正。", fields={"decision": [message]})
    outcome = f"{decision}，{kind}" if decision in UPHELD else decision
    row.state, row.facts = "待答复", {**row.facts, "decision": {**values, "outcome": outcome}}
    return {"outcome": outcome, "correcting": correcting}
