"""End a registry change its proposer took back."""

from __future__ import annotations

from engine.inspection.registry_edit import TAKEN_BACK, request_of
from engine.service_tasks import ServiceContext, service_task


@service_task("withdraw-registry-change", title="撤回名录变更")
def withdraw_registry_change(ctx: ServiceContext) -> None:
    """The row is untouched; the request and its number remain."""
    request_of(ctx.session, ctx.district_id, ctx.business_key).state = TAKEN_BACK
