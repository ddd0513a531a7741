"""What the organ learnt from a decision that did not stand."""

from __future__ import annotations

from engine.inspection import remedies
from engine.service_tasks import ServiceContext, service_task


@service_task("record-remedy-lesson", title="登记经验教训")
def record_remedy_lesson(ctx: ServiceContext) -> None:
    """Cause and improvement stay with the remedy."""
    values = ctx.values or {}
    remedies.own(ctx).lesson = f"{values['cause']}\n{values['improvement']}"
