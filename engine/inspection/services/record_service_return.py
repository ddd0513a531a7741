"""Keep the receipt of a document sent, or that it came back."""

from __future__ import annotations

from typing import Any

from engine.inspection.document_service import record_return
from engine.service_tasks import ServiceContext, service_task


@service_task("record-service-return", title="登记回执")
def record_service_return(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``next``: served, or again when another mode must follow."""
    return record_return(ctx)
