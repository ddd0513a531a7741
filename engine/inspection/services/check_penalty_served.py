"""A penalty is published when its decision reached the party, or is announced to it (PL48, PL61)."""

from __future__ import annotations

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection.publication_release import WITHHELD
from engine.inspection.service_models import ServiceRecord
from engine.inspection.service_records import ANNOUNCED, SERVED
from engine.service_tasks import ServiceContext, service_task


@service_task("check-penalty-served", title="核对处罚决定书是否送达")
def check_penalty_served(ctx: ServiceContext) -> None:
    """What is announced is public already, so the thirty days of the announcement need not be waited for.

    A decision not to publish, and one sent back to the preview, wait for nothing.  Raises :class:`InvalidInput`.
    """
    if (ctx.values or {}).get("decision") != "同意" or ctx.data["publication_preview"]["decision"] == WITHHELD:
        return
    reached = ctx.session.scalar(
        sa.select(ServiceRecord.id)
        .where(
            ServiceRecord.district_id == ctx.district_id, ServiceRecord.origin == ctx.business_key,
            ServiceRecord.template == ctx.data["decide"]["template"], ServiceRecord.state.in_((SERVED, ANNOUNCED)),
        )
        .limit(1)
    )  # fmt: skip
    if reached is None:
        way = "请在送达事项中登记送达，或者登记已经发出的送达公告，再提交；公示期限从决定次日起照常计算。"
        raise InvalidInput("现在还不能公示。", fields={"decision": [f"决定书还没有送达，也没有公告送达。{way}"]})
