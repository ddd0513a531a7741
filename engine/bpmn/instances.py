"""Loops and multi-instances: every instance on its own data, outputs in item order, rounds start afresh."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
    StandardLoopTask,
)
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.merge import MergeConflict, merge_branches
from engine.errors import ServiceTaskFailed

#: More instances in one workflow are slow and large; separate instances are not (ADR 0001).
MAX_INSTANCES = 1_000


class KernelLoop(StandardLoopTask):
    """Standard loop: every round goes on with the data of the one before."""

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        my_task.data = dict(child.data)
        my_task.internal_data["merged"].append(str(child.id))
        if self.loop_complete(my_task):
            my_task._set_state(TaskState.READY)
        else:
            self.create_child(my_task)


class _CollectingInstances(MultiInstanceTask):
    """Multi-instance over a collection or a number.

    What a task produced in an instance, or what the steps inside a sub-process or called process
    produced, becomes one entry of ``data[<element id>]``, with the item under ``item``.  Other names
    (``set:``, scripts) pass to the process: merged when all ran side by side, from one to the next
    when they run in turn.
    """

    #: One after the other.
    in_turn: bool

    def _update_hook(self, my_task: Task) -> bool | None:
        my_task.data = dict(my_task.parent.data)
        for association in self.data_input_associations:
            association.get(my_task)
        items = self._items(my_task)
        my_task.internal_data["merged"] = []
        my_task.internal_data["items"] = len(items)
        if not items:
            return True
        if self.in_turn:
            # The collection may change while its items are handled; the items do not.
            my_task.internal_data["remaining"] = deepcopy(items[1:])
            items = items[:1]
        my_task._set_state(TaskState.STARTED)
        self._start(my_task, items, 0)
        return None

    def _start(self, my_task: Task, items: Sequence[Any], first: int) -> None:
        outer = my_task.data
        if self.input_item is not None and self.input_item.bpmn_id in outer:
            # An outer name that the item hides for the time of the instance.
            my_task.data = {k: v for k, v in outer.items() if k != self.input_item.bpmn_id}
        for number, item in enumerate(items, first):
            self.create_child(my_task, item, number)
        my_task.data = outer

    def _items(self, my_task: Task) -> list[Any]:
        if self.data_input is None:
            count = my_task.workflow.script_engine.evaluate(my_task, self.cardinality)
            self._check_size(count)
            return list(range(count))
        value = self.data_input.get(my_task) if self.data_input.exists(my_task) else None
        if not isinstance(value, Sequence | Mapping) or isinstance(value, str):
            raise ServiceTaskFailed(
                f"多实例“{self.bpmn_name or self.name}”的集合“{self.data_input.bpmn_id}”不是列表，无法逐项办理。",
                error_code="multi-instance-input",
            )
        self._check_size(len(value))
        return list(value.values()) if isinstance(value, Mapping) else list(value)

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
        child.internal_data["key_or_index"] = key_or_index
        child.internal_data["item"] = item
        task_spec._update(child)

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        merged = my_task.internal_data["merged"]
        merged.append(str(child.id))
        if self.in_turn:
            local = self._local(my_task)
            my_task.data = _with(my_task.data, {k: v for k, v in child.data.items() if k not in local}, keep=local)
            remaining = my_task.internal_data["remaining"]
            if remaining:
                my_task.internal_data["remaining"] = remaining[1:]
                self._start(my_task, remaining[:1], len(merged))
                return
        elif len(merged) < my_task.internal_data["items"]:
            return
        self._collect(my_task)
        my_task._set_state(TaskState.READY)

    def collected(self, my_task: Task) -> dict[str, Any]:
        """The data with the entries of the instances that are done so far."""
        local = self._local(my_task)
        done = [c for c in self._instances(my_task) if c.has_state(TaskState.COMPLETED)]
        done.sort(key=lambda c: c.internal_data["key_or_index"])
        return {**my_task.data, self.bpmn_id: [self._entry(my_task, child, local) for child in done]}

    def _collect(self, my_task: Task) -> None:
        finished = [c for c in self._instances(my_task) if c.has_state(TaskState.COMPLETED)]
        finished.sort(key=lambda c: c.internal_data["key_or_index"])
        local = self._local(my_task)
        if not self.in_turn:
            base = {k: v for k, v in my_task.data.items() if k not in local}
            try:
                merged = merge_branches(base, [{k: v for k, v in c.data.items() if k not in local} for c in finished])
            except MergeConflict as conflict:
                raise ServiceTaskFailed(
                    f"多实例“{self.bpmn_name or self.name}”的各实例对名称“{conflict.path}”写入了不同的值，"
                    "请改用各实例自己的输出。",
                    error_code="merge-conflict",
                ) from None
            my_task.data = _with(my_task.data, merged, keep=local)
        my_task.data[self.bpmn_id] = [self._entry(my_task, child, local) for child in finished]

    def _entry(self, my_task: Task, child: Task, local: set[str]) -> dict[str, Any]:
        item = child.internal_data.get("item")
        if isinstance(child.task_spec, SubWorkflowTask):
            item_names = {self.input_item.bpmn_id} if self.input_item is not None else set()
            outer = my_task.parent.data
            made = {
                name: value
                for name, value in child.data.items()
                if name in local and name not in item_names and (name not in outer or outer[name] != value)
            }
            return {**made, "item": item}
        result = child.data.get(self.bpmn_id)
        if isinstance(result, Mapping):
            return {**result, "item": item}
        return {"result": result, "item": item}

    def _local(self, my_task: Task) -> set[str]:
        """Names that belong to one instance: its element, its item, and the steps inside it."""
        names = {self.bpmn_id}
        if self.input_item is not None:
            names.add(self.input_item.bpmn_id)
        child = my_task.workflow.spec.task_specs[self.task_spec]
        if isinstance(child, SubWorkflowTask):
            names |= _steps(my_task.workflow.top_workflow.subprocess_specs, child.spec)
        return names

    def _on_ready_hook(self, my_task: Task) -> None:
        if not self._merged_children(my_task):
            my_task.data[self.bpmn_id] = []  # an empty collection completes at once, with an empty output
        super()._on_ready_hook(my_task)


def _with(old: Mapping[str, Any], new: Mapping[str, Any], *, keep: Iterable[str]) -> dict[str, Any]:
    """``new``, but with the ``old`` values of the names in ``keep``."""
    return {**new, **{name: old[name] for name in keep if name in old}}


def _steps(specs: Mapping[str, Any], name: str) -> set[str]:
    """Ids of all elements of a sub-process or called process, and of those below."""
    found: set[str] = set()
    todo, seen = [name], set()
    while todo:
        name = todo.pop()
        if name in seen or name not in specs:
            continue
        seen.add(name)
        for spec in specs[name].task_specs.values():
            if getattr(spec, "bpmn_id", None):
                found.add(spec.bpmn_id)
            if isinstance(spec, SubWorkflowTask):
                todo.append(spec.spec)
    return found


class KernelParallelInstances(_CollectingInstances, ParallelMultiInstanceTask):
    """All instances at the same time."""

    in_turn = False


class KernelSequentialInstances(_CollectingInstances, SequentialMultiInstanceTask):
    """One instance after the other."""

    in_turn = True
