"""Millions of tasks in a fresh database: plain rows through the driver, indexes built afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.figures import Scale
from benchmarks.system import MODELS, hire, settings_of
from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.db import Base
from engine.inspection.installation import open_engine
from engine.lint.bundle import read_bundle
from engine.models import Department, InstanceDepartment, ProcessDefinition, ProcessInstance, UserTask
from engine.settings import Settings

DEPARTMENTS = [f"D{n:02d}" for n in range(10)]
ROLES = ["承办人", "执法检查人员"]
GROUPS = [(department, role) for department in DEPARTMENTS for role in ROLES]
OFFICIALS = 200
DISTRICT = Settings().district_id
#: Steps of the shipped processes, so that pages which look for some of them find some.
STEPS = [
    ("department-inspection", "prepare_visit", "检查准备"), ("department-inspection", "site_check", "现场检查"),
    ("department-inspection", "review", "审核检查结果"), ("department-inspection", "result_notice", "告知检查结果"),
    ("department-inspection", "publication_preview", "公示预览"),
    ("department-inspection", "second_signoff", "公示复核"),
    ("joint-inspection", "sign_for_receipt", "签收检查任务"), ("rectification", "reinspection", "复查"),
]  # fmt: skip
TASKS_AN_INSTANCE = 12
#: The tables these figures stand on.
LOADED = (ProcessInstance, InstanceDepartment, UserTask)


def load(scratch: Path, scale: Scale, url: str) -> None:
    """Fill the fresh database at ``url``: officials in 20 groups, their open and finished tasks."""
    engine = open_engine(settings_of(url, scratch))
    district, database = DISTRICT, engine.database
    with database.write() as session:
        session.add_all(Department(district_id=district, code=d, name=f"单位{d}") for d in DEPARTMENTS)
    engine.execute(Deploy("case", read_bundle(MODELS / "case", engine.settings.form_dir)), actor=Actor.system())
    officials = [
        str(actor.user_id) for actor in hire(database, district, [GROUPS[n % len(GROUPS)] for n in range(OFFICIALS)])
    ]
    with engine.read() as session:
        definition = session.scalars(sa.select(ProcessDefinition.id)).one()
    tasks = scale.open_tasks + scale.done_tasks
    instances = tasks // TASKS_AN_INSTANCE + 1
    moment = _Moments("+00" if database.engine.dialect.name == "postgresql" else "")
    insert(database.engine, ProcessInstance, _INSTANCE, _instances(instances, definition, moment))
    insert(database.engine, InstanceDepartment, _SHARE, _shares(instances))
    insert(database.engine, UserTask, _TASK, _tasks(scale, officials, moment))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()


# -- rows -------------------------------------------------------------------------------
# Tuples of what both drivers take as it is; three million dictionaries would take minutes.

_INSTANCE = (
    "id", "definition_id", "process_key", "business_key", "title", "department", "status", "state", "started_at",
)  # fmt: skip
_SHARE = ("instance_id", "department")
_TASK = (
    "id", "instance_id", "process_key", "business_key", "title", "engine_task_id", "element_id", "name", "form_key",
    "department", "role", "group_key", "assignee_id", "state", "created_at", "due_at", "context", "closed_at",
    "closed_by",
)  # fmt: skip


class _Moments:
    """The time of the n-th row as the driver takes it: second by second, the last about now."""

    def __init__(self, zone: str) -> None:
        self._zone, self._first = zone, datetime.now(UTC).replace(tzinfo=None) - timedelta(days=35)

    def __call__(self, number: int) -> str:
        return (self._first + timedelta(seconds=number)).isoformat(" ", "microseconds") + self._zone


def _id(number: int) -> str:
    return f"{number:032x}"


def _instances(count: int, definition: str, moment: _Moments) -> Iterator[tuple[Any, ...]]:
    definition = definition.replace("-", "")
    for n in range(count):
        yield (
            _id(n), definition, "department-inspection", f"DJ2026-{n:07d}", f"济南市第{n}餐饮店",
            GROUPS[n % len(GROUPS)][0], "running", b"[]", moment(n),
        )  # fmt: skip


def _shares(count: int) -> Iterator[tuple[Any, ...]]:
    for n in range(count):
        yield _id(n), GROUPS[n % len(GROUPS)][0]


def _tasks(scale: Scale, officials: list[str], moment: _Moments) -> Iterator[tuple[Any, ...]]:
    people = [official.replace("-", "") for official in officials]
    for n in range(scale.open_tasks + scale.done_tasks):
        done, instance, identity, at = n >= scale.open_tasks, n // TASKS_AN_INSTANCE, _id(n), moment(n)
        department, role = GROUPS[n % len(GROUPS)]
        process_key, element_id, name = STEPS[n // len(GROUPS) % len(STEPS)]
        official = people[n % OFFICIALS]
        held = done or n // 7 % 10 == 0  # one open task in ten is somebody's already
        yield (
            identity, _id(instance), process_key, f"DJ2026-{instance:07d}", f"济南市第{instance}餐饮店", identity,
            element_id, name, "site-check", department, role, f"{department}/{role}", official if held else None,
            "completed" if done else "open", at, moment(n + 1_000_000), "{}", at if done else None,
            official if done else None,
        )  # fmt: skip


# -- inserting --------------------------------------------------------------------------


def insert(
    engine: sa.Engine, model: type[Base], names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:  # fmt: skip
    """``rows`` of the columns ``names``; every other column gets its default, else nothing or empty text."""
    table: Any = model.__table__
    others = [column for column in table.columns if column.name not in names]
    rest = tuple(_default(column) for column in others)
    columns = [f'"{name}"' for name in (*names, *(column.name for column in others))]
    whole = (row + rest for row in rows)
    indexes = list(table.indexes)
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            connection.exec_driver_sql("COMMIT")
            for pragma in ("synchronous=OFF", "foreign_keys=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            connection.exec_driver_sql("BEGIN")
        for index in indexes:
            index.drop(connection)
        cursor: Any = connection.connection.cursor()
        if sqlite:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})", whole)
        else:
            with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in whole:
                    copy.write_row(row)
        for index in indexes:
            index.create(connection)
        connection.commit()
        if sqlite:
            connection.invalidate()  # the next user of this connection wants it durable again


def _default(column: sa.Column[Any]) -> Any:
    if column.name == "district_id":
        return DISTRICT
    if column.nullable:
        return None
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else ""
