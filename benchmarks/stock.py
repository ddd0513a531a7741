"""The same step the way the workflow library's own documentation does it, inside our stack.

Everything else is the product's: the page, session, CSRF, scope, form validation, locks, history
and the commit.  Only the instance is kept as ``serialize_json`` gives it (specification inside) in
the same column, restored by ``deserialize_json``, run by ``do_engine_steps``, and its rows are
written with plain mapped objects.  Meanwhile the library is as shipped (:mod:`benchmarks.shipped`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from benchmarks import case
from benchmarks.shipped import as_shipped
from benchmarks.system import DEPARTMENT, MODELS, ROLE
from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.context import Command, CommandContext
from engine.commands.task_access import require_may_act, require_open
from engine.db import new_id
from engine.errors import Conflict
from engine.models import InstanceDepartment, ProcessDefinition, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine

KEY = "stock-case"
_local = threading.local()


def _serializer() -> BpmnWorkflowSerializer:
    """One a thread: a serializer must not be shared."""
    if not hasattr(_local, "serializer"):
        _local.serializer = BpmnWorkflowSerializer()
    found: BpmnWorkflowSerializer = _local.serializer
    return found


@lru_cache(maxsize=1)
def _specs() -> tuple[Any, Any]:
    parser = BpmnParser()
    for path in sorted((MODELS / case.KEY).glob("*.bpmn")):
        parser.add_bpmn_xml(etree.fromstring(path.read_bytes()), path.name)
    return parser.get_spec("bench_case"), parser.get_subprocess_specs("bench_case")


def _save(ctx: CommandContext, instance: ProcessInstance, workflow: BpmnWorkflow, known: set[str]) -> None:
    """Keep the workflow and open rows for the tasks that are new."""
    instance.state = _serializer().serialize_json(workflow).encode()
    instance.version += 1
    for ready in workflow.get_tasks(state=TaskState.READY, manual=True):
        if str(ready.id) in known:
            continue
        task = UserTask(
            id=new_id(), district_id=ctx.district_id, instance_id=instance.id, process_key=instance.process_key,
            business_key=instance.business_key, title=instance.title, engine_task_id=str(ready.id),
            element_id=ready.task_spec.bpmn_id, name=ready.task_spec.bpmn_name,
            form_key=case.FORMS[ready.task_spec.bpmn_id], department=DEPARTMENT, role=ROLE,
            group=f"{DEPARTMENT}/{ROLE}", created_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(task)
        ctx.session.flush()
        ctx.record(
            instance.id, "task-opened",
            {"task": task.id, "element": task.element_id, "name": task.name, "group": task.group, "candidates": []},
        )  # fmt: skip
    if workflow.is_completed():
        instance.status, instance.ended_at = "completed", ctx.now
        ctx.record(instance.id, "instance-completed", {"business_key": instance.business_key})


@dataclass(frozen=True)
class StockStart:
    """Start the case on the stock library; returns the instance id."""

    business_key: str

    def run(self, ctx: CommandContext) -> str:
        definition = ctx.session.query(ProcessDefinition).filter_by(key=case.KEY).one()
        instance = ProcessInstance(
            id=new_id(), district_id=ctx.district_id, definition_id=definition.id, process_key=KEY,
            business_key=self.business_key, title="基准事项", department=DEPARTMENT, state=b"", version=1,
            started_at=ctx.now, started_by=ctx.actor.user_id,
        )  # fmt: skip
        ctx.session.add(instance)
        ctx.session.flush()
        ctx.session.add(InstanceDepartment(instance_id=instance.id, department=DEPARTMENT, district_id=ctx.district_id))
        ctx.record(instance.id, "instance-started", {"process": KEY, "business_key": self.business_key})
        with as_shipped():
            workflow = BpmnWorkflow(*_specs())
            workflow.do_engine_steps()
            _save(ctx, instance, workflow, set())
        return instance.id


@dataclass(frozen=True)
class StockComplete:
    """What :class:`CompleteTask` does, with the stock library's load, step and save."""

    asked: CompleteTask

    def run(self, ctx: CommandContext) -> str:
        found = ctx.session.get_one(UserTask, self.asked.task_id)
        instance = ctx.session.get_one(
            ProcessInstance, found.instance_id, with_for_update=True, populate_existing=True
        )  # fmt: skip
        task = ctx.session.get_one(UserTask, self.asked.task_id, with_for_update=True, populate_existing=True)
        require_open(task, ctx.actor, self.asked.expected_version)
        require_may_act(ctx, task)
        if instance.status != "running":
            raise Conflict("该流程不在运行。")
        form = ctx.kernel.definition(ctx.session, instance.definition_id).forms[task.form_key]
        cleaned = form.validate(self.asked.given(form), {}, now=ctx.now.astimezone(ctx.kernel.settings.timezone))

        with as_shipped():
            self._step(ctx, instance, task, cleaned)
        return instance.id

    def _step(self, ctx: CommandContext, instance: ProcessInstance, task: UserTask, cleaned: dict[str, Any]) -> None:
        workflow = _serializer().deserialize_json(instance.state.decode())
        known = {str(ready.id) for ready in workflow.get_tasks(state=TaskState.READY, manual=True)}
        step = workflow.get_task_from_id(UUID(task.engine_task_id))
        step.data[task.element_id] = cleaned
        if task.element_id == "conclude":
            step.data["result"] = cleaned["result"]
        step.run()
        workflow.do_engine_steps()

        task.state, task.closed_at, task.closed_by = "completed", ctx.now, ctx.actor.user_id
        task.assignee_id, task.values, task.version = ctx.actor.user_id, cleaned, task.version + 1
        ctx.record(
            instance.id, "task-completed",
            {"task": task.id, "element": task.element_id, "name": task.name, "values": cleaned, "paper": None},
        )  # fmt: skip
        _save(ctx, instance, workflow, known)


class StockEngine(ProcessEngine):
    """The process engine of a system whose submissions go through the stock library."""

    def execute(self, command: Command[Any], *, actor: Actor, **options: Any) -> Any:
        if isinstance(command, CompleteTask):
            command = StockComplete(command)
        return super().execute(command, actor=actor, **options)

    @classmethod
    def beside(cls, engine: ProcessEngine) -> StockEngine:
        """Another engine on the same database, with the same settings, services and hooks."""
        kernel = engine.kernel
        return cls(
            engine.database, engine.settings, kernel.services, jobs=kernel.jobs, form_context=kernel.form_context,
            roles=kernel.roles,
        )  # fmt: skip
