"""Start the time in which a correction or withdrawal must take effect."""

from __future__ import annotations

from engine.service_tasks import ServiceContext, service_task


@service_task("start-correction-clock", title="起算更正、撤回期限")
def start_correction_clock(ctx: ServiceContext) -> None:
    """The limit comes from the deadline table; it runs from the moment the application was opened."""
    ctx.set_deadline(ctx.business_key, "publication-correction")
