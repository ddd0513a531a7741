"""Whoever looks over a step of a lead says why it goes back without naming who reported it."""

from __future__ import annotations

from engine.inspection.lead_reporters import refuse_reporter
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("check-lead-opinion", title="核对线索的审核意见")
def check_lead_opinion(ctx: ServiceContext) -> None:
    """Raises :class:`InvalidInput` when the opinion says who reported the lead: the next step shows it to others."""
    refuse_reporter(ctx.session, lead(ctx.session, ctx.district_id, ctx.business_key), ctx.values or {})
