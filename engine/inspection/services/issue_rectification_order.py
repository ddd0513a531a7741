"""Keep the order to correct (责令改正)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("issue-rectification-order", title="登记责令改正")
def issue_rectification_order(ctx: ServiceContext) -> None:
    """The party must have time: the deadline lies after the day of service (PL28)."""
    values = ctx.values or {}
    if str(values["deadline"]) <= str(values["served_on"]):
        raise InvalidInput("改正期限应当晚于送达日期。", fields={"deadline": ["改正期限应当晚于送达日期，请修改。"]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "改正中", {**row.facts, "order": dict(values)}
