"""Fix the day of a hearing."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_steps
from engine.service_tasks import ServiceContext, service_task


@service_task("schedule-hearing", title="确定听证时间、地点")
def schedule_hearing(ctx: ServiceContext) -> dict[str, Any]:
    """Refused before the earliest lawful day, which it names; a public hearing is announced; returns ``serve_by``."""
    return hearing_steps.schedule(ctx)
