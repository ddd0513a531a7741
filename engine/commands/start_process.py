"""Start an instance of a process's current version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.commands.context import CommandContext
from engine.commands.stepping import KernelHost, Standing, save
from engine.db import lock_key, new_id
from engine.errors import NotFound
from engine.models import InstanceDepartment, ProcessDefinition, ProcessInstance


@dataclass(frozen=True)
class StartProcess:
    """Start ``key`` for ``business_key``; returns the instance id.

    The business key is unique per process, so starting again is harmless and returns the
    same instance.  ``department`` owns the instance, ``departments`` may see it as well.
    """

    key: str
    business_key: str
    variables: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    department: str = ""
    departments: tuple[str, ...] = ()

    def run(self, ctx: CommandContext) -> str:
        lock_key(ctx.session, self.business_key)
        existing = ctx.session.scalar(
            sa.select(ProcessInstance.id).where(
                ProcessInstance.district_id == ctx.district_id,
                ProcessInstance.process_key == self.key,
                ProcessInstance.business_key == self.business_key,
            )
        )
        if existing is not None:
            return existing
        definition_id = ctx.session.scalar(
            sa.select(ProcessDefinition.id)
            .where(ProcessDefinition.district_id == ctx.district_id, ProcessDefinition.key == self.key)
            .order_by(ProcessDefinition.current.desc(), ProcessDefinition.version.desc())
            .limit(1)
        )
        if definition_id is None:
            raise NotFound(f"流程“{self.key}”尚未部署，请系统管理员先部署该流程。")
        definition = ctx.kernel.definition(ctx.session, definition_id)
        instance = ProcessInstance(
            id=new_id(),
            district_id=ctx.district_id,
            definition_id=definition.id,
            process_key=self.key,
            business_key=self.business_key,
            title=self.title or definition.name,
            department=self.department,
            status="running",
            state=b"",
            version=1,
            started_at=ctx.now,
            started_by=ctx.actor.user_id,
        )
        ctx.session.add(instance)
        ctx.session.flush()
        ctx.session.add_all(
            InstanceDepartment(instance_id=instance.id, department=code, district_id=ctx.district_id)
            for code in dict.fromkeys([self.department, *self.departments])
            if code
        )
        variables = {"department": self.department, "business_key": self.business_key, **self.variables}
        ctx.record(
            instance.id,
            "instance-started",
            {"process": self.key, "version": definition.version, "business_key": self.business_key,
             "title": instance.title, "variables": variables},
        )  # fmt: skip
        execution = Execution.start(definition.loaded, variables, KernelHost(ctx, instance))
        ctx.stepping.add(instance.id)
        try:
            execution.run()
            save(ctx, instance, execution, Standing())
        finally:
            ctx.stepping.discard(instance.id)
        return instance.id
