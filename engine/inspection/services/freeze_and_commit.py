"""Freeze the lists of a draw and publish their digests (名单封存)."""

from __future__ import annotations

from typing import Any

from engine.inspection import draw_freeze, draws, plan_basis, records
from engine.inspection.pool import build_pool
from engine.service_tasks import ServiceContext, service_task


@service_task("freeze-and-commit", title="名单封存并公布摘要")
def freeze_and_commit(ctx: ServiceContext) -> dict[str, Any]:
    """Candidates, exclusions, people and rules are fixed and committed before any entropy exists.

    Returns ``draw_id``, ``witnesses`` (user ids), both digests and counts.
    """
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    plan = dict(ctx.data.get("draft_work_plan") or campaign.plan)
    # After an aborted draw the officer may name other witnesses (explain_abort).
    plan["witnesses"] = (ctx.data.get("explain_abort") or {}).get("replacement_witnesses") or plan.get("witnesses")
    pool = build_pool(ctx.session, ctx.settings, campaign, plan, ctx.now, ctx.data.get("gate_check"))
    draw = draw_freeze.freeze(ctx.session, ctx.settings, campaign, plan, pool, ctx.now)
    basis = plan_basis.keep(ctx.session, pool.basis, draw, ctx.now)
    ctx.record(
        "draw-committed",
        {
            "draw_id": draw.draw_id, "manifest_sha256": draw.manifest_sha256, "manifest_sm3": draw.manifest_sm3,
            "candidates": pool.size, "exclusions": len(pool.exclusions),
            "ratio_table": basis.ratio_sha256, "frequency_table": basis.frequency_sha256,
        },
    )  # fmt: skip
    return {
        "draw_id": draw.draw_id,
        "witnesses": [w.user_id for w in draws.witnesses_of(ctx.session, draw)],
        "manifest_sha256": draw.manifest_sha256,
        "manifest_sm3": draw.manifest_sm3,
        "candidates": pool.size,
        "excluded": len(pool.exclusions),
    }
