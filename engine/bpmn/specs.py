"""Our task specifications: where the library's behaviour is not BPMN's or not ours.

A submission, a service result and a message payload are stored under the id of
their own element (ADR 0002); joins merge three ways; multi-instance outputs are
collected in item order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    InclusiveGateway,
    NoneTask,
    ParallelGateway,
    ParallelMultiInstanceTask,
    ScriptTask,
    SequentialMultiInstanceTask,
    ServiceTask,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.bpmn.specs.mixins.script_task import ScriptEngineTask
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.merge import MergeConflict, merge_branches
from engine.errors import ServiceTaskFailed

_ASSIGN = "set:"
#: More instances in one workflow are slow and large; separate instances are not (ADR 0001).
MAX_INSTANCES = 1_000


def properties(spec: Any) -> dict[str, str]:
    """The ``spiffworkflow:properties`` a designer wrote on the element."""
    return getattr(spec, "extensions", None) or {}


def assign_names(task: Task, spec: Any) -> None:
    """Carry out the element's ``set:<name>`` properties on the token's data."""
    for key, text in properties(spec).items():
        if key.startswith(_ASSIGN):
            task.data[key[len(_ASSIGN) :]] = task.workflow.script_engine.evaluate(task, text)


def store_result(task: Task, result: Mapping[str, Any] | None) -> None:
    """Keep what the element produced under its own id, then assign its names."""
    spec = task.task_spec
    task.data[spec.bpmn_id] = dict(result or {})
    assign_names(task, spec)


class KernelTask(NoneTask):
    """An abstract task has nothing to do; the token passes through."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.manual = False


class KernelServiceTask(ServiceTask):
    """serviceTask: runs the registered service named by the property ``service``."""

    def _execute(self, task: Task) -> bool:
        store_result(task, task.workflow.script_engine.run_service(task))
        return True


class KernelBusinessRuleTask(ScriptEngineTask, BpmnTaskSpec):
    """businessRuleTask: decides by the table named by the property ``decision``."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.bpmn_id = bpmn_id
        self.bpmn_name = kwargs.get("bpmn_name")

    def _execute(self, task: Task) -> bool:
        value = task.workflow.script_engine.run_decision(task)
        task.data[self.bpmn_id] = value
        assign_names(task, self)
        return True


class KernelScriptTask(ScriptTask):
    """scriptTask: lines ``NAME = expression`` only."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.execute(task, self.script)
        assign_names(task, self)
        return True


class KernelMessage(MessageEventDefinition):
    """A message; its payload is kept under the catching element's id."""

    def throw(self, my_task: Task) -> None:
        # Messages leave the instance: the kernel finds who waits, here or elsewhere.
        my_task.workflow.script_engine.send_message(my_task, self.name)

    def update_task_data(self, my_task: Task) -> None:
        payload = my_task.internal_data.pop(self.name, None)
        my_task.data[my_task.task_spec.bpmn_id] = dict(payload or {})
        assign_names(my_task, my_task.task_spec)


def _ancestors(task: Task) -> dict[Any, int]:
    """Ids of the task's ancestors with their distance; iterative, chains may be long."""
    found, distance, current = {}, 0, task.parent
    while current is not None:
        found[current.id] = distance
        distance += 1
        current = current.parent
    return found


def merge_at_join(join: UnstructuredJoin, my_task: Task) -> dict[str, Any]:
    """The merged data of the branches that meet in ``my_task`` in this round.

    Raises :class:`ServiceTaskFailed` naming the variable two branches wrote differently.
    """
    mine = _ancestors(my_task)
    previous = next((i for i in mine if my_task.workflow.tasks[i].task_spec == join), None)
    parents = [my_task.parent]
    for other in my_task.workflow.tasks.values():
        if other is my_task or other.task_spec != join or not other.has_state(TaskState.FINISHED_MASK):
            continue
        if other.id in mine or other.parent is None or not other.parent.has_state(TaskState.COMPLETED):
            continue
        theirs = _ancestors(other)
        if my_task.id in theirs or (previous is not None and previous not in theirs):
            continue
        parents.append(other.parent)
    if len(parents) == 1:
        return dict(parents[0].data)
    chains = [{p.id: 0, **{k: v + 1 for k, v in _ancestors(p).items()}} for p in parents]
    common = set(chains[0]).intersection(*chains[1:])
    fork = my_task.workflow.tasks[min(common, key=lambda i: chains[0][i])]
    return merge_branches(fork.data, [p.data for p in parents])


class _MergingJoin(UnstructuredJoin):
    def _run_hook(self, my_task: Task) -> bool:
        try:
            my_task.data = merge_at_join(self, my_task)
        except MergeConflict as conflict:
            raise ServiceTaskFailed(
                f"并行分支在“{self.bpmn_name or self.name}”汇合时，对名称“{conflict.path}”写入了不同的值，"
                "请为各分支使用不同的名称。",
                error_code="merge-conflict",
            ) from None
        return True


class KernelParallelGateway(_MergingJoin, ParallelGateway):
    """parallelGateway with a three-way join."""


class KernelInclusiveGateway(InclusiveGateway):
    """inclusiveGateway with a three-way join."""

    def _run_hook(self, my_task: Task) -> bool:
        merged = None
        if len(self.inputs) > 1:
            try:
                merged = merge_at_join(self, my_task)
            except MergeConflict as conflict:
                raise ServiceTaskFailed(f"并行分支对名称“{conflict.path}”写入了不同的值。", "merge-conflict") from None
        result = super()._run_hook(my_task)
        if merged is not None:
            my_task.data = merged
        return result


