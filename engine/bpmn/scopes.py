"""A scope while it runs: which tokens it holds, what they know together, and how all of them end at once.

A scope is a process or one run of a sub-process; every token carries its own data.  Where somebody
looks at the scope as a whole (the handler of an event, what goes on after an interruption), the data
of its tokens is merged; of a name that several changed, the last change is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import EventSubprocess
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask, MultiInstanceTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.calls import KernelCallActivity
from engine.bpmn.data import given_back
from engine.bpmn.histories import TAKEN, before, merge_tokens
from engine.bpmn.listening import is_instance, listens

#: The number in the order of completions of an activity that can be compensated.
COMPLETED_AS = "completed_as"
#: What names of such an activity held when it completed, where they have been changed since: ``[]`` or ``[value]``.
_THEN = "then"

_ARRIVED = TaskState.READY | TaskState.STARTED
_PLANNED = TaskState.FUTURE | TaskState.PREDICTED_MASK


def unfinished(workflow: Any) -> list[Task]:
    """Every task of one scope that is not over; flat, chains may be long."""
    return list(workflow.tasks.unfinished())


def running_inside(task: Task) -> Any | None:
    """The scope that runs inside a sub-process or call activity, ``None`` when there is none."""
    sub = task.workflow.top_workflow.subprocesses.get(task.id)
    return None if sub is None or sub.completed else sub


def shares_data(task: Task) -> bool:
    """Does the scope inside this activity work on the same names as the one around it?"""
    return not isinstance(task.task_spec, KernelCallActivity) or task.task_spec.shares_data(task)


def token_data(task: Task) -> dict[str, Any]:
    """What a token that stands at ``task`` knows, with all that was submitted inside it so far."""
    return given_back(task, _inside(task))


def _inside(task: Task) -> dict[str, Any]:
    spec = task.task_spec
    if isinstance(spec, MultiInstanceTask) and task.has_state(TaskState.STARTED):
        return dict(spec.collected(task))
    if isinstance(spec, LoopTask):
        rounds = [token_data(c) for c in spec._instances(task) if not c.has_state(TaskState.FINISHED_MASK)]
        return rounds[-1] if rounds else dict(task.data)
    sub = running_inside(task)
    if sub is not None and shares_data(task):
        return scope_data(sub)
    if task.has_state(_ARRIVED) or task.parent is None:
        return dict(task.data)
    return dict(task.parent.data)


def scope_data(workflow: Any) -> dict[str, Any]:
    """What the tokens of a scope know together at this moment."""
    tokens = dict(_tokens(workflow))
    if not tokens:
        last = workflow.last_task or workflow.task_tree
        return dict(last.data)
    names = {name for data in tokens.values() for name in data}
    arrived = sorted(tokens, key=lambda task: task.last_state_change)
    return merge_tokens(arrived, last_wins=names, known={task.id: tokens[task] for task in arrived})


def _tokens(workflow: Any) -> Iterator[tuple[Task, dict[str, Any]]]:
    for task in workflow.tasks.values():
        spec, parent = task.task_spec, task.parent
        if parent is None:
            continue
        if spec is workflow.spec.end:
            if parent.has_state(TaskState.COMPLETED):
                yield parent, dict(parent.data)
        elif TAKEN in task.internal_data and task.has_state(TaskState.NOT_FINISHED_MASK):
            # A join that has its tokens and has not run yet.
            for each in before(task):
                yield each, dict(each.data)
        elif not task.has_state(TaskState.NOT_FINISHED_MASK) or not _is_token(task):
            continue
        elif isinstance(spec, EventSubprocess):
            # Beside the others: only what the handler itself changed since it began counts.
            yield task, {**workflow.task_tree.data, **changes(parent.data, token_data(task))}
        else:
            yield task, token_data(task)


def _is_token(task: Task) -> bool:
    parent = task.parent
    if listens(task):
        return False
    if is_instance(task):
        return False  # its loop is the token
    if any(getattr(t.task_spec, "is_compensation", False) for t in (task, parent)):
        return False  # what a compensation wrote goes to the token that threw it
    if task.has_state(_ARRIVED | TaskState.WAITING):
        return True
    return task.has_state(_PLANNED) and parent.has_state(TaskState.COMPLETED)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The names of ``after`` that are new or have another value than ``before``."""
    return {k: v for k, v in after.items() if k not in before or (before[k] is not v and before[k] != v)}


def publish(workflow: Any, before: Mapping[str, Any], written: Mapping[str, Any]) -> None:
    """Make known in a scope, and in all that runs inside it, what was written beside its tokens.

    A name that some token has given another value since is left as it is: where they meet, the conflict
    shows.  Any other is changed in the past of the tokens too, so that a join later does not take for a
    branch's own what it only heard here.
    """
    absent = object()
    began = workflow.task_tree.data
    tokens = [data for _, data in _tokens(workflow)]
    known = {k: (before.get(k, absent), began.get(k, absent), v) for k, v in written.items()}
    written = {k: v for k, v in written.items() if all(data.get(k, absent) in known[k] for data in tokens)}
    if not written:
        return
    for task in workflow.tasks.values():
        heard = {k: v for k, v in written.items() if task.data.get(k, absent) == before.get(k, absent)}
        if heard and COMPLETED_AS in task.internal_data:
            kept = {k: [task.data[k]] if k in task.data else [] for k in heard}
            task.internal_data[_THEN] = kept | task.internal_data.get(_THEN, {})
        if heard:
            task.data = {**task.data, **heard}
            workflow.tasks.touch(task)
    for task in unfinished(workflow):
        sub = running_inside(task)
        if sub is not None and shares_data(task):
            publish(sub, before, written)


def data_at_completion(activity: Task) -> dict[str, Any]:
    """What an activity that can be compensated left behind, whatever became known to it later."""
    then = activity.internal_data.get(_THEN, {})
    data = {k: v for k, v in activity.data.items() if then.get(k) != []}
    return data | {k: old[0] for k, old in then.items() if old}


def end_tokens(workflow: Any, keep: Iterable[Task] = ()) -> None:
    """Take every token out of a scope except ``keep``: tasks, timers, subscriptions and all that runs inside."""
    kept = {task.id for task in keep}
    for task in unfinished(workflow):
        if task.id not in kept and task.id in workflow.tasks and task.has_state(TaskState.NOT_FINISHED_MASK):
            task.cancel()
    # What had already reached the end counts with the data of the scope, not as a token any more.
    for task in [t for t in workflow.tasks.values() if t.task_spec is workflow.spec.end]:
        if task.id in workflow.tasks:
            workflow._remove_task(task.id)
