"""Record what the checker of a registry change decided."""

from __future__ import annotations

from engine.inspection.registry_edit import CHECKING, RETURNED, request_of
from engine.service_tasks import ServiceContext, service_task


@service_task("record-registry-check", title="登记名录变更核对")
def record_registry_check(ctx: ServiceContext) -> None:
    """The proposal goes on, or back to the proposer with the reason."""
    request = request_of(ctx.session, ctx.district_id, ctx.business_key)
    request.checked_by = ctx.actor.user_id
    request.state = CHECKING if (ctx.values or {}).get("decision") == "同意" else RETURNED
