"""A holiday notice over a hundred thousand open deadlines, and the page of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.measure import percentile
from benchmarks.places import Place
from benchmarks.serving import Browser, serving
from benchmarks.system import DEPARTMENT, ROLE, hire, open_system, session_tokens, settings_of
from engine.actor import Actor
from engine.calendar import DayOfNotice
from engine.commands.import_notice import ImportNotice
from engine.db import new_id
from engine.history import Chain
from engine.models import Deadline, InstanceDepartment, ProcessDefinition, ProcessInstance, UserTask
from engine.process_engine import ProcessEngine

LINES = (
    Line("recompute_s", "notice over 100,000 open deadlines, all of them moved", "s", at_most(10), at_full_scale=True),
    Line("recompute_cpu_s", "of this on a processor of ours", "s"),
    Line("again_s", "a corrected notice, every third moved", "s", at_most(10), at_full_scale=True),
    Line("moved", "deadlines moved by the first", ""),
    Line("page_p95_ms", "the page 期限 in the server, p95 of its views", "ms", at_most(100), at_full_scale=True),
    Line("page_p50_ms", "the same, p50", "ms"),
)
#: Views of the page: the first one, each colour, a department, a search, by name.
VIEWS = (
    "",
    "?colour=red",
    "?colour=orange",
    "?colour=suspended",
    f"?department={DEPARTMENT}",
    "?q=D/77",
    "?name=decision",
)
RULES = (("publication", "20wd"), ("decision", "90d"), ("reinspection", "45wd"))
_CHUNK = 10_000


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    url = place.fresh()
    engine = open_system(url, place.scratch, "case")
    count = scale.starts * 10
    _load(engine, count)
    notice = [DayOfNotice(date(2026, 12, 31), False, "元旦"), DayOfNotice(date(2027, 1, 3), True, "元旦")]
    wall, cpu, moved = _import(engine, notice)
    again, _, _ = _import(engine, [*notice, DayOfNotice(date(2027, 3, 1), False, "临时放假")])
    watcher = hire(engine.database, engine.settings.district_id, [(DEPARTMENT, "监管督查"), (DEPARTMENT, ROLE)])
    tokens = session_tokens(engine.database, watcher)
    engine.database.dispose()
    seconds: list[float] = []
    with serving(settings_of(url, place.scratch)) as served:
        browser = Browser(served, tokens[0])
        browser.get("/deadlines")
        for _ in range(max(1, scale.requests // 20)):
            for view in VIEWS:
                answer = browser.get(f"/deadlines{view}")
                if answer.status != 200:
                    raise RuntimeError(f"/deadlines{view} answered {answer.status}")
                seconds.append(answer.server_seconds * 1000)
        browser.close()
    return {
        "recompute_s": wall, "recompute_cpu_s": cpu, "again_s": again, "moved": moved,
        "page_p95_ms": percentile(seconds, 95), "page_p50_ms": percentile(seconds, 50),
    }  # fmt: skip


def _import(engine: ProcessEngine, days: list[DayOfNotice]) -> tuple[float, float, int]:
    began, used = time.monotonic(), time.process_time()
    moved = engine.execute(ImportNotice(2027, "国办发明电〔2026〕9号", days), actor=Actor.system())
    return time.monotonic() - began, time.process_time() - used, len(moved)


def _load(engine: ProcessEngine, count: int) -> None:
    """Cases with one deadline each, an open task that names it, and three events of history."""
    district, zone = engine.settings.district_id, engine.settings.timezone
    with engine.read() as session:
        definition = session.scalars(sa.select(ProcessDefinition.id)).one()
    with engine.database.begin() as connection:
        chain = Chain(connection, district)
        for first in range(0, count, _CHUNK):
            rows: dict[Any, list[dict[str, Any]]] = {
                ProcessInstance: [], InstanceDepartment: [], Deadline: [], UserTask: [],
            }  # fmt: skip
            for number in range(first, min(first + _CHUNK, count)):
                started = datetime(2026, 12, 4, 9, 0, tzinfo=zone) + timedelta(days=number % 27)
                for table, row in _case(number, district, definition, started).items():
                    rows[table].append(row)
                stream = rows[ProcessInstance][-1]["id"]
                chain.begin_at(stream, (0, "0" * 64))
                for kind in ("instance-started", "task-opened", "deadline-set"):
                    chain.queue(stream, kind, {"business_key": f"D/{number}"}, actor=Actor.system(), now=started)
            for table, several in rows.items():
                connection.execute(sa.insert(table), several)
            chain.flush()
    with engine.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _case(number: int, district: str, definition: str, started: datetime) -> dict[Any, dict[str, Any]]:
    instance, key, (name, rule) = new_id(), f"D/{number}", RULES[number % 3]
    paused = {"since": (started + timedelta(days=1)).isoformat(), "until": (started + timedelta(days=3)).isoformat()}
    suspensions = [{**paused, "ground": "hearing"}] if number % 20 == 0 else []
    due = started + timedelta(days=30 + number % 60)  # to be counted anew by the first notice
    return {
        ProcessInstance: {
            "id": instance, "district_id": district, "definition_id": definition, "process_key": "case",
            "business_key": key, "title": f"检查对象{number}", "department": DEPARTMENT, "state": b"{}",
            "started_at": started, "status": "running",
        },
        InstanceDepartment: {"instance_id": instance, "department": DEPARTMENT, "district_id": district},
        Deadline: {
            "id": new_id(), "district_id": district, "business_key": key, "name": name, "label": "期限",
            "department": DEPARTMENT, "instance_id": instance, "started_at": started, "rule": rule,
            "suspensions": suspensions, "due_at": due, "provisional": True, "legal_basis": "依据",
        },
        UserTask: {
            "id": new_id(), "district_id": district, "instance_id": instance, "process_key": "case",
            "business_key": key, "title": f"检查对象{number}", "engine_task_id": new_id(), "element_id": "step",
            "name": "办理", "department": DEPARTMENT, "role": ROLE, "group_key": f"{DEPARTMENT}/{ROLE}",
            "created_at": started, "due_at": due, "deadline_name": name,
        },
    }  # fmt: skip


BENCHMARK = Benchmark("deadlines", "a holiday notice over a hundred thousand deadlines", LINES, run)
