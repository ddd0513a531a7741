"""Close a hearing."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_acts
from engine.service_tasks import ServiceContext, service_task


@service_task("finish-hearing", title="听证办结")
def finish_hearing(ctx: ServiceContext) -> dict[str, Any]:
    """The days for the decision run again; returns ``outcome`` and ``payload`` for closing."""
    return hearing_acts.finish(ctx)
