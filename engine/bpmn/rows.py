"""The rows of a snapshot: one array a task in tree order, data as differences to the parent task.

Of a large instance the encoded rows are kept from one snapshot to the next beside the live tasks, and only
those of tasks that may have changed are made anew: a step of a thousand instances side by side touches one.
A task that is over or waits for a person changes by a change of its state or by somebody who says so
(:meth:`~engine.bpmn.task_table.TaskTable.touch`); all other tasks are few and are always written anew, and
so is the first one, where ad-hoc sub-processes and complex gateways remember what concerns the level.
The bytes are those that writing everything anew would give.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import is_
from typing import Any

import orjson
from SpiffWorkflow.task import Task

#: Tasks of an instance from which on keeping its rows is worth the memory.
LARGE = 100


class Written:
    """The encoded rows of one workflow as its last snapshot has them, and what they were made from."""

    __slots__ = ("known", "order", "outer", "parents", "place", "reshaped", "rows", "touched")

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.order: list[Task] = []
        self.parents: list[int] = []
        self.place: dict[Task, int] = {}
        #: What the rows of children were compared with.
        self.known: dict[Task, dict[str, Any]] = {}
        self.outer: dict[str, Any] = {}
        #: Tasks that have changed since, and whether some were added or taken out.
        self.touched: set[Task] = set()
        self.reshaped = True


def plain_rows(workflow: Any, outer: Mapping[str, Any]) -> list[list[Any]]:
    """The rows of a workflow whose first task began with the data ``outer``."""
    rows: list[list[Any]] = []
    tasks = workflow.tasks
    stack = [(workflow.task_tree, outer, -1)]
    while stack:
        task, base, parent = stack.pop()
        index = len(rows)
        rows.append(_row(task, base, parent))
        for child in reversed(task._children):
            stack.append((tasks[child], task.data, index))
    return rows


def kept_rows(workflow: Any, outer: Mapping[str, Any]) -> orjson.Fragment:
    """The same, encoded; rows of tasks that did not change since the last time are taken from there."""
    tasks = workflow.tasks
    old: Written = tasks.written or Written()
    loud = old.touched.union(tasks.busy(), (workflow.task_tree,))
    same = _identical(old.outer, outer)
    if old.reshaped or not same or not _renewed(old, outer, loud):
        old = _walked(workflow, outer, old, loud, same)
    old.touched.clear()
    old.reshaped = False
    tasks.written = old
    return orjson.Fragment(b"[%b]" % b",".join(old.rows))


def _renewed(kept: Written, outer: Mapping[str, Any], loud: set[Task]) -> bool:
    """Write the rows of ``loud`` tasks anew in their places; False when rows of others depend on what changed."""
    for task in loud:
        at = kept.place[task]
        parent = kept.parents[at]
        kept.rows[at] = _encoded(_row(task, outer if parent < 0 else kept.order[parent].data, parent))
        if task._children and not _identical(kept.known[task], task.data):
            return False
    return True


def _walked(workflow: Any, outer: Mapping[str, Any], old: Written, loud: set[Task], same: bool) -> Written:
    """All rows in tree order; ``same`` says whether the first task still began with what it began with."""
    new = Written()
    tasks, rows, order, parents, place = workflow.tasks, new.rows, new.order, new.parents, old.place
    stack: list[tuple[Task, Mapping[str, Any], int, bool]] = [(workflow.task_tree, outer, -1, same)]
    while stack:
        task, base, parent, based = stack.pop()
        at = place.get(task)
        if based and at is not None and old.parents[at] == parent and task not in loud:
            row = old.rows[at]
        else:
            row = _encoded(_row(task, base, parent))
        index = len(rows)
        rows.append(row)
        order.append(task)
        parents.append(parent)
        if task._children:
            before = old.known.get(task)
            below = before is not None and _identical(before, task.data)
            new.known[task] = before if before is not None and below else dict(task.data)
            for child in reversed(task._children):
                stack.append((tasks[child], task.data, index, below))
    new.place = {task: index for index, task in enumerate(order)}
    new.outer = dict(outer)
    return new


def _encoded(row: list[Any]) -> bytes:
    # A copy: what the encoder returns holds on to the 4 KB it began with.
    return bytes(memoryview(orjson.dumps(row)))


def _identical(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two mappings hold the very same objects under the same names in the same order."""
    return len(one) == len(other) and list(one) == list(other) and all(map(is_, one.values(), other.values()))


def _row(task: Task, base: Mapping[str, Any], parent: int) -> list[Any]:
    # A thousand instances of a task may pass here: plain loops, nothing made that is not kept.
    data, internal = task.data, task.internal_data
    changed: Any = 0
    inherited = 0
    for name, value in data.items():
        if name in base:
            inherited += 1
            known = base[name]
            if known is value:
                continue
            if _same(known, value):
                data[name] = known  # the library copies what it hands on; one copy is enough
                continue
        if not changed:
            changed = {}
        changed[name] = value
    removed = sorted(name for name in base if name not in data) if inherited < len(base) else 0
    if "seen_events" in internal:
        internal = {k: v for k, v in internal.items() if k != "seen_events"}
    return [
        task.id.hex, parent, task.task_spec.name, task._state, task.last_state_change, int(task.triggered),
        changed, removed, internal or 0,
    ]  # fmt: skip


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same in every respect: ``1``, ``1.0`` and ``true`` are three values."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_same, one.values(), other.values()))
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
