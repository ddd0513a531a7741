"""Sign for permits handed over, or send them back."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import permit_handovers as handovers
from engine.service_tasks import ServiceContext, service_task


@service_task("sign-permit-handover", title="签收审管信息")
def sign_permit_handover(ctx: ServiceContext) -> dict[str, Any]:
    """What is signed for enters the registry in this transaction; returns how many were sent back."""
    values = dict(ctx.values or {})
    waiting = handovers.permits_of(ctx.session, ctx.district_id, ctx.business_key, handovers.WAITING)
    back = set(values.get("returned") or ())
    if values["decision"] == "全部退回":
        back = {row.number for row in waiting}
    elif values["decision"] == "部分退回" and len(back) == len(waiting):
        words = ["已选了全部许可，请改选“全部退回”，或者取消其中几项。"]
        raise InvalidInput(words[0], fields={"returned": words})
    for row in waiting:
        if row.number in back:
            row.state, row.remark = handovers.RETURNED, str(values["return_reason"])
    signed = [row for row in waiting if row.number not in back]
    if signed:
        handovers.sign(ctx.session, signed, actor=ctx.actor, now=ctx.now)
    ctx.meet_deadline("permit-handover")
    ctx.record("permits-signed", {"signed": [r.number for r in signed], "returned": sorted(back)})
    return {"signed_count": len(signed), "returned_count": len(back)}
