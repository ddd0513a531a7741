"""Register an objection to what is public; its clock counts from the day it was received."""

from __future__ import annotations

from datetime import date, datetime, time

from engine.errors import InvalidInput
from engine.inspection import objections
from engine.service_tasks import ServiceContext, service_task


@service_task("register-objection", title="登记异议")
def register_objection(ctx: ServiceContext) -> dict[str, str]:
    """The day of receipt lies between publication and today; returns ``publication``."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row, published = objections.of_task(ctx)
    received = date.fromisoformat(str(values["received_on"])[:10])
    since = ctx.calendar.local_date(published.published_at or ctx.now)
    if not since <= received <= today:
        message = f"请填写公示（{since}）以后、今天（{today}）以前实际收到的日期。"
        raise InvalidInput("收到日期不对。", fields={"received_on": [message]})
    row.state, row.facts = "待受理", {**row.facts, "registration": values, "publication": published.id}
    started_at = datetime.combine(received, time(12), ctx.settings.timezone)
    ctx.set_deadline(ctx.business_key, objections.DEADLINE, started_at=started_at)
    return {"publication": published.id}
