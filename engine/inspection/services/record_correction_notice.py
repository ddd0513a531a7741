"""Keep that the party was told of the corrected conclusion."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-correction-notice", title="登记结论更正告知")
def record_correction_notice(ctx: ServiceContext) -> None:
    """Raises :class:`InvalidInput` for a day ahead."""
    values = dict(ctx.values or {})
    if str(values["told_on"])[:10] > ctx.calendar.local_date(ctx.now).isoformat():
        raise InvalidInput("告知日期有误。", fields={"told_on": ["告知日期晚于今天，请核对。"]})
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    case.facts = {**case.facts, "notice": values}
