"""A draw witness reveals its part (公开随机因子)."""

from __future__ import annotations

from engine.inspection import draws
from engine.service_tasks import ServiceContext, service_task


@service_task("reveal-witness", title="公开随机因子")
def reveal_witness(ctx: ServiceContext) -> None:
    """Refused before all witnesses have logged, twice, or when it does not match the logged digest."""
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    values = ctx.values or {}
    witness = draws.reveal_witness(
        ctx.session, draw, ctx.actor.user_id, str(values["nonce"]), str(values["part"]), ctx.now
    )
    ctx.record("witness-revealed", {"draw_id": draw.draw_id, "witness": witness.user_id})
