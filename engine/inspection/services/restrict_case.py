"""Let a case be known only to those who work on it."""

from __future__ import annotations

import sqlalchemy as sa

from engine.models import InstanceDepartment, ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("restrict-case", title="限定知悉范围")
def restrict_case(ctx: ServiceContext) -> None:
    """From now on the case is seen by whoever has or had a task in it, and by supervision (ADR 0034)."""
    ctx.session.execute(sa.update(ProcessInstance).where(ProcessInstance.id == ctx.instance_id).values(restricted=True))
    ctx.session.execute(sa.delete(InstanceDepartment).where(InstanceDepartment.instance_id == ctx.instance_id))
