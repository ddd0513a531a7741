"""Keep what the procuratorate said of the refusal to file."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-supervision-result", title="登记立案监督结果")
def record_supervision_result(ctx: ServiceContext) -> None:
    """Told to file, public security files; otherwise the organ deals with the case itself (rules 10)."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    after = crimes.noted(row, "supervision") or crimes.noted(row, "review")
    at = crimes.moment(ctx, "received_at", after=after, what="建议立案监督")
    told_to_file = (ctx.values or {})["result"] == "通知立案"
    crimes.keep(ctx, "supervision_result", "公安机关已立案" if told_to_file else crimes.REFUSED, at)
    if told_to_file:
        crimes.filed(ctx, at, "supervision-request")
