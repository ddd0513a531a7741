"""Blocks with a scope of their own for the naive interpreter: handlers beside the flow, and what is undone."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.block_models import Block, Leaf, Level, Then, inside
from tests.support.bpmn_runs import boundary, finish, message, node, sub, timer, xor
from tests.support.diagrams import flow, start, user
from tests.support.scope_models import CANCEL, transaction, undone


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
            else:
                scope.tokens += 1
                if self.minutes is None:
                    listen()
            inner = scope.enter(scope.token_ends, level.item)
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
        names = [f"{self.id}_{number}" for number in range(self.tasks)]
        todo = names + ([f"un_{name}" for name in reversed(names)] if self.cancelled else [])
        scope = level.enter(then, level.item)

        def go() -> None:
            if todo:
                scope.wait("user", todo.pop(0), go)
            else:
                scope.token_ends()

        go()

    @property
    def last(self) -> str:
        return f"{self.id}_out"
