"""Start an instance of a process's current version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.bpmn.starts import StartPoint
from engine.commands.context import CommandContext
from engine.commands.hosting import KernelHost
from engine.commands.kernel import Definition
from engine.commands.locking import LockedInstance
from engine.commands.received import received
from engine.commands.stepping import Standing, save
from engine.db import lock_key, new_id
from engine.errors import NotFound
from engine.history import GENESIS
from engine.models import InstanceDepartment, ProcessDefinition, ProcessInstance

_EXISTING = sa.select(ProcessInstance.id).where(
    ProcessInstance.district_id == sa.bindparam("of_district"),
    ProcessInstance.process_key == sa.bindparam("of_process"),
    ProcessInstance.business_key == sa.bindparam("of_key"),
)
_CURRENT = (
    sa.select(ProcessDefinition.id)
    .where(
        ProcessDefinition.district_id == sa.bindparam("of_district"),
        ProcessDefinition.key == sa.bindparam("of_process"),
    )
    .order_by(ProcessDefinition.current.desc(), ProcessDefinition.version.desc())
    .limit(1)
)
_INSTANCE = sa.insert(ProcessInstance.__table__)  # type: ignore[arg-type]
_SHOWN_TO = sa.insert(InstanceDepartment.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True)
class StartProcess:
    """Start ``key`` for ``business_key``; returns the instance id.

    The business key is unique per process, so starting again is harmless and returns the
    same instance.  ``department`` owns the instance, ``departments`` may see it as well.  ``at`` names
    the start event, or the event behind a starting gateway, whose trigger has occurred with ``payload``;
    without it the instance begins at the start event that has no trigger.
    """

    key: str
    business_key: str
    variables: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    department: str = ""
    departments: tuple[str, ...] = ()
    at: str = ""
    payload: dict[str, Any] | None = None

    def run(self, ctx: CommandContext) -> str:
        ctx.flush()
        lock_key(ctx.connection, self.business_key)
        wanted = {"of_district": ctx.district_id, "of_process": self.key, "of_key": self.business_key}
        existing: str | None = ctx.connection.scalar(_EXISTING, wanted)
        if existing is not None:
            return existing
        definition = current_definition(ctx, self.key)
        at = self._point(definition)
        instance, variables = self.new_instance(ctx, definition)
        insert_instances(ctx, [self.row_of(ctx, instance)], self.shown_to(instance))
        execution = Execution.start(definition.loaded, variables, KernelHost(ctx, instance), at)
        ctx.stepping.add(instance.id)
        try:
            if at is None:
                execution.run()
            else:
                execution.begin(at, self.payload)
            save(ctx, instance, execution, Standing())
        finally:
            ctx.stepping.discard(instance.id)
        return instance.id

    def _point(self, definition: Definition) -> StartPoint | None:
        if not self.at:
            return None
        found = next((point for point in definition.loaded.starts if point.element_id == self.at), None)
        if found is None:
            raise NotFound(f"流程“{self.key}”没有由触发启动的开始事件“{self.at}”。")
        return found

    def described(self, ctx: CommandContext, definition: Definition) -> LockedInstance:
        """The instance to be; nothing is written yet."""
        return LockedInstance(
            id=new_id(), district_id=ctx.district_id, definition_id=definition.id, process_key=self.key,
            business_key=self.business_key, title=self.title or definition.name, department=self.department,
            status="running", state=b"", version=1,
        )  # fmt: skip

    def new_instance(self, ctx: CommandContext, definition: Definition) -> tuple[LockedInstance, dict[str, Any]]:
        """The instance to be, its first event recorded, and the variables it begins with."""
        instance = self.described(ctx, definition)
        given = received(self.variables, "启动时的变量")
        variables = {"department": self.department, "business_key": self.business_key, **given}
        ctx.chain.begin_at(instance.id, (0, GENESIS))
        ctx.record(
            instance.id,
            "instance-started",
            {"process": self.key, "version": definition.version, "business_key": self.business_key,
             "title": instance.title, "variables": variables},
        )  # fmt: skip
        return instance, variables

    def row_of(self, ctx: CommandContext, instance: LockedInstance) -> dict[str, Any]:
        """The instance's row."""
        row = {name: getattr(instance, name) for name in LockedInstance.__slots__}
        return {**row, "started_at": ctx.now, "started_by": ctx.actor.user_id}

    def shown_to(self, instance: LockedInstance) -> list[dict[str, Any]]:
        """The rows that say which departments may see the instance."""
        return [
            {"instance_id": instance.id, "department": code, "district_id": instance.district_id}
            for code in dict.fromkeys([self.department, *self.departments])
            if code
        ]


def current_definition(ctx: CommandContext, key: str) -> Definition:
    """The version of a process that new instances start from.  Raises :class:`NotFound`."""
    definition_id = ctx.connection.scalar(_CURRENT, {"of_district": ctx.district_id, "of_process": key})
    if definition_id is None:
        raise NotFound(f"流程“{key}”尚未部署，请系统管理员先部署该流程。")
    return ctx.kernel.definition(ctx.connection, definition_id)


def insert_instances(ctx: CommandContext, rows: list[dict[str, Any]], shown_to: list[dict[str, Any]]) -> None:
    """Write the rows of new instances and of who may see them."""
    ctx.connection.execute(_INSTANCE, rows)
    if shown_to:
        ctx.connection.execute(_SHOWN_TO, shown_to)
