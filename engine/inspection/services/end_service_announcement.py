"""The days of an announcement are over."""

from __future__ import annotations

from typing import Any

from engine.inspection.document_service import end_announcement
from engine.service_tasks import ServiceContext, service_task


@service_task("end-service-announcement", title="公告期间届满")
def end_service_announcement(ctx: ServiceContext) -> dict[str, Any]:
    """Served on their last day; the days for the decision run again."""
    return end_announcement(ctx)
