"""Keep what is done with a notice that came back: to somebody else, to the same organ again, or no further."""

from __future__ import annotations

from engine.inspection import finding_notices
from engine.service_tasks import ServiceContext, service_task


@service_task("record-finding-return", title="处理退回的抄告移送")
def record_finding_return(ctx: ServiceContext) -> None:
    """What is sent again is signed for within a new clock."""
    values = dict(ctx.values or {})
    row = finding_notices.the_notice(ctx)
    notice = row.facts["notice"]
    receiver = values["receiver"] if values["decision"] == "改送" else notice["receiver"]
    finding_notices.check_receiver(ctx, notice["notice_kind"], receiver)
    returns = [*row.facts.get("returns", []), {**values, "refused": row.facts.get("receipt")}]
    again = values["decision"] != "不再移送"
    finding_notices.keep(
        row, "待签收" if again else "不再移送", returns=returns, notice={**notice, "receiver": receiver}
    )  # fmt: skip
    if again:
        ctx.set_deadline(ctx.business_key, finding_notices.DEADLINE, department=receiver)
