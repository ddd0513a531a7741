"""Random processes made of blocks, for properties that hold of every process."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from tests.support.block_models import (
    Block,
    Chain,
    Guard,
    Hear,
    Jump,
    Listen,
    Many,
    Pause,
    Race,
    Repeat,
    Script,
    Service,
    Split,
    Stop,
    Sub,
    User,
)
from tests.support.flow_blocks import Bare, Early, Free, Ways, plain
from tests.support.scope_blocks import Book, Deal, Handled, Undo

MINUTES = (61, 127, 199, 283, 367, 461, 557, 661, 769, 883, 997, 1117, 1237, 1373, 1511, 1657, 1801, 1951, 2111, 2273)


class _Maker:
    """Draws a block; ids count up, so no two are the same."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.number, self.leaves = draw, itertools.count(1), 0

    def id(self, kind: str) -> str:
        return f"{kind}{next(self.number)}"

    def kind(self) -> str:
        return self.draw(st.sampled_from(["message", "signal"]))

    def minutes(self) -> int:
        return MINUTES[self.draw(st.integers(0, len(MINUTES) - 1))]

    def leaf(self, *, alone: bool) -> Block:
        self.leaves += 1
        kinds = ["user", "book", "script", "service", "pause", "listen", *(["hear"] if alone else [])]
        kind = self.draw(st.sampled_from(kinds))
        if kind == "pause":
            return Pause(self.id("pause"), self.minutes())
        return {"user": User, "book": Book, "script": Script, "service": Service, "hear": Hear, "listen": Listen}[kind](
            self.id(kind)
        )

    def block(self, depth: int, *, alone: bool = True) -> Block:
        """``alone``: not inside a multi-instance, where messages could not be told apart."""
        if depth == 0 or self.leaves > 7:
            return self.leaf(alone=alone)
        kinds = [
            "leaf",
            "chain",
            "chain",
            "x",
            "p",
            "p",
            "o",
            "repeat",
            "sub",
            "stop",
            "guard",
            "guard",
            "deal",
            "handled",
            "handled",
            "undo",
            "jump",
            "i",
            "c",
            "bare",
            "free",
        ]
        kind = self.draw(st.sampled_from([*kinds, *(["many", "many", "race"] if alone else [])]))
        name = self.id("b")
        if kind == "leaf":
            return self.leaf(alone=alone)
        if kind == "bare":
            return Bare(name, self.plain())
        if kind == "free":
            return self.free(name)
        if kind == "repeat":
            return Repeat(name, self.block(depth - 1, alone=alone), self.draw(st.integers(1, 3)))
        if kind == "sub":
            return Sub(name, self.block(depth - 1, alone=alone))
        if kind == "stop":
            return Stop(name, self.block(depth - 1, alone=alone), self.leaf(alone=alone))
        if kind == "many":
            body = self.block(depth - 1, alone=False) if self.draw(st.booleans()) else None
            count, sequential, enough = self.draw(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3)))
            return Early(name, count, sequential, body, enough) if enough else Many(name, count, sequential, body)
        if kind == "race":
            return Race(name, self.minutes(), self.block(depth - 1), self.block(depth - 1), self.kind())
        if kind == "jump":
            return Jump(name, self.block(depth - 1, alone=alone))
        if kind == "guard":
            return self.guard(name, depth, alone)
        if kind == "undo":
            return Undo(name, self.block(depth - 1, alone=alone))
        if kind == "deal":
            self.leaves += 1
            return Deal(name, self.draw(st.integers(0, 2)), self.draw(st.booleans()))
        if kind == "handled":
            return self.handled(name, depth, alone)
        parts = [self.block(depth - 1, alone=alone) for _ in range(self.draw(st.integers(2, 3)))]
        if kind == "chain":
            return Chain(name, parts)
        everything = list(range(len(parts)))
        taken = {
            "x": st.sampled_from(everything).map(lambda n: [n]),
            "p": st.just(everything),
            "o": st.lists(st.sampled_from(everything), min_size=1, unique=True).map(sorted),
        }
        taken |= {"i": taken["p"], "c": taken["o"]}
        return (Ways if kind in {"i", "c"} else Split)(name, kind, parts, self.draw(taken[kind]))

    def plain(self) -> list[Block]:
        kinds = self.draw(st.lists(st.sampled_from(["user", "user", "script", "service"]), min_size=1, max_size=3))
        self.leaves += len(kinds)
        return [plain(kind, self.id(kind)) for kind in kinds]

    def free(self, name: str) -> Block:
        parts = self.plain()
        stops = [None, *(number for number, part in enumerate(parts) if isinstance(part, User))]
        return Free(name, parts, self.draw(st.booleans()), self.draw(st.booleans()), self.draw(st.sampled_from(stops)))

    def handled(self, name: str, depth: int, alone: bool) -> Block:
        interrupting = self.draw(st.booleans())
        minutes = None if alone and self.draw(st.booleans()) else self.minutes()
        body = self.block(depth - 1, alone=alone)
        # Handlers that run side by side cannot be told apart where they wait for the same.
        steps = self.block(depth - 1, alone=alone) if interrupting or minutes else User(self.id("user"))
        return Handled(name, body, minutes, interrupting, steps)

    def guard(self, name: str, depth: int, alone: bool) -> Block:
        interrupting = self.draw(st.booleans())
        minutes = None if alone and self.draw(st.booleans()) else self.minutes()
        body = self.block(depth - 1, alone=alone) if self.draw(st.booleans()) else None
        if interrupting:
            handler = self.block(depth - 1, alone=alone)
        else:
            # Several tokens may be on their way here: along a chain they cannot be mistaken for one another.
            handler = Chain(self.id("b"), [User(self.id("user")) for _ in range(self.draw(st.integers(1, 2)))])
        return Guard(name, body, minutes, interrupting, handler, self.kind())


@st.composite
def models(draw: st.DrawFn) -> Block:
    return _Maker(draw).block(3)
