"""A sample has its final result."""

from __future__ import annotations

from typing import Any

from engine.inspection import samples
from engine.service_tasks import ServiceContext, service_task


@service_task("settle-sample", title="确定样品结果")
def settle_sample(ctx: ServiceContext) -> dict[str, Any]:
    """With the last sample settled the department's inspection gets the message ``samples-settled``.

    Returns ``outcome``: the result that counts, or that the sample was not sent.
    """
    row = samples.of_number(ctx.session, ctx.district_id, ctx.business_key)
    samples.settle(ctx, row, samples.SETTLED if row.result else samples.NOT_SENT)
    return {"outcome": row.result or samples.NOT_SENT}
