"""Keep the order to correct (责令改正): on the spot or within a term, handed over at once or served apart."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import rectifications
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("issue-rectification-order", title="登记责令改正")
def issue_rectification_order(ctx: ServiceContext) -> None:
    """The party must have time: a day named for the correction lies after the day of service (PL28)."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now).isoformat()
    served, last = str(values.get("served_on") or "")[:10], str(values.get("deadline") or "")[:10]
    if served > today:
        message = "送达日期晚于今天，请填写实际交付的日期，或者选“另行送达”。"
        raise InvalidInput("送达日期不对。", fields={"served_on": [message]})
    if last and last <= (served or today):
        raise InvalidInput("改正期限应当晚于送达日期。", fields={"deadline": ["改正期限应当晚于送达日期，请修改。"]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    rectifications.begin_round(row, {k: v for k, v in values.items() if k != "signature"})
    row.state = _state(values)


def _state(values: Any) -> str:
    if values.get("mode") == rectifications.ON_THE_SPOT:
        return "待决定"
    return "待送达" if values.get("delivery") == "另行送达" else "改正中"
