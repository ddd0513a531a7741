"""Take over a draw made on the provincial platform."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import records
from engine.inspection.platform_draws import import_draw
from engine.models import Attachment
from engine.service_tasks import ServiceContext, service_task


@service_task("import-platform-draw", title="导入平台抽取结果")
def import_platform_draw(ctx: ServiceContext) -> dict[str, Any]:
    """Objects and pairs come from the uploaded list; nothing is typed again.  Returns ``draw_id``.

    Raises :class:`InvalidInput` listing every wrong line.
    """
    values = ctx.values or {}
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    files = [str(i) for i in values.get("result_file") or []]
    content = ctx.session.scalar(
        sa.select(Attachment.content).where(
            Attachment.id.in_(files), Attachment.district_id == ctx.district_id,
            Attachment.instance_id == ctx.instance_id,
        )
    )  # fmt: skip
    if content is None:
        raise InvalidInput("请上传抽取结果名单。", fields={"result_file": ["请上传省工作平台导出的 CSV 文件。"]})
    drawn_at = datetime.fromisoformat(str(values["drawn_at"]))
    if drawn_at.tzinfo is None:
        drawn_at = drawn_at.replace(tzinfo=ctx.settings.timezone)
    if drawn_at > ctx.now:
        raise InvalidInput("平台抽取时间有误。", fields={"drawn_at": ["平台抽取时间不能晚于现在。"]})
    draw = import_draw(
        ctx.session, ctx.settings, campaign, str(values["platform_number"]), str(values["receipt"]), drawn_at,
        content, ctx.now,
    )  # fmt: skip
    ctx.record("draw-imported", {"draw_id": draw.draw_id, "receipt": draw.receipt, "objects": campaign.total})
    return {"draw_id": draw.draw_id, "count": campaign.total}
