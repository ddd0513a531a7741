"""Random walks: generated processes beside a naive interpreter, and the shipped processes on their scenarios.

Every step starts from restored state.  Whatever happens in whatever order, the same tasks and waits are
open as in the naive interpreter, a snapshot is stable, and nothing that runs is ever stuck.
"""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn.execution import Execution
from engine.errors import LianjianError
from tests.support.block_models import (
    Block,
    Chain,
    Guard,
    Hear,
    Level,
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
    World,
    whole,
)  # fmt: skip
from tests.support.bpmn_runs import NOW, Run, definition_of, reasons, seen
from tests.support.diagrams import diagram
from tests.support.scenarios import Replay
from tests.support.scope_blocks import Deal, Handled

ROOT = Path(__file__).resolve().parents[2]
MINUTES = (61, 127, 199, 283, 367, 461, 557, 661, 769, 883, 997, 1117, 1237, 1373, 1511, 1657, 1801, 1951, 2111, 2273)
MAX_STEPS = 40


class _Maker:
    """Draws a block; ids count up, so no two are the same."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw, self.number, self.leaves = draw, itertools.count(1), 0

    def id(self, kind: str) -> str:
        return f"{kind}{next(self.number)}"

    def minutes(self) -> int:
        return MINUTES[self.draw(st.integers(0, len(MINUTES) - 1))]

    def leaf(self, *, alone: bool) -> Block:
        self.leaves += 1
        kinds = ["user", "user", "script", "service", "pause", *(["hear"] if alone else [])]
        kind = self.draw(st.sampled_from(kinds))
        if kind == "pause":
            return Pause(self.id("pause"), self.minutes())
        return {"user": User, "script": Script, "service": Service, "hear": Hear}[kind](self.id(kind))

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
        ]
        kind = self.draw(st.sampled_from([*kinds, *(["many", "many", "race"] if alone else [])]))
        name = self.id("b")
        if kind == "leaf":
            return self.leaf(alone=alone)
        if kind == "repeat":
            return Repeat(name, self.block(depth - 1, alone=alone), self.draw(st.integers(1, 3)))
        if kind == "sub":
            return Sub(name, self.block(depth - 1, alone=alone))
        if kind == "stop":
            return Stop(name, self.block(depth - 1, alone=alone), self.leaf(alone=alone))
        if kind == "many":
            body = self.block(depth - 1, alone=False) if self.draw(st.booleans()) else None
            return Many(name, self.draw(st.integers(0, 3)), self.draw(st.booleans()), body)
        if kind == "race":
            return Race(name, self.minutes(), self.block(depth - 1), self.block(depth - 1))
        if kind == "guard":
            return self.guard(name, depth, alone)
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
        return Split(name, kind, parts, self.draw(taken[kind]))

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
        return Guard(name, body, minutes, interrupting, handler)


@st.composite
def models(draw: st.DrawFn) -> Block:
    return _Maker(draw).block(3)


def standing(run: Run) -> list[tuple[str, str, Any]]:
    """What the engine waits for, in the words of the interpreter."""
    found: list[tuple[str, str, Any]] = [("user", t.element_id, t.item) for t in run.execution.open_tasks()]
    found += [("message" if w.message else "timer", w.element_id, None) for w in run.execution.waits()]
    return sorted(found, key=repr)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(models(), st.data())
def test_generated_processes_do_what_a_naive_interpreter_does(model: Block, data: st.DataObject) -> None:
    text = diagram(whole(model), messages="go")
    world, ended = World(NOW), []
    level = Level(world, lambda: ended.append(True), 0, None)
    model.run(level, level.token_ends)
    run = Run(definition_of(text), {}, {"svc": lambda element, parameters: {"ok": True}}, restoring=True)
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
    found = [r for r in reasons(diagram(whole(model), messages="go")) if r[0] not in {"parallel-writes", "dead-ends"}]
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
