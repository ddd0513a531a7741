"""The head answers for a court deadline that was missed (ACL53)."""

from __future__ import annotations

from engine.inspection import enforcement_steps as steps
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("decide-missed-application", title="处理逾期未申请强制执行")
def decide_missed_application(ctx: ServiceContext) -> None:
    """``不再申请`` leads to the end of enforcement; otherwise the application waits for its good reason."""
    own = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    own.facts = {**own.facts, "missed": dict(ctx.values or {})}
    if own.facts["missed"]["decision"] == "不再申请":
        ctx.send_message(steps.END_PROPOSED, ctx.business_key)
