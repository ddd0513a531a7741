"""The rows of a large instance are kept between snapshots: the same bytes, and only what changed made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from SpiffWorkflow.task import Task

from engine.bpmn import rows
from engine.bpmn.rows import LARGE, plain_rows
from engine.bpmn.state import written
from tests.support.bpmn_runs import Run, boundary, chain, definition_of, each, finish, looped, sub, timer
from tests.support.diagrams import diagram, start, user

OBJECTS = [f"对象{n}" for n in range(LARGE + 20)]


def many(element: str, turn: bool = False) -> str:
    return looped(element, each("objects", "object", sequential=turn))


def begun(body: str) -> Run:
    return Run(definition_of(diagram(body)), {"objects": OBJECTS}, {}, restoring=False)


def renewed(run: Run, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> list[str]:
    """Elements of the rows that the snapshot after ``act`` makes anew."""
    run.execution.snapshot()
    act()
    made: list[str] = []
    real = rows._row

    def noting(task: Task, base: Mapping[str, Any], parent: int) -> list[Any]:
        made.append(task.task_spec.name)
        return real(task, base, parent)

    with monkeypatch.context() as patched:
        patched.setattr(rows, "_row", noting)
        state = run.execution.snapshot()
    assert state == written(run.execution._workflow, plain_rows)
    return made


SIDE_BY_SIDE = start() + many(user("visit")) + user("after") + finish("e") + chain("begin visit after e")


def test_a_step_of_many_side_by_side_makes_a_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(SIDE_BY_SIDE)
    for item in (OBJECTS[7], OBJECTS[0], OBJECTS[-1]):
        made = renewed(run, monkeypatch, partial(run.complete, "visit", {"v": item}, item=item))
        assert len(made) < 10


def test_a_step_of_many_in_turn_makes_a_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(start() + many(user("visit"), turn=True) + finish("e") + chain("begin visit e"))
    for _ in OBJECTS[1:]:
        run.complete("visit", {"v": 1})
    made = renewed(run, monkeypatch, lambda: None)
    assert len(made) < 10
    run.complete("visit", {"v": 1})
    assert run.ended


def test_many_sub_processes_are_written_as_a_whole_snapshot_would() -> None:
    block = many(sub("visit", start("b") + user("look") + user("sign") + finish("f") + chain("b look sign f")))
    run = begun(start() + block + user("after") + finish("e") + chain("begin visit after e"))
    for item in OBJECTS[:3]:
        run.complete("look", {"v": item}, item=item)
    run.complete("sign", {"v": 1}, item=OBJECTS[1])
    assert run.execution.snapshot() == written(run.execution._workflow, plain_rows)


def test_an_interruption_of_many_is_written_as_a_whole_snapshot_would() -> None:
    late = boundary("late", "visit", timer("PT1H")) + user("remind") + finish("f") + chain("late remind f")
    run = begun(SIDE_BY_SIDE + late)
    run.complete("visit", {"v": 1}, item=OBJECTS[3])
    run.later(hours=2)
    assert run.open == "remind"
    assert run.execution.snapshot() == written(run.execution._workflow, plain_rows)


def test_a_restored_instance_goes_on_with_the_same_bytes() -> None:
    run = begun(SIDE_BY_SIDE)
    run.complete("visit", {"v": 1}, item=OBJECTS[5])
    state = run.execution.snapshot()
    restored = type(run.execution).load(run.definition, state, run.host)
    assert restored.snapshot() == state
    assert restored.snapshot() == state  # the second time from what was kept
