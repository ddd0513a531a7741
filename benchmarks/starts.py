"""Ten thousand instances started in bulk, a thousand a transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks import case
from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.places import Place
from benchmarks.system import DEPARTMENT, open_system
from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.service_tasks import Start

LINES = (
    Line("cpu_s", "10,000 instance starts, CPU", "s", at_most(3)),
    Line("wall_s", "10,000 instance starts, wall", "s"),
)
ASKED = 10_000
A_TRANSACTION = 1_000


@dataclass(frozen=True)
class StartMany:
    """What the command of a draw does: many starts in one transaction."""

    business_keys: tuple[str, ...]

    def run(self, ctx: CommandContext) -> None:
        ctx.start_processes(
            case.KEY,
            [Start(key, {"object": "鲁A00001"}, "基准事项", DEPARTMENT) for key in self.business_keys],
        )


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    engine = open_system(place.fresh(), place.scratch, case.KEY)
    engine.execute(case.start("warm"), actor=Actor.system())
    keys = [case.business_key("bulk") for _ in range(scale.starts)]
    wall, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(keys), A_TRANSACTION):
        engine.execute(StartMany(tuple(keys[first : first + A_TRANSACTION])), actor=Actor.system())
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    engine.database.dispose()
    share = ASKED / scale.starts
    return {"cpu_s": cpu * share, "wall_s": wall * share}


BENCHMARK = Benchmark("starts", "starting instances in bulk", LINES, run)
