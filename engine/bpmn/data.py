"""Data objects, properties, inputs and outputs: where they are kept and how associations move them (spec §10.4).

A data object or a property of a process or sub-process is *shared*: one value for all
tokens of the scope that declares it, kept in the workflow's memory.  Inputs, outputs and properties of
an activity are *local*: names in its token's data while it runs.  Expressions read both by id or name;
a token's own name stands before a shared one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.task import Task

_MEMORY = "data"
_HIDDEN = "hidden"


@dataclass(frozen=True)
class Datum:
    """Something that holds a value; ``scope`` is the id of the scope that shares it, empty for a local one."""

    key: str
    names: tuple[str, ...]
    scope: str = ""


@dataclass(frozen=True)
class Association:
    """One way a value goes: copied, transformed, or put together by assignments (from, to)."""

    sources: tuple[Datum, ...]
    target: Datum
    transformation: str = ""
    assignments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Wiring:
    """The data of one activity, event or called process."""

    inputs: tuple[Datum, ...] = ()
    outputs: tuple[Datum, ...] = ()
    optional: frozenset[str] = frozenset()  # keys of inputs that may be missing
    incoming: tuple[Association, ...] = ()
    outgoing: tuple[Association, ...] = ()

    @property
    def local_names(self) -> set[str]:
        """Names that exist only while the activity runs."""
        moved = [*(a.target for a in self.incoming), *(s for a in self.outgoing for s in a.sources)]
        data = [*self.inputs, *self.outputs, *(datum for datum in moved if not datum.scope)]
        return {name for datum in data for name in datum.names}


@dataclass(frozen=True)
class Declared:
    """What a scope shares, by key."""

    shared: Mapping[str, Datum] = field(default_factory=dict)


_NOTHING = Wiring()


# -- shared values ------------------------------------------------------------------


def _place(task: Task, scope: str) -> str | None:
    """Where the values of the nearest scope of that id around the task are kept."""
    workflow = task.workflow
    while workflow is not None:
        if workflow.spec.name == scope:
            return str(workflow.parent_task_id or "")
        workflow = workflow.parent_workflow
    return None


def read(task: Task, datum: Datum) -> Any:
    """The value of a datum as the task sees it; ``None`` as long as nobody has written it."""
    if datum.scope:
        kept = task.workflow.top_workflow.memory.get(_MEMORY, {}).get(_place(task, datum.scope), {})
        if datum.key in kept:
            return deepcopy(kept[datum.key])
        before = task.workflow.top_workflow.data_objects  # states of format 1
        if datum.key in before:
            return deepcopy(before[datum.key])
    for name in datum.names:
        if name in task.data:
            return deepcopy(task.data[name])
    return None


def write(task: Task, datum: Datum, value: Any) -> None:
    """Give a datum a value."""
    place = _place(task, datum.scope) if datum.scope else None
    if place is None:
        task.data.update({name: deepcopy(value) for name in datum.names})
        return
    memory = task.workflow.top_workflow.memory.setdefault(_MEMORY, {})
    memory.setdefault(place, {})[datum.key] = deepcopy(value)
    _forget(task.workflow.top_workflow, place, datum)


def _forget(top: Any, place: str, datum: Datum) -> None:
    """Take older values of a shared datum out of all tokens of its scope: they would hide the new one."""
    for workflow in [top, *top.subprocesses.values()]:
        if _place(workflow.task_tree, datum.scope) != place:
            continue
        for task in workflow.tasks.values():
            hidden = set(datum.names) - getattr(task.task_spec, "wiring", _NOTHING).local_names
            for name in hidden & task.data.keys():
                del task.data[name]
                workflow.tasks.touch(task)


def visible(workflow: Any) -> dict[str, Any]:
    """Shared values that tokens of a workflow can read, by every name; inner scopes hide outer ones."""
    memory = workflow.top_workflow.memory.get(_MEMORY)
    found: dict[str, Any] = {}
    while memory and workflow is not None:
        kept = memory.get(str(workflow.parent_task_id or ""), {})
        declared: Declared = getattr(workflow.spec, "declared", Declared())
        for key, value in kept.items():
            names = declared.shared[key].names if key in declared.shared else (key,)
            found = {**{name: value for name in names}, **found}
        workflow = workflow.parent_workflow
    return found


# -- moving values ----------------------------------------------------------------------


class Inputs:
    """Fills the inputs of an activity when it begins; stands among the library's data input associations."""

    bpmn_id = ""  # the library takes this name away when the activity ends

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def get(self, my_task: Task) -> None:
        if _HIDDEN in my_task.internal_data:
            return
        names = self.wiring.local_names
        my_task.internal_data[_HIDDEN] = {name: my_task.data[name] for name in names if name in my_task.data}
        values = [(a.target, _carried(my_task, a, None)) for a in self.wiring.incoming]
        for target, value in values:
            write(my_task, target, value)


def given_back(task: Task, data: dict[str, Any]) -> dict[str, Any]:
    """What a token knows of the world around its activity: without the activity's own names."""
    hidden = task.internal_data.get(_HIDDEN)
    if hidden is None:
        return data
    own = task.task_spec.wiring.local_names
    return {**{name: value for name, value in data.items() if name not in own}, **hidden}


class Outputs:
    """Hands on the outputs of an activity when it ends, then gives the names it hid back."""

    bpmn_id = ""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    def set(self, my_task: Task) -> None:
        values = [(a.target, _carried(my_task, a, self.wiring)) for a in self.wiring.outgoing]
        for name in self.wiring.local_names:
            my_task.data.pop(name, None)
        my_task.data.update(my_task.internal_data.pop(_HIDDEN, {}))
        for target, value in values:
            write(my_task, target, value)


def _carried(task: Task, association: Association, wiring: Wiring | None) -> Any:
    plain = not association.transformation and not association.assignments
    values = [_source(task, each, wiring, association.target if plain else None) for each in association.sources]
    engine = task.workflow.script_engine
    names = {name: v for source, v in zip(association.sources, values, strict=True) for name in source.names}
    if association.transformation:
        return engine.evaluate(task, association.transformation, names=names)
    if association.assignments:
        result = read(task, association.target)
        for text, path in association.assignments:
            result = _put(result, _steps(path, association.target), engine.evaluate(task, text, names=names))
        return result
    return values[0] if values else _produced(task, association.target)


def _source(task: Task, datum: Datum, wiring: Wiring | None, target: Datum | None) -> Any:
    made_here = wiring is not None and not datum.scope and datum not in wiring.inputs
    return _produced(task, datum, target) if made_here else read(task, datum)


def _produced(task: Task, datum: Datum, target: Datum | None = None) -> Any:
    """What an activity made under a name: a field of its product, a name it assigned, else the product as a whole.

    An activity that made none of them has nothing to hand on: what it assigned to the target, or else
    what the target held before, stays.
    """
    product = task.data.get(task.task_spec.bpmn_id)
    for place in (product if isinstance(product, Mapping) else {}, task.data):
        for name in datum.names:
            if name in place:
                return deepcopy(place[name])
    if product:
        return deepcopy(product)
    return read(task, datum) if target is None else _produced(task, target)


def _steps(path: str, target: Datum) -> list[str]:
    steps = path.split(".")
    return steps[1:] if steps[0] in target.names else steps


def _put(whole: Any, steps: Iterable[str], value: Any) -> Any:
    """``whole`` with ``value`` at the end of a path of names."""
    steps = list(steps)
    if not steps:
        return value
    inner = dict(whole) if isinstance(whole, Mapping) else {}
    return {**inner, steps[0]: _put(inner.get(steps[0]), steps[1:], value)}
