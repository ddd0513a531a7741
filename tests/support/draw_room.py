"""A committed draw, protected or open, copied for each test from a database that is built once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.inspection.models import DrawnObject, InspectedObject
from engine.models import UserTask
from engine.web.app import create_app
from tests.support.journey import APPROVALS, Office, install, open_campaign, standard_answers, work_plan
from tests.support.pages import District, engine_on, settings_for

DRAW = "CN-370105-SCJG-2026-0001"
CAMPAIGN = "SCJG-抽查-2026-0001"


def _answers(office: Office, disclosure: str) -> None:
    standard_answers(office, work_plan(office.engine, "SCJG", ["WJJ"], ratio=10, disclosure=disclosure))


def build(template: Path, path: Path, clock: Any, disclosure: str) -> None:
    """Write a database at ``path`` whose one campaign has its lists committed."""
    shutil.copyfile(template, path)
    engine = engine_on(settings_for(path), clock)
    install(engine, objects=300, inspectors=90, items=30)
    office = Office(engine)
    open_campaign(office)
    _answers(office, disclosure)
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    with engine.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.database.dispose()


def enter(path: Path, clock: Any, disclosure: str) -> District:
    """The system on a copy of what :func:`build` wrote."""
    settings = settings_for(path)
    engine = engine_on(settings, clock)
    office = Office(engine)
    _answers(office, disclosure)
    return District(create_app(settings, engine), engine, office, CAMPAIGN, clock)


def witness_task(district: District, login: str, element: str) -> UserTask:
    """The open task of a witness."""
    me = district.office.login(login).user_id
    return next(t for t in district.office.open_tasks(element) if t.assignee_id == me)


def firms(district: District) -> list[tuple[str, str]]:
    """Code and name of the drawn firms, in the order of their tickets."""
    with district.engine.read() as session:
        rows = session.execute(
            sa.select(DrawnObject.uscc, InspectedObject.name)
            .join(InspectedObject, InspectedObject.uscc == DrawnObject.uscc)
            .order_by(DrawnObject.rank)
        )
        return [(uscc, name) for uscc, name in rows]
