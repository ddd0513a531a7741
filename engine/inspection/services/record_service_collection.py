"""Keep that the party came for an announced document."""

from __future__ import annotations

from typing import Any

from engine.inspection.document_service import record_collection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-service-collection", title="登记公告期间领取")
def record_service_collection(ctx: ServiceContext) -> dict[str, Any]:
    """Served on the day it was collected."""
    return record_collection(ctx)
