"""Go on with a clock that another case began: what is asked for stays one thing with one clock (ADR 0037)."""

from __future__ import annotations

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.commands.deadline_change import changed, find_deadline, recount
from engine.models import Deadline, UserTask


def take_over_deadline(
    ctx: CommandContext, business_key: str, name: str, *, source: str, instance_id: str
) -> Deadline | None:  # fmt: skip
    """The open deadline ``name`` of ``source`` becomes that of ``business_key``, with all that was granted and counted.

    None when ``source`` has no open one, or ``business_key`` has one of its own: nothing is changed then.
    """
    found = find_deadline(ctx, source, name, lock=True)
    if found is None or found.met_at is not None or find_deadline(ctx, business_key, name) is not None:
        return None
    before = found.due_at
    found.business_key, found.instance_id = business_key, instance_id
    recount(ctx, found)
    ctx.session.execute(
        sa.update(UserTask)
        .where(
            UserTask.district_id == ctx.district_id, UserTask.business_key == source,
            UserTask.deadline_name == name, UserTask.state == "open",
        )
        .values(due_at=None)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    changed(ctx, found, "taken-over", before, stream=instance_id, reason=f"接续 {source} 的期限")
    return found
