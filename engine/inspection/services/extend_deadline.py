"""Extend a statutory deadline after its approval."""

from __future__ import annotations

from engine.inspection.deadline_extensions import running_in
from engine.service_tasks import ServiceContext, service_task


@service_task("extend-deadline", title="延长期限")
def extend_deadline(
    ctx: ServiceContext, name: str, reason: str, business_key: str | None = None, rule: str | None = None,
    document: str | None = None, approved_by: str | None = None,
) -> dict[str, str]:  # fmt: skip
    """Give the deadline ``name`` the next extension the deadline table allows.

    ``rule`` is its length where the table leaves it to the decision, e.g. 30d.
    """
    key = running_in(ctx.session, ctx.district_id, business_key or ctx.business_key, name)
    deadline = ctx.extend_deadline(
        key, name, reason, rule=rule or None, document=document or "", approved_by=approved_by or ""
    )
    return {"due_at": deadline.due_at.isoformat() if deadline.due_at else ""}
