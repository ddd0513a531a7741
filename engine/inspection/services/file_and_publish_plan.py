"""File a department's plan with the market regulator and publish it, at the same time (R26, R27)."""

from __future__ import annotations

from typing import Any

from engine.inspection.plans import publish_plan
from engine.service_tasks import ServiceContext, service_task


@service_task("file-and-publish-plan", title="计划备案并公布")
def file_and_publish_plan(ctx: ServiceContext) -> dict[str, Any]:
    """Filing never gates publication; both carry this moment."""
    return publish_plan(ctx, "已备案公布")
