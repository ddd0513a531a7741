"""Two processes step one instance at the same time, round after round: every step counts once, none is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.history import verify
from engine.models import HistoryEvent, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.support.bpmn_runs import chain, choose, each, looped, script, xor
from tests.support.diagrams import diagram, end, flow, start, user

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Actor.system()
ITEMS, ROUNDS = 20, 15
#: Many open at once, then one at a time: both processes always want the same task.
BODY = (
    start() + looped(user("many"), each("people", "person")) + script("set_up", "rounds = 0") + xor("g_in")
    + user("again") + script("count", "rounds = rounds + 1") + choose("g_more", "finish") + end()
    + chain("begin many set_up g_in again count g_more finish") + flow("g_more", "g_in", f"rounds &lt; {ROUNDS}")
)  # fmt: skip


def racer(url: str, folder: Path, instance_id: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.racing", url, str(folder), instance_id, name],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_processes_complete_one_case_and_nothing_is_lost(
    engine: ProcessEngine, database_url: str, tmp_path: Path
) -> None:
    engine.execute(Deploy("probe", {"probe.bpmn": diagram(BODY)}), actor=SYSTEM)
    people = [f"第{n}人" for n in range(ITEMS)]
    instance_id = engine.execute(StartProcess("probe", "T-1", {"people": people}, department="SCJG"), actor=SYSTEM)
    racers = [racer(database_url, tmp_path, instance_id, name) for name in ("甲", "乙")]
    for process in racers:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in racers:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told: list[dict[str, Any]] = [json.loads(process.communicate(timeout=60)[0]) for process in racers]
    assert [process.returncode for process in racers] == [0, 0]

    done = Counter(task for each_one in told for task in each_one["done"])
    assert len(done) == ITEMS + ROUNDS and set(done.values()) == {1}
    with engine.read() as session:
        tasks = {t.id: t for t in session.scalars(sa.select(UserTask).where(UserTask.instance_id == instance_id))}
        assert {t.state for t in tasks.values()} == {"completed"} and tasks.keys() == done.keys()
        said = {task: name for name, each_one in zip(("甲", "乙"), told, strict=True) for task in each_one["done"]}
        assert {t.id: (t.values or {})["by"] for t in tasks.values()} == said
        instance = session.get_one(ProcessInstance, instance_id)
        assert instance.status == "completed" and instance.version == 2 + ITEMS + ROUNDS
        data = engine.peek(session, instance).data()
        assert [entry["item"] for entry in data["many"]] == people and data["rounds"] == ROUNDS
        assert {entry["task"] for entry in data["many"]} < set(done)
        kinds = Counter(
            session.scalars(sa.select(HistoryEvent.kind).where(HistoryEvent.stream == instance_id))
        )  # fmt: skip
        assert kinds["task-completed"] == kinds["task-opened"] == ITEMS + ROUNDS
        assert verify(session, engine.settings.district_id).problems == []
