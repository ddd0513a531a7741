"""Check an application to file a case (立案申请, PL54)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task


@service_task("check-filing", title="核对立案申请")
def check_filing(ctx: ServiceContext) -> None:
    """Every criterion of the table must be met, and the handlers must be able to act in this case."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    if values.get("proposal") != "立案":
        return
    missing = [
        row["name"] for row in rows(ctx.settings, "filing-criterion", today)
        if row["code"] not in (values.get("criteria") or [])
    ]  # fmt: skip
    if missing:
        raise InvalidInput(
            "立案条件不全部符合。",
            fields={"criteria": [f"没有确认：{'；'.join(missing)}。不符合的，拟办意见请选“不予立案”。"]},
        )  # fmt: skip
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    handlers.check(ctx.session, ctx.district_id, values.get("handlers"), row.uscc, today)
