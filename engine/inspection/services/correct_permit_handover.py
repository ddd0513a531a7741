"""Decide what becomes of permits that were sent back."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import permit_handovers as handovers
from engine.models import InstanceDepartment
from engine.service_tasks import ServiceContext, service_task


@service_task("correct-permit-handover", title="处理退回的许可")
def correct_permit_handover(ctx: ServiceContext) -> dict[str, Any]:
    """They go to another department, once more to the same one, or to nobody; returns the ``receiver``."""
    values = dict(ctx.values or {})
    receiver = str(values.get("supervisor") or ctx.data["supervisor"])
    if receiver == ctx.department:
        raise InvalidInput("不能移交给本部门。", fields={"supervisor": ["请选择本部门以外的接收部门。"]})
    for row in handovers.permits_of(ctx.session, ctx.district_id, ctx.business_key, handovers.RETURNED):
        row.remark = str(values["remark"])
        if values["decision"] == "不再移交":
            row.state = handovers.GIVEN_UP
        else:
            row.state, row.supervisor, row.handed_at = handovers.WAITING, receiver, ctx.now
    if ctx.session.get(InstanceDepartment, (ctx.instance_id, receiver)) is None:
        ctx.session.add(
            InstanceDepartment(instance_id=ctx.instance_id, department=receiver, district_id=ctx.district_id)
        )
    return {"receiver": receiver}
