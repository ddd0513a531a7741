"""The measured case: 24 elements, a call activity, twelve submissions of validated forms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from benchmarks.system import DEPARTMENT
from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.models import UserTask
from engine.process_engine import ProcessEngine

KEY = "case"
COMPLETIONS = 12

_RECORD = {
    "done_on": "2026-03-02", "count": 12, "method": "实地核查", "complete": True,
    "remark": "按方案逐项核查，现场与台账一致，证照齐全。",
}  # fmt: skip
_OPINION = {"result": "未发现问题", "opinion": "情况属实，材料齐全，同意按程序办理。"}
_PROBLEM = {
    "result": "有问题", "measures": "限期补齐进货查验记录并书面报告。", "until": "2026-03-20",
    "opinion": "进货查验记录缺少三日。",
}  # fmt: skip
#: What is submitted at each step, in the order of the diagram.
VALUES: dict[str, dict[str, Any]] = {
    "register": _RECORD, "plan": _RECORD, "visit": _RECORD, "sample": _RECORD, "record": _RECORD,
    "confirm": _RECORD, "review": _OPINION, "conclude": _PROBLEM, "order": _PROBLEM, "tell": _OPINION,
    "publish": _OPINION, "archive": _OPINION,
}  # fmt: skip
FORMS = {step: "step-record" if values is _RECORD else "step-opinion" for step, values in VALUES.items()}

_numbers = itertools.count()


class OpenTask(NamedTuple):
    """What is needed to submit a task."""

    id: str
    element_id: str
    version: int


def business_key(kind: str) -> str:
    """A number no other case of this run has."""
    return f"{kind}-{next(_numbers):06d}"


def start(kind: str) -> StartProcess:
    return StartProcess(KEY, business_key(kind), {"object": "鲁A00001"}, title="基准事项", department=DEPARTMENT)


_OPEN = (
    sa.select(UserTask.id, UserTask.element_id, UserTask.version)
    .where(UserTask.instance_id == sa.bindparam("instance"), UserTask.state == "open")
    .order_by(UserTask.id)
    .limit(1)
)


def next_task(database: Database, instance_id: str) -> OpenTask | None:
    """An open task of the instance, None when it is finished."""
    with database.read() as session:
        row = session.execute(_OPEN, {"instance": instance_id}).first()
        return None if row is None else OpenTask(*row)


def open_tasks(database: Database, instance_id: str) -> Iterator[OpenTask]:
    """The tasks of a case as they open, until it is finished; the caller completes each before the next is asked."""
    while (task := next_task(database, instance_id)) is not None:
        yield task


def completion(task: OpenTask) -> CompleteTask:
    return CompleteTask(task.id, task.version, VALUES[task.element_id])


def finish(engine: ProcessEngine, actor: Actor, instance_id: str) -> None:
    """Complete every task of the instance."""
    for task in open_tasks(engine.database, instance_id):
        engine.execute(completion(task), actor=actor)
