"""Commit a late addition under a number of its own (补充名单封存)."""

from __future__ import annotations

from typing import Any

from engine.inspection import draws, late_additions, records
from engine.inspection.pool import build_pool
from engine.service_tasks import ServiceContext, service_task


@service_task("commit-late-addition", title="补充名单封存并公布摘要")
def commit_late_addition(ctx: ServiceContext) -> dict[str, Any]:
    """The additions with their strata, areas and departments are fixed before their own entropy exists.

    Returns ``draw_id`` (the addition's number), ``witnesses`` (user ids) and ``count``.
    """
    proposed = ctx.data["propose_additions"]["additions"]
    reasons = {str(row["uscc"]): str(row["reason"]) for row in proposed}
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.data["campaign"])
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["parent_draw"])
    pool = build_pool(ctx.session, ctx.settings, campaign, campaign.plan, ctx.now)
    rows = late_additions.additions(draw, pool, reasons)
    addition = late_additions.commit_addition(ctx.session, ctx.settings, draw, rows, ctx.now)
    ctx.record(
        "draw-committed",
        {
            "draw_id": addition.draw_id, "manifest_sha256": addition.manifest_sha256,
            "manifest_sm3": addition.manifest_sm3, "candidates": len(rows), "exclusions": 0,
        },
    )  # fmt: skip
    witnesses = [w.user_id for w in draws.witnesses_of(ctx.session, addition)]
    return {"draw_id": addition.draw_id, "witnesses": witnesses, "count": len(rows)}
