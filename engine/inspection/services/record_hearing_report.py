"""Keep the report on a hearing."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_acts
from engine.service_tasks import ServiceContext, service_task


@service_task("record-hearing-report", title="登记听证报告")
def record_hearing_report(ctx: ServiceContext) -> dict[str, Any]:
    """Meets the days for the report."""
    return hearing_acts.report(ctx)
