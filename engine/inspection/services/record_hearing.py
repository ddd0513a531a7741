"""Keep what happened at, or before, a hearing."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_acts
from engine.service_tasks import ServiceContext, service_task


@service_task("record-hearing", title="登记听证")
def record_hearing(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``next``: held, ended, reschedule, suspended, recusal, appoint or again."""
    return hearing_acts.act(ctx)
