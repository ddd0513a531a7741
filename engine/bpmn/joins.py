"""Joins as BPMN defines them: tokens wait on their flows, one of each is taken, the data is merged.

The library forgets which tokens a join has used, so that in the second round of a loop it went on
without a branch.  Here a token that waits is a waiting task of the join; a join that fires takes
the oldest of each incoming flow and leaves the others where they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import ExclusiveGateway, InclusiveGateway, ParallelGateway
from SpiffWorkflow.specs.MultiChoice import MultiChoice
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.histories import TAKEN, before, merge_tokens
from engine.bpmn.listening import handles, is_armed
from engine.bpmn.merge import MergeConflict
from engine.errors import ServiceTaskFailed

_ACTIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED
_PLANNED = TaskState.FUTURE | TaskState.PREDICTED_MASK


class _TokenJoin:
    """Shared by both gateways; mixed in before the library's class."""

    name: str
    bpmn_name: str | None
    inputs: list[Any]

    def _update_hook(self, my_task: Task) -> bool:
        my_task.data = dict(my_task.parent.data)
        if not self._joins():
            return True
        my_task._set_state(TaskState.WAITING)
        waiting: dict[str, list[Task]] = {}
        for task in my_task.workflow.tasks.unfinished():
            if task._state == TaskState.WAITING and task.task_spec is self:
                waiting.setdefault(task.parent.task_spec.name, []).append(task)
        for queue in waiting.values():
            queue.sort(key=lambda t: t.last_state_change)
        taken = self._take(my_task, waiting)
        if my_task not in taken:
            return False
        others = [task for task in taken if task is not my_task]
        my_task._set_internal_data(**{TAKEN: [str(task.parent.id) for task in others]})
        for task in others:
            task.cancel()
        return True

    def _joins(self) -> bool:
        """Has a token to wait for others at all?"""
        return len(self.inputs) > 1

    def _take(self, my_task: Task, waiting: dict[str, list[Task]]) -> list[Task]:
        """The tokens that are used up now, none when the join has to wait."""
        raise NotImplementedError

    def _merge(self, my_task: Task) -> None:
        try:
            my_task.data = merge_tokens(list(before(my_task)))
        except MergeConflict as conflict:
            raise ServiceTaskFailed(
                f"并行分支在“{self.bpmn_name or self.name}”汇合时，对名称“{conflict.path}”写入了不同的值，"
                "请为各分支使用不同的名称。",
                error_code="merge-conflict",
            ) from None


class KernelParallelGateway(_TokenJoin, ParallelGateway):
    """parallelGateway: one token of every incoming flow."""

    def _take(self, my_task: Task, waiting: dict[str, list[Task]]) -> list[Task]:
        needed = Counter(spec.name for spec in self.inputs)
        if any(len(waiting.get(name, ())) < count for name, count in needed.items()):
            return []
        return [task for name, count in needed.items() for task in waiting[name][:count]]

    def _run_hook(self, my_task: Task) -> bool:
        self._merge(my_task)
        return True


class KernelExclusiveGateway(ExclusiveGateway):
    """exclusiveGateway: the first flow whose condition holds, else the default flow."""

    def _run_hook(self, my_task: Task) -> bool:
        defaults = [name for condition, name in self.cond_task_specs if condition is None]
        matching = (name for condition, name in self.cond_task_specs if condition and condition._matches(my_task))
        name = next(matching, None) or (defaults[0] if defaults else None)
        if name is None:
            raise ServiceTaskFailed(
                f"排他网关“{self.bpmn_name or self.name}”的条件都不满足，也没有默认分支，流程无法继续。"
            )
        my_task._sync_children([my_task.workflow.spec.task_specs[name]], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class KernelInclusiveGateway(_TokenJoin, InclusiveGateway):
    """inclusiveGateway: waits while a token elsewhere can still reach an empty incoming flow (spec §13.4.3)."""

    def _take(self, my_task: Task, waiting: dict[str, list[Task]]) -> list[Task]:
        filled = set(waiting)
        empty = {spec.name for spec in self.inputs} - filled
        late = self._sources(empty) - self._sources(filled)
        if any(self._is_late(task, late) for task in my_task.workflow.tasks.unfinished()):
            return []
        return [queue[0] for queue in waiting.values()]

    def _is_late(self, task: Task, late: set[str]) -> bool:
        return task.task_spec.name in late and task.task_spec is not self and _is_token(task)

    def _sources(self, inputs: Iterable[str]) -> set[str]:
        """Names of the elements from which a token can come over one of these inputs without passing this gateway."""
        seen: set[str] = set()
        todo = [spec for spec in self.inputs if spec.name in set(inputs)]
        while todo:
            spec = todo.pop()
            if spec.name not in seen and spec is not self:
                seen.add(spec.name)
                todo += spec.inputs
        return seen

    def _run_hook(self, my_task: Task) -> bool:
        self._merge(my_task)
        matches, defaults = self._get_matching_outputs(my_task)
        if not matches and not defaults:
            raise ServiceTaskFailed(
                f"包容网关“{self.bpmn_name or self.name}”的条件都不满足，也没有默认分支，流程无法继续。"
            )
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True

    def _predict_hook(self, my_task: Task) -> None:
        MultiChoice._predict_hook(self, my_task)


def _is_token(task: Task) -> bool:
    if task.has_state(_ACTIVE):
        return True
    # On its way: its predecessor has just completed and is still passing tokens on.
    return task.has_state(_PLANNED) and task.parent is not None and task.parent._state == TaskState.COMPLETED


class KernelEndJoin(_EndJoin):
    """The end of a level: waits for every token and merges what they carried."""

    def _check_threshold_unstructured(self, my_task: Task) -> bool:
        left = [
            task for task in my_task.workflow.tasks.unfinished()
            if task.has_state(TaskState.NOT_FINISHED_MASK) and task.task_spec is not self and not self._after(task)
        ]  # fmt: skip
        tokens = [task for task in left if not is_armed(task)]
        if all(handles(task) for task in tokens):
            # The scope is completing: what its event sub-processes do is waited for, no new one begins.
            for task in left:
                if is_armed(task):
                    task.cancel()
        return not tokens

    def _after(self, task: Task) -> bool:
        return task.parent is not None and task.parent.task_spec is self

    def _run_hook(self, my_task: Task) -> bool:
        workflow = my_task.workflow
        arrived = [
            t for t in workflow.tasks.values() if t.task_spec is self and t.parent.has_state(TaskState.COMPLETED)
        ]
        parents = [t.parent for t in sorted(arrived, key=lambda t: t.parent.last_state_change)]
        # A step several tokens passed (a reminder that rang twice) keeps what was submitted last.
        products = {spec.bpmn_id for spec in workflow.spec.task_specs.values() if getattr(spec, "bpmn_id", None)}
        try:
            my_task.data = merge_tokens(parents, last_wins=products)
        except MergeConflict as conflict:
            if workflow.parent_task_id is not None:
                raise ServiceTaskFailed(
                    f"子流程“{workflow.spec.description or workflow.spec.name}”结束时，各分支对名称“{conflict.path}”"
                    "写入了不同的值，请为各分支使用不同的名称。",
                    error_code="merge-conflict",
                ) from None
            # Nothing runs after the end of a process; the last word on every name is kept.
            my_task.data = {name: value for parent in parents for name, value in parent.data.items()}
        workflow.data.update(my_task.data)
        return True
