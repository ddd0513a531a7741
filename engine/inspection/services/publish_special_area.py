"""Publish a special key area, or its change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import ServiceTaskFailed
from engine.inspection import item_adjustments, special_area_changes
from engine.models import User, UserTask
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-special-area", title="公布重点领域")
def publish_special_area(ctx: ServiceContext) -> dict[str, Any]:
    """The area counts from now on, with who approved it and when (R12, R53); returns its ``code``.

    Raises :class:`ServiceTaskFailed` when the register changed since the draft.
    """
    row = item_adjustments.adjustment(ctx.session, ctx.district_id, ctx.business_key, lock=True)
    if said := special_area_changes.stale_area(ctx.session, row):
        raise ServiceTaskFailed(f"{'；'.join(said)}，请退回重新核对。")
    today = ctx.calendar.local_date(ctx.now)
    special_area_changes.apply_area(ctx.session, row, now=ctx.now, approver=_approver(ctx), today=today)
    row.state, row.published_at = "已公布", ctx.now
    ctx.record("special-area-published", {"code": row.codes[0], "number": row.number})
    return {"code": row.codes[0]}


def _approver(ctx: ServiceContext) -> str:
    """The head who approved: whoever acts now, or whoever closed the approval before the system went on."""
    name = ctx.session.scalar(
        sa.select(User.name)
        .join(UserTask, UserTask.closed_by == User.id)
        .where(UserTask.instance_id == ctx.instance_id, UserTask.element_id == "head_approval")
        .order_by(UserTask.closed_at.desc())
        .limit(1)
    )
    return f"机关负责人 {name or ctx.actor.name}"
