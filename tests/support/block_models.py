"""Block-structured process models: their diagram, and a second, naive interpreter to hold the engine against."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.support.bpmn_runs import (
    boundary,
    catch,
    finish,
    looped,
    message,
    node,
    par,
    script,
    sub,
    terminate,
    timer,
    times,
    xor,
)  # fmt: skip
from tests.support.diagrams import end, flow, service, start, user

Then = Callable[[], None]
SIGNAL = '<bpmn:signal id="sig_stop" name="停止"/>'
SIGNALLED = '<bpmn:signalEventDefinition signalRef="sig_stop"/>'


# -- the interpreter ------------------------------------------------------------------


@dataclass(eq=False)
class Leaf:
    """Something that waits: a task for a person, a message, a moment."""

    kind: str
    id: str
    item: int | None
    then: Then
    due: datetime | None = None
    depth: int = 0


@dataclass(eq=False)
class World:
    """All that waits, and the clock."""

    now: datetime
    leaves: list[Leaf] = field(default_factory=list)

    def open(self) -> list[tuple[str, str, int | None]]:
        return sorted(((x.kind, x.id, x.item if x.kind == "user" else None) for x in self.leaves), key=repr)

    def act(self, kind: str, element_id: str, item: int | None) -> None:
        leaf = next(
            x for x in self.leaves if (x.kind, x.id) == (kind, element_id) and (kind != "user" or x.item == item)
        )
        self.leaves.remove(leaf)
        leaf.then()

    def signal(self) -> None:
        """Everybody who listens now hears it, outer levels first."""
        for leaf in sorted((x for x in self.leaves if x.kind == "signal"), key=lambda x: x.depth):
            if leaf in self.leaves:
                self.leaves.remove(leaf)
                leaf.then()

    def wait_until(self, moment: datetime) -> None:
        self.now = moment
        while due := [x for x in self.leaves if x.due is not None and x.due <= moment]:
            leaf = min(due, key=lambda x: (x.due, x.depth, x.id))
            self.leaves.remove(leaf)
            leaf.then()


@dataclass(eq=False)
class Level:
    """A process or one run of a sub-process: over when its last token is."""

    world: World
    then: Then
    depth: int
    item: int | None
    tokens: int = 1
    over: bool = False
    inner: list[Level] = field(default_factory=list)
    mine: list[Leaf] = field(default_factory=list)
    outer: Level | None = None
    #: What can be undone, in the order it was completed: ids of tasks, and levels.
    done: list[str | Level] = field(default_factory=list)

    def wait(self, kind: str, element_id: str, then: Then, minutes: int | None = None) -> Leaf:
        due = None if minutes is None else self.world.now + timedelta(minutes=minutes)
        leaf = Leaf(kind, element_id, self.item, then, due, self.depth)
        self.world.leaves.append(leaf)
        self.mine.append(leaf)
        return leaf

    def drop(self, *leaves: Leaf) -> None:
        for leaf in leaves:
            if leaf in self.world.leaves:
                self.world.leaves.remove(leaf)

    def token_ends(self) -> None:
        self.tokens -= 1
        if not self.tokens and not self.over:
            self.over = True
            if self.outer is not None:
                self.outer.done.append(self)
            self.then()

    def cancel(self) -> None:
        self.over = True
        self.drop(*self.mine)
        for level in self.inner:
            level.cancel()

    def enter(self, then: Then, item: int | None) -> Level:
        level = Level(self.world, then, self.depth + 1, item, outer=self)
        self.inner.append(level)
        return level


def event_of(kind: str) -> str:
    """The definition of a message or signal event."""
    return message("go") if kind == "message" else SIGNALLED


# -- the blocks -----------------------------------------------------------------------


@dataclass(eq=False)
class Block:
    """A part of a process with one way in and one way out."""

    id: str

    def xml(self) -> str:
        raise NotImplementedError

    def run(self, level: Level, then: Then) -> None:
        raise NotImplementedError

    @property
    def first(self) -> str:
        return self.id

    @property
    def last(self) -> str:
        return self.id


class User(Block):
    def xml(self) -> str:
        return user(self.id)

    def run(self, level: Level, then: Then) -> None:
        level.wait("user", self.id, then)


class Script(Block):
    def xml(self) -> str:
        return script(self.id, f"s_{self.id} = 1")

    def run(self, level: Level, then: Then) -> None:
        then()


class Service(Block):
    def xml(self) -> str:
        return service(self.id, "svc")

    def run(self, level: Level, then: Then) -> None:
        then()


@dataclass(eq=False)
class Pause(Block):
    minutes: int

    def xml(self) -> str:
        return catch(self.id, timer(f"PT{self.minutes}M"))

    def run(self, level: Level, then: Then) -> None:
        level.wait("timer", self.id, then, self.minutes)


class Hear(Block):
    def xml(self) -> str:
        return catch(self.id, message("go"))

    def run(self, level: Level, then: Then) -> None:
        level.wait("message", self.id, then)


class Listen(Block):
    def xml(self) -> str:
        return catch(self.id, SIGNALLED)

    def run(self, level: Level, then: Then) -> None:
        level.wait("signal", self.id, then)


@dataclass(eq=False)
class Jump(Block):
    """A link that leads on to a part of the process."""

    body: Block

    def xml(self) -> str:
        link = f'<bpmn:linkEventDefinition name="{self.id}"/>'
        text = node("intermediateThrowEvent", f"{self.id}_out", link) + catch(f"{self.id}_in", link)
        return text + self.body.xml() + flow(f"{self.id}_in", self.body.first)

    def run(self, level: Level, then: Then) -> None:
        self.body.run(level, then)

    @property
    def first(self) -> str:
        return f"{self.id}_out"

    @property
    def last(self) -> str:
        return self.body.last


@dataclass(eq=False)
class Chain(Block):
    parts: list[Block]

    def xml(self) -> str:
        links = "".join(flow(a.last, b.first) for a, b in zip(self.parts, self.parts[1:], strict=False))
        return "".join(p.xml() for p in self.parts) + links

    def run(self, level: Level, then: Then) -> None:
        def go(number: int) -> None:
            if number == len(self.parts):
                then()
            else:
                self.parts[number].run(level, lambda: go(number + 1))

        go(0)

    @property
    def first(self) -> str:
        return self.parts[0].first

    @property
    def last(self) -> str:
        return self.parts[-1].last


@dataclass(eq=False)
class Split(Block):
    """Exclusive, parallel or inclusive: ``taken`` says which branches."""

    kind: str
    branches: list[Block]
    taken: list[int]

    def xml(self) -> str:
        tag = {"x": "exclusiveGateway", "p": "parallelGateway", "o": "inclusiveGateway"}[self.kind]
        text = node(tag, self.first) + node(tag, self.last)
        for number, branch in enumerate(self.branches):
            condition = "" if self.kind == "p" else str(number in self.taken).lower()
            text += branch.xml() + flow(self.first, branch.first, condition) + flow(branch.last, self.last)
        return text

    def run(self, level: Level, then: Then) -> None:
        left = len(self.taken)

        def arrived() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        for number in self.taken:
            self.branches[number].run(level, arrived)

    @property
    def first(self) -> str:
        return f"{self.id}_split"

    @property
    def last(self) -> str:
        return f"{self.id}_join"


@dataclass(eq=False)
class Repeat(Block):
    """A loop back through an exclusive gateway."""

    body: Block
    rounds: int

    def xml(self) -> str:
        names = f"{self.id}_zero", f"{self.id}_head", f"{self.id}_count", f"{self.id}_tail"
        zero, head, count, tail = names
        text = script(zero, f"n_{self.id} = 0") + xor(head, tail) + script(count, f"n_{self.id} = n_{self.id} + 1")
        text += node("task", self.last) + self.body.xml()
        text += flow(zero, head) + flow(head, self.body.first) + flow(self.body.last, count) + flow(count, tail)
        text = text.replace(f'id="{tail}" name="{tail}"', f'id="{tail}" name="{tail}" default="{tail}_to_{self.last}"')
        return text + flow(tail, head, f"n_{self.id} &lt; {self.rounds}") + flow(tail, self.last)

    def run(self, level: Level, then: Then) -> None:
        def go(left: int) -> None:
            self.body.run(level, (lambda: go(left - 1)) if left > 1 else then)

        go(self.rounds)

    @property
    def first(self) -> str:
        return f"{self.id}_zero"

    @property
    def last(self) -> str:
        return f"{self.id}_out"


def inside(owner: str, body: Block) -> str:
    """The body of a sub-process."""
    ends = f"{owner}_begin", f"{owner}_end"
    return start(ends[0]) + body.xml() + end(ends[1]) + flow(ends[0], body.first) + flow(body.last, ends[1])


@dataclass(eq=False)
class Sub(Block):
    body: Block

    def xml(self) -> str:
        return sub(self.id, inside(self.id, self.body))

    def run(self, level: Level, then: Then) -> None:
        inner = level.enter(then, level.item)
        self.body.run(inner, inner.token_ends)


@dataclass(eq=False)
class Stop(Block):
    """A sub-process with two branches of which one terminates it."""

    body: Block
    killer: Block

    def xml(self) -> str:
        fork, stop = f"{self.id}_fork", f"{self.id}_stop"
        text = start(f"{self.id}_begin") + par(fork) + self.body.xml() + self.killer.xml() + finish(f"{self.id}_end")
        text += terminate(stop) + flow(f"{self.id}_begin", fork) + flow(fork, self.body.first)
        text += flow(fork, self.killer.first) + flow(self.body.last, f"{self.id}_end") + flow(self.killer.last, stop)
        return sub(self.id, text)

    def run(self, level: Level, then: Then) -> None:
        inner = level.enter(then, level.item)
        inner.tokens = 2

        def stopped() -> None:
            if not inner.over:
                inner.cancel()
                level.done.append(inner)
                then()

        self.body.run(inner, inner.token_ends)
        self.killer.run(inner, stopped)


@dataclass(eq=False)
class Many(Block):
    """Multi-instance of a user task (no body) or of a sub-process."""

    count: int
    sequential: bool
    body: Block | None

    def xml(self) -> str:
        loop = times(str(self.count), sequential=self.sequential)
        if self.body is None:
            return looped(user(self.id), loop)
        return sub(self.id, inside(self.id, self.body), loop)

    def run(self, level: Level, then: Then) -> None:
        left = self.count

        def begin(item: int) -> None:
            inner = level.enter(arrived, item)
            if self.body is None:
                inner.wait("user", self.id, inner.token_ends)
            else:
                self.body.run(inner, inner.token_ends)

        def arrived() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()
            elif self.sequential:
                begin(self.count - left)

        if not self.count:
            then()
        for item in range(min(1, self.count) if self.sequential else self.count):
            begin(item)


@dataclass(eq=False)
class Race(Block):
    """Event-based gateway: a message or signal against a timer."""

    minutes: int
    told: Block
    late: Block
    kind: str = "message"

    def xml(self) -> str:
        m, t = f"{self.id}_m", f"{self.id}_t"
        text = (
            node("eventBasedGateway", self.id) + catch(m, event_of(self.kind)) + catch(t, timer(f"PT{self.minutes}M"))
        )
        text += self.told.xml() + self.late.xml() + xor(self.last) + flow(self.id, m) + flow(self.id, t)
        text += flow(m, self.told.first) + flow(t, self.late.first)
        return text + flow(self.told.last, self.last) + flow(self.late.last, self.last)

    def run(self, level: Level, then: Then) -> None:
        def told() -> None:
            level.drop(late)
            self.told.run(level, then)

        def timed_out() -> None:
            level.drop(heard)
            self.late.run(level, then)

        heard = level.wait(self.kind, f"{self.id}_m", told)
        late = level.wait("timer", f"{self.id}_t", timed_out, self.minutes)

    @property
    def last(self) -> str:
        return f"{self.id}_out"


@dataclass(eq=False)
class Guard(Block):
    """A user task or sub-process with a boundary event; what follows it joins in again or ends on its own."""

    body: Block | None
    minutes: int | None
    interrupting: bool
    handler: Block
    kind: str = "message"

    def xml(self) -> str:
        ring, out = f"{self.id}_ring", f"{self.id}_out"
        event = event_of(self.kind) if self.minutes is None else timer(f"PT{self.minutes}M")
        text = user(self.id) if self.body is None else sub(self.id, inside(self.id, self.body))
        text += boundary(ring, self.id, event, interrupting=self.interrupting) + self.handler.xml()
        text += flow(ring, self.handler.first)
        if self.interrupting:
            return text + xor(out) + flow(self.id, out) + flow(self.handler.last, out)
        return text + finish(f"{self.id}_rung") + flow(self.handler.last, f"{self.id}_rung")

    def run(self, level: Level, then: Then) -> None:
        host = level.enter(lambda: done(), level.item)

        def done() -> None:
            level.drop(bell[0])
            then()

        def rung() -> None:
            if self.interrupting:
                host.cancel()
                self.handler.run(level, then)
                return
            if self.minutes is None:
                bell[0] = level.wait(self.kind, f"{self.id}_ring", rung)
            level.tokens += 1
            self.handler.run(level, level.token_ends)

        kind = self.kind if self.minutes is None else "timer"
        bell = [level.wait(kind, f"{self.id}_ring", rung, self.minutes)]
        if self.body is None:
            host.wait("user", self.id, host.token_ends)
        else:
            self.body.run(host, host.token_ends)

    @property
    def last(self) -> str:
        return f"{self.id}_out" if self.interrupting else self.id


def whole(body: Block) -> str:
    """The diagram body of a process made of one block."""
    text = start("begin") + body.xml() + end("finish") + flow("begin", body.first) + flow(body.last, "finish")
    ties = re.findall("<bpmn:association .*?/>", text)  # artifacts stand behind the flow
    return re.sub("<bpmn:association .*?/>", "", text) + "".join(ties)
