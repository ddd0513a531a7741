"""Keep the written answer to the procuratorate's opinion (检察意见)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import crime_transfers as crimes
from engine.service_tasks import ServiceContext, service_task


@service_task("reply-to-procuratorate", title="回复检察意见")
def reply_to_procuratorate(ctx: ServiceContext) -> None:
    """Its days are met.  Raises :class:`InvalidInput` for a day after today."""
    if str((ctx.values or {})["replied_on"]) > ctx.calendar.local_date(ctx.now).isoformat():
        raise InvalidInput("日期不对。", fields={"replied_on": ["回复日期不能晚于今天，请修改。"]})
    crimes.keep(ctx, "reply", f"{crimes.RETURNED}，已回复检察意见", ctx.now)
    ctx.meet_deadline("prosecutor-opinion")
