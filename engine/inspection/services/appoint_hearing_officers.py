"""Appoint who sits in a hearing."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_steps
from engine.service_tasks import ServiceContext, service_task


@service_task("appoint-hearing-officers", title="指定听证人员")
def appoint_hearing_officers(ctx: ServiceContext) -> dict[str, Any]:
    """None of them investigates the case; returns ``scheduled``."""
    return hearing_steps.appoint(ctx)
