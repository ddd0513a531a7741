"""Let a granted repair take effect: publicity ends, or the listing is told to."""

from __future__ import annotations

from engine.inspection import credit_case, credit_listings, credit_repairs, publicity_end
from engine.service_tasks import ServiceContext, service_task


@service_task("apply-credit-repair", title="信用修复生效")
def apply_credit_repair(ctx: ServiceContext) -> None:
    """A penalty stops being public at once and the platform is told; an entry of a list is removed by its case."""
    case = credit_case.of(ctx)
    target = credit_repairs.target_of(ctx.session, ctx.settings, case)
    decision = case.facts["decision"]
    if target.kind == credit_repairs.PENALTY:
        publicity_end.end(ctx, target.publication, publicity_end.EARLY, "信用修复", ctx.record)
    else:
        told = {"document": decision["document_number"], "decided_on": decision["decided_on"], "number": case.number}
        ctx.send_message(credit_listings.REPAIRED, case.origin, told)
    ctx.record("credit-repaired", {"origin": case.origin, "document": decision["document_number"]})
