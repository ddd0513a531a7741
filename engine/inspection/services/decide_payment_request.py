"""The head decides whether a party may pay later, in instalments, or less of the surcharge (PL66, ACL42)."""

from __future__ import annotations

from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("decide-payment-request", title="登记延期、分期、减免的决定")
def decide_payment_request(ctx: ServiceContext) -> None:
    """Granted terms replace those before, from the day of the request; the surcharge follows them."""
    values = ctx.values or {}
    steps.decide(ctx, steps.own(ctx), values["decision"], str(values.get("opinion") or ""))
