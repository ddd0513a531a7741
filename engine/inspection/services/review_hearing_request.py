"""Grant or refuse a hearing (PL63, 64)."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_steps
from engine.service_tasks import ServiceContext, service_task


@service_task("review-hearing-request", title="审查听证申请")
def review_hearing_request(ctx: ServiceContext) -> dict[str, Any]:
    """Granted, the days for the decision stand still; a late request needs a cause, a refusal a ground that holds."""
    return hearing_steps.review(ctx)
