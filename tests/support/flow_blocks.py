"""Blocks without gateways: implicit splits, bare levels, instances that end early, steps in no order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tests.support.block_models import Block, Level, Many, Script, Service, Split, Then, User, inside
from tests.support.bpmn_runs import looped, node, script, sub
from tests.support.diagrams import flow, user


class Ways(Split):
    """A task with several ways out: all taken (``i``), or chosen by conditions (``c``)."""

    def xml(self) -> str:
        join = "parallelGateway" if self.kind == "i" else "inclusiveGateway"
        text = node("task", self.first) + node(join, self.last)
        for number, branch in enumerate(self.branches):
            condition = "" if self.kind == "i" else str(number in self.taken).lower()
            text += branch.xml() + flow(self.first, branch.first, condition) + flow(branch.last, self.last)
        return text


@dataclass(eq=False)
class Bare(Block):
    """A sub-process without start and end events: every part begins at once."""

    parts: list[Block]

    def xml(self) -> str:
        return sub(self.id, "".join(part.xml() for part in self.parts))

    def run(self, level: Level, then: Then) -> None:
        inner = level.enter(then, level.item)
        inner.tokens = len(self.parts)
        for part in self.parts:
            part.run(inner, inner.token_ends)


@dataclass(eq=False)
class Early(Many):
    """Multi-instance that ends when so many instances have completed."""

    enough: int = 1

    def xml(self) -> str:
        loop = (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(self.sequential).lower()}">'
            f"<bpmn:loopCardinality>{self.count}</bpmn:loopCardinality><bpmn:completionCondition "
            f'xsi:type="bpmn:tFormalExpression">nrOfCompletedInstances &gt;= {self.enough}</bpmn:completionCondition>'
            "</bpmn:multiInstanceLoopCharacteristics>"
        )
        if self.body is None:
            return looped(user(self.id), loop)
        return sub(self.id, inside(self.id, self.body), loop)

    def run(self, level: Level, then: Then) -> None:
        done, running = 0, []

        def begin(item: int) -> None:
            inner = level.enter(arrived, item)
            running.append(inner)
            if self.body is None:
                inner.wait("user", self.id, inner.token_ends)
            else:
                self.body.run(inner, inner.token_ends)

        def arrived() -> None:
            nonlocal done
            done += 1
            if done == min(self.enough, self.count):
                for inner in running:
                    if not inner.over:
                        inner.cancel()
                then()
            elif self.sequential:
                begin(done)

        if not self.count:
            then()
        for item in range(min(1, self.count) if self.sequential else self.count):
            if done < self.enough:
                begin(item)


@dataclass(eq=False)
class Free(Block):
    """An ad-hoc sub-process; the completion of one of its users' tasks may end it early."""

    parts: list[Block]
    sequential: bool
    cancels: bool
    stop: int | None

    def xml(self) -> str:
        inner = "".join(part.xml() for part in self.parts)
        if self.stop is not None:
            asked = f"over_{self.id}"
            ending = self.parts[self.stop].id
            inner = inner.replace(user(ending), user(ending, **{f"set_{asked}": "true"}))
            inner += f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{asked}</bpmn:completionCondition>'
        ordering = "Sequential" if self.sequential else "Parallel"
        block = node(
            "adHocSubProcess", self.id, inner, ordering=ordering, cancelRemainingInstances=str(self.cancels).lower()
        )
        return script(self.first, f"over_{self.id} = false") + block + flow(self.first, self.id)

    def run(self, level: Level, then: Then) -> None:
        inner = level.enter(then, level.item)
        inner.tokens = len(self.parts)

        def done(number: int) -> None:
            if inner.over:
                return
            if number == self.stop and (self.cancels or self.sequential):
                inner.cancel()
                then()
                return
            inner.token_ends()
            if self.sequential and not inner.over:
                self.parts[number + 1].run(inner, lambda: done(number + 1))

        for number in (0,) if self.sequential else range(len(self.parts)):
            if not inner.over:
                self.parts[number].run(inner, partial(done, number))

    @property
    def first(self) -> str:
        return f"{self.id}_zero"


def plain(kind: str, identity: str) -> Block:
    """A step without a wait for anything but a person."""
    return {"user": User, "script": Script, "service": Service}[kind](identity)
