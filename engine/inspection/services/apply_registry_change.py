"""Make a checked change of a registry row effective."""

from __future__ import annotations

from typing import Any

from engine.actor import Actor
from engine.errors import ServiceTaskFailed
from engine.inspection.registry_edit import EFFECTIVE, request_of
from engine.inspection.registry_history import Origin, difference, record_changes
from engine.inspection.registry_proposals import NEW, apply, moved_since, register_of, words
from engine.models import User
from engine.service_tasks import ServiceContext, service_task

#: The error a diagram catches when somebody else changed the same fields first.
MOVED = "row-changed"


@service_task("apply-registry-change", title="名录变更生效")
def apply_registry_change(ctx: ServiceContext) -> dict[str, Any]:
    """Write the proposed fields into the row and its history, in this transaction.

    Fails with the code ``row-changed`` when a proposed field is no longer what it was when proposed, or a
    new row is there already: nothing of the other's work is overwritten unseen.
    """
    request = request_of(ctx.session, ctx.district_id, ctx.business_key)
    register = register_of(request.register)
    row = register.find(ctx.session, ctx.district_id, request.key, lock=True)
    if (row is None) != (request.kind == NEW):
        gone = "已经由别人录入" if row is not None else "已不在名录库中"
        raise ServiceTaskFailed(f"{request.name}{gone}，请核对后重新提交。", error_code=MOVED)
    moved = moved_since(register, row, request.before)
    if moved:
        said = "；".join(
            f"{register.label(field)}提出时为“{words(old)}”，现在是“{words(new)}”"
            for field, (old, new) in moved.items()
        )
        raise ServiceTaskFailed(f"核对期间名录有了新的变动：{said}。请核对后重新提交。", error_code=MOVED)
    doubtful = getattr(row, "to_verify", "")
    applied = apply(ctx.session, register, ctx.district_id, request.key, request.proposed, ctx.now)
    changes = {field: [request.before.get(field, None), new] for field, new in request.proposed.items()}
    changes |= difference({"to_verify": doubtful}, {"to_verify": getattr(applied, "to_verify", "")})
    record_changes(
        ctx.session,
        ctx.district_id,
        register.code,
        [(request.key, changes)],
        at=ctx.now,
        actor=_proposer(ctx, request.proposed_by),
        origin=Origin("request", request.number, request.reason),
    )
    request.state, request.effective_at = EFFECTIVE, ctx.now
    ctx.record("registry-changed", {"register": register.code, "key": request.key, "changes": changes})
    return {"effective_at": ctx.now.isoformat()}


def _proposer(ctx: ServiceContext, user_id: str | None) -> Actor:
    """The change is the proposer's; who checked it stands in the request."""
    user = ctx.session.get(User, user_id) if user_id else None
    return ctx.actor if user is None else Actor(user.id, user.name, user.department)
