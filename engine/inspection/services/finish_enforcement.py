"""Close the account of a penalty: what came of it."""

from __future__ import annotations

from typing import Any

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("finish-enforcement", title="处罚执行结案")
def finish_enforcement(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``outcome``: 缴清, 已履行, 终结执行 or 无需执行; and ``unanswered`` where a request of the party waited.

    Nobody decides on that any more; it is put on record with its reason, and the party is told.
    """
    row = steps.own(ctx)
    rest = e.balance(ctx.session, ctx.settings, ctx.calendar, row, steps.today(ctx)).rest_sum
    if row.state == e.ENDED or rest or steps.still_to_perform(row.duties):
        outcome = e.ENDED
    elif row.fine or row.confiscated:
        outcome = e.PAID_UP
    else:
        outcome = e.PERFORMED if row.duties else e.NOTHING
    row.closed_at = ctx.now
    steps.state(ctx, row, outcome)
    return {"outcome": outcome, "unanswered": steps.drop_request(ctx, row, outcome)}