class KernelEndJoin(_EndJoin):
    """Waits for every token, however deep the tree, and merges what they carried."""

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        return not any(
            task is not my_task and task.has_state(TaskState.NOT_FINISHED_MASK) and not self._after_me(task)
            for task in my_task.workflow.tasks.values()
        )

    def _after_me(self, task: Task) -> bool:
        current = task
        while current is not None:
            if current.task_spec == self:
                return True
            current = current.parent
        return False

    def _run_hook(self, my_task: Task) -> bool:
        try:
            my_task.data = merge_at_join(self, my_task)
        except MergeConflict:
            # Nothing runs after the end of a process; its tokens keep their own data in the history.
            super()._run_hook(my_task)
        my_task.workflow.data.update(my_task.data)
        return True


class KernelBoundaryEvent(BoundaryEvent):
    """A non-interrupting boundary event is ready for the next event as soon as one has fired."""

    def _run_hook(self, my_task: Task) -> bool:
        result = super()._run_hook(my_task)
        if not self.cancel_activity and isinstance(self.event_definition, MessageEventDefinition):
            again = my_task.parent._add_child(self, TaskState.FUTURE)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)
            self._update(again)
        return result


class _CollectingInstances(MultiInstanceTask):
    """Outputs of all instances in item order under the element's id; loops back start afresh."""

    def _update_hook(self, my_task: Task) -> Any:
        my_task._inherit_data()
        if self.data_input is not None:
            self._check_input(my_task)
        else:
            self._check_size(my_task.workflow.script_engine.evaluate(my_task, self.cardinality))
        return super()._update_hook(my_task)

    def init_data_output_with_input_data(self, my_task: Task, input_data: Any) -> None:
        my_task.data[self.data_output.bpmn_id] = []

    def init_data_output_with_cardinality(self, my_task: Task) -> None:
        my_task.data[self.data_output.bpmn_id] = []

    def _check_input(self, my_task: Task) -> None:
        value = self.data_input.get(my_task) if self.data_input.exists(my_task) else None
        if not isinstance(value, Sequence | Mapping) or isinstance(value, str):
            raise ServiceTaskFailed(
                f"多实例“{self.bpmn_name or self.name}”的集合“{self.data_input.bpmn_id}”不是列表，无法逐项办理。",
                error_code="multi-instance-input",
            )
        self._check_size(len(value))

    def _check_size(self, count: Any) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_INSTANCES:
            raise ServiceTaskFailed(
                f"多实例“{self.bpmn_name or self.name}”的数量“{count}”不在 0 到 {MAX_INSTANCES} 之间；"
                "更多的事项请各自启动流程。",
                error_code="multi-instance-input",
            )

    def create_child(self, my_task: Task, item: Any, key_or_index: Any = None) -> None:
        task_spec = my_task.workflow.spec.task_specs[self.task_spec]
        child = my_task._add_child(task_spec, TaskState.WAITING)
        child.triggered = True
        if self.input_item is not None:
            self.input_item.set(child, deepcopy(item))
        if key_or_index is not None:
            child.internal_data["key_or_index"] = key_or_index
        child.internal_data["item"] = item
        task_spec._update(child)

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        my_task.internal_data["merged"].append(str(child.id))
        done = self.check_completion_condition(my_task)
        if done:
            for other in self._instances(my_task):
                if not other.has_state(TaskState.FINISHED_MASK):
                    other.cancel()
        elif isinstance(self, SequentialMultiInstanceTask):
            if not self.children_complete(my_task):
                self.add_next_child(my_task)
                return
        elif not self.children_complete(my_task):
            return
        self._collect(my_task)
        my_task._set_state(TaskState.READY)

    def _collect(self, my_task: Task) -> None:
        finished = [c for c in self._instances(my_task) if c.has_state(TaskState.COMPLETED)]
        own = {self.bpmn_id}
        for reference in (self.input_item, self.output_item):
            if reference is not None:
                own.add(reference.bpmn_id)
        base = {k: v for k, v in my_task.data.items() if k not in own}
        try:
            merged = merge_branches(base, [{k: v for k, v in c.data.items() if k not in own} for c in finished])
        except MergeConflict as conflict:
            raise ServiceTaskFailed(
                f"多实例“{self.bpmn_name or self.name}”的各实例对名称“{conflict.path}”写入了不同的值，"
                "请改用各实例自己的输出。",
                error_code="merge-conflict",
            ) from None
        merged[self.bpmn_id] = [
            {**result, "item": child.internal_data.get("item")}
            for child in finished
            if isinstance(result := child.data.get(self.bpmn_id), Mapping)
        ]
        if self.data_output is not None and self.output_item is not None:
            merged[self.data_output.bpmn_id] = [c.data.get(self.output_item.bpmn_id) for c in finished]
        my_task.data = merged

    def _on_ready_hook(self, my_task: Task) -> None:
        if not self._merged_children(my_task):
            my_task.data[self.bpmn_id] = []  # an empty collection completes at once, with an empty output
        super()._on_ready_hook(my_task)


class KernelParallelInstances(_CollectingInstances, ParallelMultiInstanceTask):
    """Parallel multi-instance."""


class KernelSequentialInstances(_CollectingInstances, SequentialMultiInstanceTask):
    """Sequential multi-instance."""
