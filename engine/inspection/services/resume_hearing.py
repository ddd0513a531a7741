"""Go on with a hearing that was suspended."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_acts
from engine.service_tasks import ServiceContext, service_task


@service_task("resume-hearing", title="恢复听证")
def resume_hearing(ctx: ServiceContext) -> dict[str, Any]:
    """A new day is fixed."""
    return hearing_acts.resume(ctx)
