"""Keep one attempt to serve the document."""

from __future__ import annotations

from typing import Any

from engine.inspection.document_service import record_attempt
from engine.service_tasks import ServiceContext, service_task


@service_task("record-service-attempt", title="登记送达经过")
def record_service_attempt(ctx: ServiceContext) -> dict[str, Any]:
    """The row of its mode says what has to be filled in; returns ``next``: served, receipt, announced, again, ended."""
    return record_attempt(ctx)
