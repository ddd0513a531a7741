"""What a benchmark declares: its lines, their units and targets, and how much work a run does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.places import Place

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Target:
    """A bound a line has to keep; ``least`` when more is better."""

    bound: float
    least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


def at_most(bound: float) -> dict[str, Target]:
    """The same upper bound on both databases."""
    return {SQLITE: Target(bound), POSTGRESQL: Target(bound)}


def at_least(sqlite: float, postgresql: float) -> dict[str, Target]:
    """A lower bound for each database."""
    return {SQLITE: Target(sqlite, least=True), POSTGRESQL: Target(postgresql, least=True)}


@dataclass(frozen=True)
class Line:
    """One row of the table.

    ``at_full_scale`` marks a figure that says nothing about its target when measured on less than was asked for.
    """

    key: str
    title: str
    unit: str
    targets: Mapping[str, Target] = field(default_factory=dict)
    at_full_scale: bool = False


@dataclass(frozen=True)
class Scale:
    """How much work a run does; ``full`` is what the targets are stated for."""

    name: str
    rounds: int
    cases: int  # of each kind, a round
    starts: int
    open_tasks: int
    done_tasks: int
    requests: int
    instances: int  # of a multi-instance task
    seconds: float  # after which a long series of steps is cut short
    restored: int
    expressions: int
    objects: int  # of the registry


FULL = Scale("full", 7, 12, 10_000, 1_000_000, 2_000_000, 200, 1_000, 40, 10_000, 20_000, 1_000_000)
QUICK = Scale("quick", 3, 3, 1_000, 20_000, 40_000, 40, 200, 4, 500, 3_000, 20_000)
TINY = Scale("tiny", 1, 1, 3, 400, 400, 4, 4, 1, 4, 20, 400)


@dataclass(frozen=True)
class Benchmark:
    """``run`` measures on one database and gives a number for every declared line."""

    name: str
    about: str
    lines: tuple[Line, ...]
    run: Callable[[Place, Scale], Mapping[str, float]]
