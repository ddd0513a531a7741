"""Random walks: generated processes beside a naive interpreter, and the shipped processes on their scenarios.

Every step starts from restored state.  Whatever happens in whatever order, the same tasks and waits are
open as in the naive interpreter, a snapshot is stable, and nothing that runs is ever stuck.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn.execution import Execution
from engine.errors import LianjianError
from tests.support.block_models import SIGNAL, Block, Level, World, whole
from tests.support.block_strategies import models
from tests.support.bpmn_runs import NOW, Run, definition_of, reasons, seen
from tests.support.diagrams import diagram
from tests.support.scenarios import Replay

ROOT = Path(__file__).resolve().parents[2]
MAX_STEPS = 40


def text_of(model: Block) -> str:
    return diagram(whole(model), messages="go").replace("</bpmn:definitions>", SIGNAL + "</bpmn:definitions>")


def standing(run: Run) -> list[tuple[str, str, Any]]:
    """What the engine waits for, in the words of the interpreter."""
    found: list[tuple[str, str, Any]] = [("user", t.element_id, t.item) for t in run.execution.open_tasks()]
    for wait in run.execution.waits():
        kind = "message" if wait.message else "signal" if wait.signal else "timer"
        found.append((kind, wait.element_id, None))
    return sorted(found, key=repr)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_generated_processes_do_what_a_naive_interpreter_does(model: Block, data: st.DataObject) -> None:
    walk_through(model, data, restoring=True)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_rows_kept_from_snapshot_to_snapshot_are_those_of_a_whole_snapshot(model: Block, data: st.DataObject) -> None:
    walk_through(model, data, restoring=False)  # the run compares them after every step


def walk_through(model: Block, data: st.DataObject, restoring: bool) -> None:
    text = text_of(model)
    world, ended = World(NOW), []
    level = Level(world, lambda: ended.append(True), 0, None)
    model.run(level, level.token_ends)
    run = Run(definition_of(text), {}, {"svc": lambda element, parameters: {"ok": True}}, restoring)
    for _ in range(MAX_STEPS):
        assert standing(run) == world.open()
        assert run.ended == bool(ended)
        if ended:
            break
        kind, element_id, item = data.draw(st.sampled_from(world.open()))
        if kind == "timer":
            due = min(leaf.due for leaf in world.leaves if leaf.due is not None)
            moment = due + timedelta(minutes=data.draw(st.sampled_from([0, 0, 300, 3000])))
            world.wait_until(moment)
            run.later(minutes=(moment - run.host.now).total_seconds() / 60)
        elif kind == "signal":
            world.signal()
            run.signal("停止")
        elif kind == "message":
            world.act(kind, element_id, item)
            wait = next(w for w in run.execution.waits() if w.element_id == element_id and w.message)
            run.execution.deliver(wait.engine_task_id, "go", {"n": 1})
            run._after()
        else:
            world.act(kind, element_id, item)
            run.complete(element_id, {"v": 1}, item=item)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(models())
def test_generated_processes_are_accepted_by_the_linter(model: Block) -> None:
    # Counters of loops inside multi-instances are rightly doubted.
    found = [r for r in reasons(text_of(model)) if r[0] not in {"parallel-writes", "dead-ends"}]
    assert found == []


# -- the shipped processes ------------------------------------------------------------


def shipped() -> list[tuple[str, Path]]:
    return [(f"{p.parents[1].name}-{p.stem}", p) for p in sorted(ROOT.glob("processes/*/scenarios/*.json"))]


def _recorded(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Steps of all scenarios of a process by element or message."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((folder / "scenarios").glob("*.json")):
        for step in json.loads(path.read_text(encoding="utf-8"))["steps"]:
            key = step.get("complete") or step.get("message")
            if key:
                found.setdefault(key, []).append(step)
    return found


@pytest.mark.parametrize(("name", "path"), shipped(), ids=[name for name, _ in shipped()])
def test_shipped_processes_survive_any_order_of_events(name: str, path: Path) -> None:
    folder = path.parents[1]
    recorded = _recorded(folder)
    replay = Replay(folder, ROOT / "forms", json.loads(path.read_text(encoding="utf-8")))
    begun, began_at = replay.execution.snapshot(), replay.host.now

    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        replay.host.now = began_at
        replay.execution = Execution.load(replay.definition, begun, replay.host)
        for _ in range(MAX_STEPS):
            execution = replay.execution
            if execution.completed:
                assert not list(execution.open_tasks()) and not list(execution.waits())
                break
            acts: list[tuple[str, Any]] = [("task", t) for t in execution.open_tasks() if t.element_id in recorded]
            acts += [("message", w) for w in execution.waits() if w.message in recorded]
            acts += [("time", w.due_at) for w in execution.waits() if w.due_at is not None]
            assert any(execution.open_tasks()) or any(execution.waits()), "running, but nothing to wait for"
            if not acts:
                break
            before, was = execution.snapshot(), seen(execution)
            kind, what = acts[data.draw(st.integers(0, len(acts) - 1))]
            try:
                _act(replay, kind, what, recorded, data)
            except LianjianError as refusal:
                assert "停滞" not in refusal.message
                replay.execution = Execution.load(replay.definition, before, replay.host)
                assert seen(replay.execution) == was
            now = seen(replay.execution)
            replay.restore()
            assert seen(replay.execution) == now

    walk()


def _act(replay: Replay, kind: str, what: Any, recorded: dict[str, list[dict[str, Any]]], data: st.DataObject) -> None:
    if kind == "time":
        replay.host.now = max(replay.host.now, what)
        replay.execution.run()
    elif kind == "message":
        step = data.draw(st.sampled_from(recorded[what.message]))
        replay.execution.deliver(what.engine_task_id, what.message, step.get("payload", {}))
    else:
        step = data.draw(st.sampled_from(recorded[what.element_id]))
        values = dict(step["values"])
        hook = what.properties.get("on_submit", "")
        values |= dict(replay.host.answers.get(hook) or {})
        replay.execution.complete(what.engine_task_id, values)
