"""Keep the head's approval of an urgent measure, given afterwards."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("approve-measure-afterwards", title="登记补办的批准")
def approve_measure_afterwards(ctx: ServiceContext) -> None:
    """The hours for it are met; an approval that is refused ends the measure at once (Coercion Law 19)."""
    values = dict(ctx.values or {})
    if text := values.get("decided_at"):
        decided = parse_instant(text, ctx.settings.timezone)
        began = parse_instant((ctx.data.get("serve") or {})["started_at"], ctx.settings.timezone)
        if not began <= decided <= ctx.now:
            raise InvalidInput("决定时间不对。", fields={"decided_at": ["不能早于实施，也不能晚于现在，请修改。"]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.facts = {**row.facts, "approval": {**values, "by": ctx.actor.name}}
    for name in ("preservation-approval", "measure-approval"):
        ctx.meet_deadline(name)
