"""Hand a matter on to the organ that is competent; one with a place in this system gets it as a lead."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection.lead_handover import Handover, hand_over
from engine.inspection.lead_steps import check_told, day_of, keep
from engine.inspection.leads import find_lead
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("transfer-lead", title="移送有权机关")
def transfer_lead(ctx: ServiceContext) -> dict[str, Any]:
    """``in_system`` is true when a department here receives it: its acceptance is the receipt.

    Serves leads and cases of unlicensed business.  A real-name reporter is told in the same step, so the limits of
    a lead end here.  Raises :class:`InvalidInput` for one's own department as receiver and for days that cannot be.
    """
    values = dict(ctx.values or {})
    row = find_lead(ctx.session, ctx.district_id, ctx.business_key)
    receiver = str(values.get("receiver") or "")
    if receiver == ctx.department:
        raise InvalidInput("接收机关有误。", fields={"receiver": ["不能移送给本部门，请另选接收机关。"]})
    earliest = row.received_on if row else ctx.calendar.local_date(follow_up_opened(ctx))
    check_told(ctx, values, earliest, "sent_on")
    if row is not None:
        if row.real_name and not values.get("told_on"):
            raise InvalidInput("没有告知举报人。", fields={"told_on": ["实名的，请填写告知移送的日期和方式。"]})
        check_told(ctx, values, day_of(values, "sent_on") or earliest)
        keep(row, "transfer", values)
        row.state = "移送中"
        for name in ("lead-acceptance", "case-filing", "reporter-notice"):
            ctx.meet_deadline(name)
    else:
        case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
        case.facts = {**case.facts, "transfer": values}
        case.state = "移送中"
    if not receiver:
        return {"in_system": False, "organ": values["organ"], "lead": ""}
    number = hand_over(ctx, Handover.of(ctx, row, values))
    return {"in_system": True, "organ": receiver, "lead": number}


def follow_up_opened(ctx: ServiceContext) -> Any:
    """When a case that is no lead began."""
    return follow_up(ctx.session, ctx.district_id, ctx.business_key).opened_at
