"""Merging tokens that meet: of every name, what was written last on the way counts (ADR 0002).

Tokens part and meet in any pattern, so the fork they last had in common is not always where they
differ: a branch may have heard at an earlier join what another one wrote.  The tasks of a workflow and
the tokens its joins took are a history in which it can be read who knew of which value.  A value is out
of date when the one beside it was written by somebody who knew it; two values nobody knew of each other
are a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.defaults import EventSubprocess
from SpiffWorkflow.task import Task

from engine.bpmn.merge import MergeConflict, merge_branches

#: Ids of the tasks whose tokens a join took beside the one it runs on; kept for the history.
TAKEN = "taken"

_ABSENT = object()


def merge_tokens(
    parents: list[Task], last_wins: Collection[str] = (), known: Mapping[Any, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The data of tokens that meet.

    ``parents`` stand in the order they arrived; of the names in ``last_wins`` the last change is taken.
    ``known`` gives, by task id, data to take instead of the task's own.  Raises :class:`MergeConflict`.
    """
    tokens = {parent.id: parent for parent in parents}
    data = {identity: (known or {}).get(identity, task.data) for identity, task in tokens.items()}
    if len(tokens) == 1:
        return dict(next(iter(data.values())))
    history = _History(list(tokens.values()), data)
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for each in data.values() for name in each):
        values = [each.get(name, _ABSENT) for each in data.values()]
        value = values[0] if all(_same(v, values[0]) for v in values[1:]) else history.latest(name, name in last_wins)
        if value is not _ABSENT:
            merged[name] = value
    return merged


def _same(one: Any, other: Any) -> bool:
    return one is other or (one is not _ABSENT and other is not _ABSENT and bool(one == other))


def before(task: Task) -> Iterator[Task]:
    """The tasks whose tokens a task went on with."""
    if isinstance(task.task_spec, EventSubprocess):
        yield task.workflow.task_tree  # it brings what it changed, not what it had heard when it began
        return
    if task.parent is not None:
        yield task.parent
    for identity in task.internal_data.get(TAKEN, ()):
        taken = task.workflow.tasks.get(UUID(identity))
        if taken is not None:
            yield taken


class _History:
    """What happened between the moment all tokens have in common and now."""

    def __init__(self, tokens: list[Task], data: dict[Any, dict[str, Any]]) -> None:
        self.tokens = tokens
        self.data = data
        self.origin = _common(tokens)
        self._older: dict[Any, set[Any]] = {}

    def latest(self, name: str, last_wins: bool) -> Any:
        """The value of a name that is not out of date."""
        written = {token.id: self._writers(token, name) for token in self.tokens}
        changed = [token for token in self.tokens if written[token.id]]
        current = [
            token for token in changed
            if not any(self._overtakes(written[other.id], written[token.id]) for other in changed if other is not token)
        ]  # fmt: skip
        values: list[Any] = []
        for token in current:
            value = self.data[token.id].get(name, _ABSENT)
            if not any(_same(value, each) for each in values):
                values.append(value)
        if len(values) == 1 or (values and last_wins):
            return values[-1]
        if values and all(isinstance(value, Mapping) for value in values):
            old = self.origin.data.get(name)
            base = {name: old} if isinstance(old, Mapping) else {}
            return merge_branches(base, [{name: value} for value in values])[name]
        raise MergeConflict(name)

    def _writers(self, token: Task, name: str) -> set[Any]:
        """Who gave the token its value of a name; nobody when it still has that of the beginning."""
        value = self.data[token.id].get(name, _ABSENT)
        if not _same(value, token.data.get(name, _ABSENT)):  # something still runs inside it
            return set() if _same(value, self.origin.data.get(name, _ABSENT)) else {token.id}
        found: set[Any] = set()
        seen: set[Any] = set()
        todo = [token]
        while todo:
            task = todo.pop()
            if task is self.origin or task.id in seen:
                continue
            seen.add(task.id)
            value = task.data.get(name, _ABSENT)
            same = [each for each in before(task) if _same(each.data.get(name, _ABSENT), value)]
            todo += same
            if not same:
                found.add(task.id)
        return found

    def _overtakes(self, newer: set[Any], older: set[Any]) -> bool:
        """Did those who wrote one value know all those who wrote the other?"""
        return newer != older and all(any(o == n or o in self._known_to(n) for n in newer) for o in older)

    def _known_to(self, identity: Any) -> set[Any]:
        """The tasks that came before one, back to the origin."""
        if identity not in self._older:
            tasks = self.origin.workflow.tasks
            found: set[Any] = set()
            todo = [] if identity == self.origin.id else list(before(tasks[identity]))
            while todo:
                task = todo.pop()
                if task is not self.origin and task.id not in found:
                    found.add(task.id)
                    todo += before(task)
            self._older[identity] = found
        return self._older[identity]


def _common(tokens: list[Task]) -> Task:
    """The last task that everything the tokens know has in common.

    All lines are followed upward at the same time, so that the cost depends on how far the tokens have
    come since they parted, not on how long the process has run.
    """
    seen = {token.id for token in tokens}
    walking, ended = list(tokens), 0
    met: set[Any] = set()
    while walking and len(walking) + ended > 1:
        onward: list[Task] = []
        for task in walking:
            earlier = list(before(task))
            ended += not earlier
            for each in earlier:
                if each.id in seen:
                    met.add(each.id)
                else:
                    seen.add(each.id)
                    onward.append(each)
        walking = onward
    found = tokens[0]
    current: Task | None = found
    while current is not None and current.id in seen:
        if current.id in met:
            found = current
        current = next(before(current), None)
    return found
