"""Keep what the party says against being listed, and what was found of it."""

from __future__ import annotations

from engine.inspection import credit_case
from engine.service_tasks import ServiceContext, service_task


@service_task("record-credit-statement", title="登记列入前的陈述申辩")
def record_credit_statement(ctx: ServiceContext) -> None:
    """The time for statements is over with it."""
    credit_case.keep(credit_case.of(ctx), "statement", dict(ctx.values or {}), "已听取意见")
    ctx.meet_deadline("serious-statement")
