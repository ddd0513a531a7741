"""End a measure whose term has passed, or whose approval was refused: everything goes back."""

from __future__ import annotations

from engine.inspection import held_items
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("lapse-measure", title="措施依法解除")
def lapse_measure(ctx: ServiceContext, outcome: str) -> dict[str, int]:
    """``outcome`` is the state shown; what is still held must be returned.  Returns ``left``.

    A preservation not decided on in its term is lifted by law (PL56), a seal or seizure has to be lifted when its
    term passes (Coercion Law 28): that stands on record, whatever anybody does.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = outcome, {**row.facts, "lapsed": {"outcome": outcome, "at": ctx.now.isoformat()}}
    ctx.record("measure-lapsed", {"measure": row.number, "outcome": outcome})
    return {"left": held_items.release_all(ctx, row.number, outcome)}
