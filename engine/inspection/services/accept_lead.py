"""Keep the decision whether a lead is accepted (受理), and that the reporter was told."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.lead_steps import answer_sender, check_told, keep
from engine.inspection.leads import lead
from engine.service_tasks import ServiceContext, service_task


@service_task("accept-lead", title="登记线索受理")
def accept_lead(ctx: ServiceContext) -> dict[str, bool]:
    """Accepted leads are told at once; refused ones and those of other organs are checked by a second person first.

    Returns ``real_name``.  Acceptance is the receipt of a lead another organ handed over: that organ is told at once;
    of anything else it hears after the check (``record-lead-check``).
    Raises :class:`InvalidInput` for a day before the receipt or after today.
    """
    values = dict(ctx.values or {})
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    if values["decision"] == "受理":
        if row.real_name and not values.get("told_on"):
            raise InvalidInput("没有告知举报人。", fields={"told_on": ["实名的，请填写告知受理的日期和方式。"]})
        check_told(ctx, values, row.received_on)
        row.state = "待安排核查"
        ctx.meet_deadline("lead-acceptance")
        answer_sender(ctx, row, "接收")
    else:
        row.state = "待受理"
    keep(row, "acceptance", values)
    return {"real_name": row.real_name}
