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
from engine.inspection.installation import open_engine
from engine.lint.bundle import read_bundle
from engine.models import Department, InstanceDepartment, ProcessDefinition, ProcessInstance, UserTask

DEPARTMENTS = [f"D{n:02d}" for n in range(10)]
ROLES = ["承办人", "执法检查人员"]
GROUPS = [(department, role) for department in DEPARTMENTS for role in ROLES]
OFFICIALS = 200
#: Steps of the shipped processes, so that pages which look for some of them find some.
STEPS = [
    ("department-inspection", "prepare_visit", "检查准备"), ("department-inspection", "site_check", "现场检查"),
    ("department-inspection", "review", "审核检查结果"), ("department-inspection", "result_notice", "告知检查结果"),
    ("department-inspection", "publication_preview", "公示预览"),
    ("department-inspection", "second_signoff", "公示复核"),
    ("joint-inspection", "sign_for_receipt", "签收检查任务"), ("rectification", "reinspection", "复查"),
]  # fmt: skip
TASKS_AN_INSTANCE = 12

Row = dict[str, Any]


def load(scratch: Path, scale: Scale, url: str) -> None:
    """Fill the fresh database at ``url``: officials in 20 groups, their open and finished tasks."""
    engine = open_engine(settings_of(url, scratch))
    district, database = engine.settings.district_id, engine.database
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
    _insert(database.engine, ProcessInstance.__table__, _instances(instances, definition))  # type: ignore[arg-type]
    _insert(database.engine, InstanceDepartment.__table__, _departments(instances))  # type: ignore[arg-type]
    _insert(database.engine, UserTask.__table__, _tasks(scale, officials))  # type: ignore[arg-type]
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()


def _id(number: int) -> str:
    return f"{number:032x}"


def _moment(number: int) -> datetime:
    """Tasks arrived second by second, the last of them about now."""
    return _FIRST + timedelta(seconds=number)


_FIRST = datetime.now(UTC) - timedelta(days=35)


def _instances(count: int, definition: str) -> Iterator[Row]:
    for n in range(count):
        yield {
            "id": _id(n), "definition_id": definition.replace("-", ""), "process_key": "department-inspection",
            "business_key": f"DJ2026-{n:07d}", "title": f"济南市第{n}餐饮店", "department": GROUPS[n % 20][0],
            "status": "running", "state": b"[]", "version": 1, "started_at": _moment(n),
        }  # fmt: skip


def _departments(count: int) -> Iterator[Row]:
    for n in range(count):
        yield {"instance_id": _id(n), "department": GROUPS[n % 20][0]}


def _tasks(scale: Scale, officials: list[str]) -> Iterator[Row]:
    for n in range(scale.open_tasks + scale.done_tasks):
        done, instance = n >= scale.open_tasks, n // TASKS_AN_INSTANCE
        department, role = GROUPS[n % 20]
        process_key, element_id, name = STEPS[n // 20 % len(STEPS)]
        official = officials[n % OFFICIALS].replace("-", "")
        held = done or n // 7 % 10 == 0  # one open task in ten is somebody's already
        yield {
            "id": _id(n), "instance_id": _id(instance), "process_key": process_key,
            "business_key": f"DJ2026-{instance:07d}", "title": f"济南市第{instance}餐饮店", "engine_task_id": _id(n),
            "element_id": element_id, "name": name, "form_key": "site-check", "department": department, "role": role,
            "group_key": f"{department}/{role}", "assignee_id": official if held else None,
            "assigned_by_diagram": False, "state": "completed" if done else "open", "created_at": _moment(n),
            "due_at": _moment(n + 1_000_000), "deadline_name": "", "legal_basis": "", "context": "{}",
            "closed_at": _moment(n) if done else None, "closed_by": official if done else None, "version": 1,
        }  # fmt: skip


def _insert(engine: sa.Engine, table: sa.Table, rows: Iterable[Row]) -> None:
    """Rows as the driver takes them; what a row does not name is the column's default, else empty."""
    defaults = {c.name: _default(c) for c in table.columns}
    names = list(defaults)
    tuples = (tuple({**defaults, **row}[name] for name in names) for row in rows)
    indexes = list(table.indexes)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            for index in indexes:
                index.drop(connection)
            _copy(connection, table, names, tuples)
            for index in indexes:
                index.create(connection)
            connection.commit()
            return
        connection.exec_driver_sql("COMMIT")
        for pragma in ("synchronous=OFF", "foreign_keys=OFF"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.exec_driver_sql("BEGIN")
        for index in indexes:
            index.drop(connection)
        cursor: Any = connection.connection.cursor()
        cursor.executemany(
            f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))})",
            (tuple(_for_sqlite(value) for value in row) for row in tuples),
        )
        for index in indexes:
            index.create(connection)
        connection.commit()
        connection.invalidate()  # the next user of this connection wants it durable again


def _default(column: sa.Column[Any]) -> Any:
    if column.name == "district_id":
        return "370105"
    if column.nullable:
        return None
    default = column.default
    return default.arg if isinstance(default, sa.ColumnDefault) and default.is_scalar else ""


def _for_sqlite(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _copy(connection: sa.Connection, table: sa.Table, names: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
