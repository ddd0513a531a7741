"""Check an application to go on with a case that stands still (案件恢复)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.service_tasks import ServiceContext, service_task


@service_task("check-case-resumption", title="核对案件恢复申请")
def check_case_resumption(ctx: ServiceContext) -> None:
    """Not before the case stood still, not after today."""
    until = str((ctx.values or {})["until"])[:10]
    since = str((ctx.data.get("apply") or {}).get("since") or "")[:10]
    if not since <= until <= ctx.calendar.local_date(ctx.now).isoformat():
        raise InvalidInput("恢复日期有误。", fields={"until": [f"应当在中止的日期（{since}）至今天之间。"]})
