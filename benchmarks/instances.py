"""Multi-instance tasks of a thousand: the state of a sequential one, the step of a parallel one."""

from __future__ import annotations

import time
from collections.abc import Mapping

import sqlalchemy as sa

from benchmarks import case
from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.measure import Samples
from benchmarks.places import Place
from benchmarks.system import DEPARTMENT, ROLE, hire, open_system
from engine.commands.complete_task import CompleteTask
from engine.commands.start_process import StartProcess
from engine.models import ProcessInstance
from engine.process_engine import ProcessEngine

LINES = (
    Line("in_turn_kb", "sequential multi-instance of 1,000, largest state", "KB", at_most(1024), at_full_scale=True),
    Line("in_turn_ms", "a step of it, median CPU", "ms"),
    Line("at_once_ms", "parallel multi-instance of 1,000, median step CPU", "ms", at_most(3), at_full_scale=True),
    Line("at_once_wall_ms", "a step of it, wall", "ms"),
    Line("at_once_kb", "its largest state", "KB"),
    Line("steps", "steps measured of both, cut short by time", ""),
)


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    engine = open_system(place.fresh(), place.scratch, "many-in-turn", "many-at-once")
    in_turn, in_turn_bytes = _walk(engine, "many-in-turn", scale)
    at_once, at_once_bytes = _walk(engine, "many-at-once", scale)
    engine.database.dispose()
    return {
        "in_turn_kb": in_turn_bytes / 1024,
        "in_turn_ms": in_turn.cpu_ms,
        "at_once_ms": at_once.cpu_ms,
        "at_once_wall_ms": at_once.wall_ms,
        "at_once_kb": at_once_bytes / 1024,
        "steps": len(in_turn.cpu) + len(at_once.cpu),
    }


def _walk(engine: ProcessEngine, key: str, scale: Scale) -> tuple[Samples, int]:
    """Complete instance by instance; returns the steps' times and the largest state seen."""
    official = hire(engine.database, engine.settings.district_id, [(DEPARTMENT, ROLE)])[0]
    objects = [f"检查对象{n:04d}" for n in range(scale.instances)]
    instance = engine.execute(
        StartProcess(key, case.business_key(key), {"objects": objects}, department=DEPARTMENT), actor=official
    )
    samples, largest, ends = Samples(), 0, time.monotonic() + scale.seconds
    for number, task in enumerate(case.open_tasks(engine.database, instance)):
        command = CompleteTask(task.id, task.version, {"opinion": f"第{number}项，未发现问题。"})
        samples.time(lambda c=command: engine.execute(c, actor=official))  # type: ignore[misc]
        if number % 10 == 0 or number >= scale.instances - 2:
            with engine.read() as session:
                size = sa.func.length(ProcessInstance.state)
                largest = max(largest, session.scalar(sa.select(size).where(ProcessInstance.id == instance)) or 0)
        if time.monotonic() > ends:
            break
    return samples, largest


BENCHMARK = Benchmark("instances", "multi-instance tasks of a thousand", LINES, run)
