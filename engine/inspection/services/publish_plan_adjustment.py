"""File and publish an approved adjustment of a plan as its new version (R28)."""

from __future__ import annotations

from typing import Any

from engine.inspection.plans import publish_version
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-plan-adjustment", title="计划调整备案并公布")
def publish_plan_adjustment(ctx: ServiceContext) -> dict[str, Any]:
    """The version before stays readable and comparable; returns ``version``, ``published_at`` and ``in_time``."""
    return publish_version(ctx)
