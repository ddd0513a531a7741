"""A draw witness's device logs the digest of its part (登记随机因子摘要)."""

from __future__ import annotations

from engine.inspection import draws
from engine.service_tasks import ServiceContext, service_task


@service_task("log-witness", title="登记随机因子摘要")
def log_witness(ctx: ServiceContext) -> None:
    """Only the witness in person; once; not a copy of another's digest.  The digest enters the public log."""
    draw = draws.locked(ctx.session, ctx.district_id, ctx.data["draw_id"])
    logged = str((ctx.values or {})["logged_sha256"])
    witness = draws.log_witness(ctx.session, ctx.settings, draw, ctx.actor.user_id, logged, ctx.now)
    ctx.record("witness-logged", {"draw_id": draw.draw_id, "witness": witness.user_id, "logged_sha256": logged})
