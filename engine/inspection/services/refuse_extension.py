"""Note in a deadline's trail that an extension was refused; the deadline stays as it is."""

from __future__ import annotations

from engine.inspection.deadline_extensions import running_in
from engine.service_tasks import ServiceContext, service_task


@service_task("refuse-extension", title="登记不予延期")
def refuse_extension(
    ctx: ServiceContext, name: str, reason: str, business_key: str | None = None, document: str | None = None,
    approved_by: str | None = None,
) -> None:  # fmt: skip
    """Who looks at the deadline later sees that more time was asked for and why it was not given."""
    key = running_in(ctx.session, ctx.district_id, business_key or ctx.business_key, name)
    ctx.effects.refuse_extension(key, name, reason, document=document or "", approved_by=approved_by or "")
