"""Issue the district's joint plan after the government's approval (R29)."""

from __future__ import annotations

from typing import Any

from engine.inspection.plans import publish_plan
from engine.service_tasks import ServiceContext, service_task


@service_task("issue-plan", title="印发联合抽查计划")
def issue_plan(ctx: ServiceContext) -> dict[str, Any]:
    """The joint plan is public from the moment it is issued."""
    return publish_plan(ctx, "已印发")
