"""Keep what was verified of an objection."""

from __future__ import annotations

from engine.inspection import objections
from engine.service_tasks import ServiceContext, service_task


@service_task("record-objection-verification", title="登记异议核实")
def record_objection_verification(ctx: ServiceContext) -> None:
    """The facts and the opinion wait for the head's decision."""
    row, _ = objections.of_task(ctx)
    row.state, row.facts = "待决定", {**row.facts, "verification": dict(ctx.values or {})}
