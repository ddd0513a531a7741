"""One of two processes that complete the tasks of the same instance: ``python -m tests.support.racing …``.

Says ``ready``, waits for a line, completes whatever is open until the instance has ended and prints what
it did as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.db import Database
from engine.errors import Conflict
from engine.models import ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings


def race(url: str, folder: str, instance_id: str, name: str) -> dict[str, object]:
    """Complete the oldest open task again and again; another's task is a Conflict and counts as one."""
    engine = ProcessEngine(Database(url), Settings(database_url=url, data_dir=Path(folder)), ServiceRegistry())
    with engine.read() as session:
        engine.peek(session, session.get_one(ProcessInstance, instance_id))  # the definition is parsed before the start
    print("ready", flush=True)
    sys.stdin.readline()
    done: list[str] = []
    conflicts = 0
    while True:
        with engine.read() as session:
            task = session.execute(
                sa.select(UserTask.id, UserTask.version)
                .where(UserTask.instance_id == instance_id, UserTask.state == "open")
                .order_by(UserTask.id)
                .limit(1)
            ).first()
        if task is None:
            break
        try:
            engine.execute(CompleteTask(task.id, task.version, {"by": name, "task": task.id}), actor=Actor.system())
            done.append(task.id)
        except Conflict:
            conflicts += 1
    engine.database.dispose()
    return {"done": done, "conflicts": conflicts}


if __name__ == "__main__":
    print(json.dumps(race(*sys.argv[1:5])), flush=True)
