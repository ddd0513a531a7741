"""Give a registry change back to its proposer because the row changed in between."""

from __future__ import annotations

from engine.inspection.registry_edit import RETURNED, request_of
from engine.service_tasks import ServiceContext, service_task


@service_task("return-registry-change", title="名录变更退回核对")
def return_registry_change(ctx: ServiceContext) -> None:
    """The proposal stays as it is; the form shows it beside the row's new values."""
    request_of(ctx.session, ctx.district_id, ctx.business_key).state = RETURNED
