"""No answer is needed: the application was withdrawn or not accepted."""

from __future__ import annotations

from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("waive-remedy-answer", title="登记不需要答复")
def waive_remedy_answer(ctx: ServiceContext) -> None:
    """With ``不需要答复`` the deadline of the answer ends; a drafted answer changes nothing."""
    if (ctx.values or {})["action"] == "不需要答复":
        for name in ("review-answer", "suit-answer"):
            ctx.meet_deadline(name, remedies.own(ctx).number)
