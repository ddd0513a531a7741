"""Keep the permits an approving department hands over."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import permit_handovers as handovers
from engine.inspection.records import department_names
from engine.models import InstanceDepartment, ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("save-permit-handover", title="登记移交的许可")
def save_permit_handover(ctx: ServiceContext) -> None:
    """Check the list as a whole; every permit then waits for the receiving department's signature (R17)."""
    values = dict(ctx.values or {})
    permits = values["permits"]
    faults = handovers.faults_of(permits, ctx.calendar.local_date(ctx.now))
    if values["supervisor"] == ctx.department:
        faults["supervisor"] = ["不能移交给本部门；本部门既审批又监管的，不需要移交。"]
    if faults:
        raise InvalidInput("移交的许可有需要修改的内容。", fields=faults)
    name = department_names(ctx.session, ctx.district_id).get(ctx.department, ctx.department)
    handovers.keep(
        ctx.session, ctx.district_id, ctx.business_key, [{**p, "issuer": p.get("issuer") or name} for p in permits],
        approver=ctx.department, supervisor=values["supervisor"], remark=values.get("remark") or "",
        actor=ctx.actor, now=ctx.now,
    )  # fmt: skip
    instance = ctx.session.get_one(ProcessInstance, ctx.instance_id)
    instance.title = handovers.title(permits)
    ctx.session.add(
        InstanceDepartment(instance_id=instance.id, department=values["supervisor"], district_id=ctx.district_id)
    )
