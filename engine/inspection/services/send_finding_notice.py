"""Send a notice of what was found to the organ that has to deal with it."""

from __future__ import annotations

from engine.inspection import finding_notices
from engine.service_tasks import ServiceContext, service_task


@service_task("send-finding-notice", title="发出抄告移送")
def send_finding_notice(ctx: ServiceContext) -> None:
    """The receiving department signs within the days of the table; its clock starts now."""
    values = dict(ctx.values or {})
    finding_notices.check_receiver(ctx, values["notice_kind"], values["receiver"])
    row = finding_notices.the_notice(ctx)
    finding_notices.keep(row, "待签收", notice=values)
    ctx.set_deadline(ctx.business_key, finding_notices.DEADLINE, department=values["receiver"])
