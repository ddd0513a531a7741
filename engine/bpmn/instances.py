"""Multi-instances: every instance on its own data, outputs in item order, rounds start afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import ParallelMultiInstanceTask, SequentialMultiInstanceTask
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.bpmn.data import Datum, read, write
from engine.bpmn.loops import COUNTERS, LOOP_NAMES, done_so_far
from engine.bpmn.merge import MergeConflict, merge_branches
from engine.errors import ServiceTaskFailed

#: More instances in one workflow are slow and large; separate instances are not (ADR 0001).
MAX_INSTANCES = 1_000


@dataclass(frozen=True)
class Behavior:
    """Which events a multi-instance throws when an instance completes (spec table 10.29).

    ``kind`` is All (none), None (each time), One (the first time) or Complex (by condition).
    """

    kind: str = "All"
    events: list[tuple[str, EventDefinition]] = field(default_factory=list)  # (condition, what is thrown)

    def thrown(self, my_task: Task, done: int, names: Mapping[str, Any]) -> Iterator[EventDefinition]:
        """What the completion of the ``done``-th instance throws."""
        if self.kind == "All" or (self.kind == "One" and done > 1):
            return
        for condition, definition in self.events:
            if not condition or my_task.workflow.script_engine.evaluate(my_task, condition, names=names):
                yield definition


class _CollectingInstances(MultiInstanceTask):
    """Multi-instance over a collection or a number.

    What a task produced in an instance, or what the steps inside a sub-process or called process
    produced, becomes one entry of ``data[<element id>]``, with the item under ``item``; the output
    item, where one is named, one entry of the output collection.  Other names (``set:``, scripts)
    pass to the process: merged when all ran side by side, from one to the next when they run in
    turn.  Tasks without a person and without a wait run in turn whatever is drawn: each is over
    before the next one begins.
    """

    sequential: bool
    behavior: Behavior = Behavior()
    collection: Datum | None = None
    results: Datum | None = None

    def wire(self, datum: Callable[[str], Datum]) -> None:
        """Find what the references to collections lead to."""
        self.collection = datum(self.data_input.bpmn_id) if self.data_input is not None else None
        self.results = datum(self.data_output.bpmn_id) if self.data_output is not None else None

    def _in_turn(self, my_task: Task) -> bool:
        child = my_task.workflow.spec.task_specs[self.task_spec]
        waits = child.manual or isinstance(child, SubWorkflowTask | CatchingEvent)
        return self.sequential or not waits

    def _update_hook(self, my_task: Task) -> bool | None:
        my_task.data = dict(my_task.parent.data)
        for association in self.data_input_associations:
            association.get(my_task)
        items = self._items(my_task)
        my_task.internal_data["done"] = 0
        my_task.internal_data["items"] = len(items)
        if not items:
            return True
        if self._in_turn(my_task):
            # The collection may change while its items are handled; the items do not.
            my_task.internal_data["remaining"] = deepcopy(items[1:])
            items = items[:1]
        my_task._set_state(TaskState.STARTED)
        self._start(my_task, items, 0)
        return None

    def _start(self, my_task: Task, items: Sequence[Any], first: int) -> None:
        # Outer names that the items of an instance hide while it runs.
        outer, hidden = my_task.data, self._item_names()
        my_task.data = {k: v for k, v in outer.items() if k not in hidden}
        spending = my_task.workflow.script_engine.spending
        for number, item in enumerate(items, first):
            spending.check()
            self.create_child(my_task, item, number)
        my_task.data = outer

    def _item_names(self) -> set[str]:
        items = [item for item in (self.input_item, self.output_item) if item is not None]
        return {name for item in items for name in (item.bpmn_id, item.bpmn_name) if name}

    def _items(self, my_task: Task) -> list[Any]:
        if self.collection is None:
            count = my_task.workflow.script_engine.evaluate(my_task, self.cardinality)
            self._check_size(count)
            return list(range(count))
        value = read(my_task, self.collection)
        if not isinstance(value, Sequence | Mapping) or isinstance(value, str):
            raise ServiceTaskFailed(
                f"多实例“{self.bpmn_name or self.name}”的集合“{self.collection.names[-1]}”不是列表，无法逐项办理。",
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
            for name in {self.input_item.bpmn_id, self.input_item.bpmn_name} - {None, ""}:
                child.data[name] = deepcopy(item)
        child.internal_data["key_or_index"] = key_or_index
        child.internal_data["item"] = item
        task_spec._update(child)

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        if my_task.has_state(TaskState.READY | TaskState.FINISHED_MASK):
            return
        my_task.internal_data["done"] = done = done_so_far(my_task) + 1
        in_turn = self._in_turn(my_task)
        if in_turn:
            local = self._local(my_task)
            my_task.data = _with(my_task.data, {k: v for k, v in child.data.items() if k not in local}, keep=local)
        finished = done == my_task.internal_data["items"]
        if self.condition is not None or self.behavior.kind != "All":
            names = self._names_after(my_task, child)
            for definition in self.behavior.thrown(my_task, done, names):
                definition.throw(child)
            if self.condition is not None and my_task.workflow.script_engine.evaluate(
                my_task, self.condition, names=names
            ):
                finished = True
        if finished:
            for other in list(self._instances(my_task)):
                if not other.has_state(TaskState.FINISHED_MASK):
                    other.cancel()
            self._collect(my_task)
            my_task._set_state(TaskState.READY)
        elif in_turn:
            remaining = my_task.internal_data["remaining"]
            my_task.internal_data["remaining"] = remaining[1:]
            self._start(my_task, remaining[:1], done)

    # -- counting ---------------------------------------------------------------

    def counters(self, my_task: Task) -> dict[str, int]:
        """How many instances there are, in the words of the standard and in the common short ones."""
        total, done = my_task.internal_data.get("items", 0), done_so_far(my_task)
        active = sum(1 for c in self._instances(my_task) if not c.has_state(TaskState.FINISHED_MASK))
        if self._in_turn(my_task) and not self.sequential:
            active = total - done  # drawn side by side
        values = (total, active, done, 0)
        return {name: value for names, value in zip(COUNTERS.items(), values, strict=True) for name in names}

    def _names_after(self, my_task: Task, child: Task) -> dict[str, Any]:
        """What a condition sees when ``child`` has completed: what all completed instances wrote, and the counters."""
        texts = [self.condition or "", *(condition for condition, _ in self.behavior.events)]
        read_names = {name for text in texts if text for name in expressions.parse(text).names}
        names = {**my_task.data, **{k: v for k, v in child.data.items() if k != self.bpmn_id}}
        for other in self._finished(my_task) if read_names - LOOP_NAMES else ():
            for name in read_names & other.data.keys():
                if name not in child.data or child.data[name] == my_task.data.get(name):
                    names[name] = other.data[name]
        if self.bpmn_id in read_names:
            names |= self.collected(my_task)
        if self.results is not None and read_names & set(self.results.names):
            outputs = [self._output(my_task, c) for c in self._finished(my_task)]
            names |= dict.fromkeys(self.results.names, outputs)
        return {**names, **self.counters(my_task), "loopCounter": child.internal_data["key_or_index"] + 1}

    # -- collecting -------------------------------------------------------------

    def _finished(self, my_task: Task) -> list[Task]:
        """The completed instances in the order of their items."""
        finished = [c for c in self._instances(my_task) if c.has_state(TaskState.COMPLETED)]
        return sorted(finished, key=lambda c: c.internal_data["key_or_index"])

    def collected(self, my_task: Task) -> dict[str, Any]:
        """The data with the entries of the instances that are done so far."""
        finished = self._finished(my_task)
        local = self._local(my_task) | self._own_names(my_task, finished)
        return {**my_task.data, self.bpmn_id: [self._entry(my_task, child, local) for child in finished]}

    def _collect(self, my_task: Task) -> None:
        finished = self._finished(my_task)
        local = self._local(my_task) | self._own_names(my_task, finished)
        if not self._in_turn(my_task):
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
        if self.results is not None:
            write(my_task, self.results, [self._output(my_task, child) for child in finished])

    def _own_names(self, my_task: Task, finished: list[Task]) -> set[str]:
        """Names nobody outside knew, to which blocks side by side gave different values: each keeps its own."""
        child = my_task.workflow.spec.task_specs[self.task_spec]
        if self.sequential or not isinstance(child, SubWorkflowTask):
            return set()
        found: dict[str, Any] = {}
        own = set()
        for instance in finished:
            for name in instance.data.keys() - my_task.data.keys():
                if found.setdefault(name, instance.data[name]) != instance.data[name]:
                    own.add(name)
        return own

    def _entry(self, my_task: Task, child: Task, local: set[str]) -> dict[str, Any]:
        item = child.internal_data.get("item")
        if isinstance(child.task_spec, SubWorkflowTask):
            item_names = self._item_names()
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

    def _output(self, my_task: Task, child: Task) -> Any:
        """The output item of an instance: a name it wrote, else a field of what it produced."""
        if self.output_item is None:
            return self._entry(my_task, child, self._local(my_task))
        product = child.data.get(self.bpmn_id)
        for name in (self.output_item.bpmn_id, self.output_item.bpmn_name):
            if name in child.data:
                return child.data[name]
            if isinstance(product, Mapping) and name in product:
                return product[name]
        return None

    def _local(self, my_task: Task) -> set[str]:
        """Names that belong to one instance: its element, its items, and the steps inside it."""
        names = {self.bpmn_id, *self._item_names()}
        child = my_task.workflow.spec.task_specs[self.task_spec]
        if isinstance(child, SubWorkflowTask):
            specs = my_task.workflow.top_workflow.subprocess_specs
            names |= _steps(specs, child.spec)
            names |= {name for datum in specs[child.spec].wiring.outputs for name in datum.names}
        return names

    def _on_ready_hook(self, my_task: Task) -> None:
        if not my_task.internal_data.get("items"):
            # An empty collection completes at once, with an empty output.
            my_task.data[self.bpmn_id] = []
            if self.results is not None:
                write(my_task, self.results, [])
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

    sequential = False


class KernelSequentialInstances(_CollectingInstances, SequentialMultiInstanceTask):
    """One instance after the other."""

    sequential = True
