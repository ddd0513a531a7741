"""Propose to end an enforcement before everything was carried out, or ask for it after all (ACL40)."""

from __future__ import annotations

from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("end-collection", title="终结执行")
def end_collection(ctx: ServiceContext) -> None:
    """The head agreed: what still waits for the money and for other duties goes, and the case is closed as ended."""
    row = steps.own(ctx)
    steps.state(ctx, row, e.ENDED)
    ctx.send_message(steps.COLLECTION_ENDED, row.number)
