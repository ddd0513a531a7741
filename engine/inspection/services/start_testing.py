"""Begin the test of things that are sealed or seized, once the party was told how long it takes."""

from __future__ import annotations

from datetime import date

from engine.errors import InvalidInput
from engine.inspection import held_items
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-testing", title="送检并告知检测期间")
def start_testing(ctx: ServiceContext) -> None:
    """Starts the limit ``measure-testing``; only what was told in writing is not counted (Coercion Law 25).

    Raises :class:`InvalidInput` for a notice that lies ahead, or before the measure, and for an end not after today.
    """
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    told, until = (date.fromisoformat(str(values[key])[:10]) for key in ("told_on", "test_until"))
    faults: dict[str, list[str]] = {}
    if told > today:
        faults["told_on"] = ["告知日期不能晚于今天，请核对。"]
    elif told < ctx.calendar.local_date(row.opened_at):
        faults["told_on"] = ["告知日期不能早于本措施启动的日期，请核对。"]
    if until <= today:
        faults["test_until"] = ["检测完成日期应当在今天以后，请修改。"]
    if faults:
        raise InvalidInput("告知的日期有误。", fields=faults)
    held_items.start_testing(ctx, until)
