"""What an instance weighs in memory once it is restored."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Mapping

from benchmarks import case
from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.places import Place
from benchmarks.system import DEPARTMENT, ROLE, hire, open_system
from engine.models import ProcessInstance

LINES = (Line("kb_each", "memory of 10,000 restored instances, each", "KB", at_most(64), at_full_scale=True),)
_STEPS_DONE = 6  # in the middle of the called process, where most is alive


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    engine = open_system(place.fresh(), place.scratch, case.KEY)
    official = hire(engine.database, engine.settings.district_id, [(DEPARTMENT, ROLE)])[0]
    instance_id = engine.execute(case.start("memory"), actor=official)
    for _ in range(_STEPS_DONE):
        task = case.next_task(engine.database, instance_id)
        assert task is not None
        engine.execute(case.completion(task), actor=official)
    with engine.read() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        engine.peek(session, instance)
        gc.collect()
        tracemalloc.start()
        kept = [engine.peek(session, instance) for _ in range(scale.restored)]
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    engine.database.dispose()
    return {"kb_each": used / len(kept) / 1024}


BENCHMARK = Benchmark("memory", "restored instances in memory", LINES, run)
