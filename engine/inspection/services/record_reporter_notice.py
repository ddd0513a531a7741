"""Keep that a real-name reporter was told what came of the lead."""

from __future__ import annotations

from engine.inspection.lead_steps import check_told, keep
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("record-reporter-notice", title="登记告知举报人")
def record_reporter_notice(ctx: ServiceContext) -> None:
    """Not before the decision and not in the future; the limit ends here."""
    values = dict(ctx.values or {})
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    check_told(ctx, values, row.decided_on or row.received_on)
    keep(row, "told", values)
    ctx.meet_deadline("reporter-notice")
