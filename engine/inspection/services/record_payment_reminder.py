"""The reminder (催告书) reached the party; ten working days later the court may be asked (ACL54)."""

from __future__ import annotations

from engine.inspection import enforcement_steps as steps
from engine.service_tasks import ServiceContext, service_task


@service_task("record-payment-reminder", title="登记催告送达")
def record_payment_reminder(ctx: ServiceContext, served_on: str) -> None:
    """``served_on`` is the day the service of the reminder gave."""
    steps.own(ctx).reminded_on = steps.day(served_on)
