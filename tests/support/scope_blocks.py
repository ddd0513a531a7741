"""Blocks with a scope of their own for the naive interpreter: handlers beside the flow, and what is undone."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.block_models import Block, Leaf, Level, Then, inside
from tests.support.bpmn_runs import boundary, finish, message, node, sub, throw, timer, xor
from tests.support.diagrams import flow, start, user
from tests.support.scope_models import CANCEL, compensate, transaction, undone


@dataclass(eq=False)
class Handled(Block):
    """A sub-process with an event sub-process, begun by a message or (``minutes``) a timer."""

    body: Block
    minutes: int | None
    interrupting: bool
    handler: Block

    def xml(self) -> str:
        name = f"{self.id}_h"
        event = message("go") if self.minutes is None else timer(f"PT{self.minutes}M")
        kind = str(self.interrupting).lower()
        steps = (
            node("startEvent", f"{name}_go", event, isInterrupting=kind) + self.handler.xml() + finish(f"{name}_end")
        )
        steps += flow(f"{name}_go", self.handler.first) + flow(self.handler.last, f"{name}_end")
        beside = node("subProcess", name, steps, triggeredByEvent="true")
        return sub(self.id, inside(self.id, self.body) + beside)

    def run(self, level: Level, then: Then) -> None:
        scope = level.enter(then, level.item)
        main = scope.enter(lambda: main_ended(), level.item)
        main.depth = scope.depth
        ear: list[Leaf] = []

        def main_ended() -> None:
            level.drop(*ear)
            scope.token_ends()

        def listen() -> None:
            kind = "message" if self.minutes is None else "timer"
            ear[:] = [scope.wait(kind, f"{self.id}_h_go", rung, self.minutes)]

        def rung() -> None:
            if self.interrupting:
                main.cancel()
                scope.done.append(main)
            else:
                scope.tokens += 1
                if self.minutes is None:
                    listen()
            inner = scope.enter(scope.token_ends, level.item)
            inner.outer = None  # what a handler did is no part of the flow that can be undone from outside
            self.handler.run(inner, inner.token_ends)

        listen()
        self.body.run(main, main.token_ends)


@dataclass(eq=False)
class Deal(Block):
    """A transaction of some tasks that people undo, the last first, when it is cancelled."""

    tasks: int
    cancelled: bool

    def xml(self) -> str:
        names = [f"{self.id}_{number}" for number in range(self.tasks)]
        begin, last = f"{self.id}_begin", f"{self.id}_end"
        inner = start(begin) + "".join(user(n) for n in names) + finish(last, CANCEL if self.cancelled else "")
        for a, b in zip([begin, *names], [*names, last], strict=True):
            inner += flow(a, b)
        inner += undone(*names, by="".join(user(f"un_{n}") for n in names))
        text = transaction(self.id, inner) + xor(self.last) + flow(self.id, self.last)
        ring = f"{self.id}_ring"
        return text + boundary(ring, self.id, CANCEL) + flow(ring, self.last)

    def run(self, level: Level, then: Then) -> None:
        todo = [f"{self.id}_{number}" for number in range(self.tasks)]
        scope = level.enter(then, level.item)

        def go(name: str = "") -> None:
            if name:
                scope.done.append(name)
            if todo:
                following = todo.pop(0)
                scope.wait("user", following, lambda: go(following))
            elif self.cancelled:
                scope.outer = None  # never completed
                _undo(scope, scope.token_ends)
            else:
                scope.token_ends()

        go()

    @property
    def last(self) -> str:
        return f"{self.id}_out"


class Book(Block):
    """A task that people can undo."""

    def xml(self) -> str:
        return user(self.id) + undone(self.id, by=user(f"un_{self.id}"))

    def run(self, level: Level, then: Then) -> None:
        def booked() -> None:
            level.done.append(self.id)
            then()

        level.wait("user", self.id, booked)


@dataclass(eq=False)
class Undo(Block):
    """A sub-process that at last undoes whatever was completed in it."""

    body: Block

    def xml(self) -> str:
        begin, back, last = f"{self.id}_begin", f"{self.id}_back", f"{self.id}_end"
        inner = start(begin) + self.body.xml() + throw(back, compensate()) + finish(last)
        return sub(self.id, inner + flow(begin, self.body.first) + flow(self.body.last, back) + flow(back, last))

    def run(self, level: Level, then: Then) -> None:
        scope = level.enter(then, level.item)

        self.body.run(scope, lambda: _undo(scope, scope.token_ends))


def _undo(level: Level, then: Then) -> None:
    todo = _undone(level)

    def go() -> None:
        if todo:
            where, task = todo.pop(0)
            where.wait("user", f"un_{task}", go)
        else:
            then()

    go()


def _undone(level: Level) -> list[tuple[Level, str]]:
    """What there is to undo, the last first; afterwards nothing is left."""
    found: list[tuple[Level, str]] = []
    while level.done:
        last = level.done.pop()
        found += [(level, last)] if isinstance(last, str) else _undone(last)
    return found
