"""Close an application to correct or withdraw a publication without effect."""

from __future__ import annotations

from typing import Any

from engine.inspection import corrections, publication_release
from engine.service_tasks import ServiceContext, service_task


@service_task("close-publication-correction", title="更正、撤回申请不生效")
def close_publication_correction(ctx: ServiceContext, outcome: str) -> dict[str, Any]:
    """``outcome`` is 已撤销 (taken back by the officer) or 未同意 (refused by the head); the publication stays."""
    row, _ = publication_release.correction(ctx)
    row.state = outcome
    ctx.meet_deadline("publication-correction")
    if row.origin:
        ctx.send_message(corrections.CLOSED, row.origin, {"correction": row.number, "outcome": outcome})
    return {"outcome": outcome}
