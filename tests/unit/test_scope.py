"""Who may know about which instance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.db import Database, new_id
from engine.errors import NotFound
from engine.models import InstanceDepartment, ProcessDefinition, ProcessInstance, TaskCandidate, User, UserTask
from engine.scope import DISTRICT_ROLES, scope, visible_departments, visible_instance

NOW = datetime(2026, 3, 2, tzinfo=UTC)
D = "370105"


def official(*groups: str, user_id: str | None = None, department: str = "SWJ") -> Actor:
    return Actor(user_id or new_id(), "李建国", department, frozenset(groups))


@pytest.fixture
def instance(database: Database) -> str:
    """An instance of SCJG with WJJ taking part."""
    with database.write() as session:
        definition = ProcessDefinition(
            district_id=D, key="k", version=1, name="n", digest="d", bundle={}, deployed_at=NOW
        )
        session.add(definition)
        session.flush()
        made = ProcessInstance(
            district_id=D, definition_id=definition.id, process_key="k", business_key="b", state=b"", started_at=NOW
        )
        session.add(made)
        session.flush()
        session.add_all(
            InstanceDepartment(district_id=D, instance_id=made.id, department=code) for code in ("SCJG", "WJJ")
        )
        return made.id


def task(instance: str, **columns: object) -> UserTask:
    return UserTask(
        district_id=D, instance_id=instance, process_key="k", business_key="b", engine_task_id="e", element_id="x",
        name="n", group="", created_at=NOW, **columns,
    )  # fmt: skip


def seen_by(database: Database, actor: Actor) -> int:
    with database.read() as session:
        return int(session.scalar(scope(sa.select(sa.func.count()).select_from(ProcessInstance), actor)) or 0)


@pytest.mark.parametrize(
    ("actor", "count"),
    [
        (official("SCJG/承办人", department="SCJG"), 1),
        (official("WJJ/执法检查人员"), 1),
        (official(department="WJJ"), 1),
        (official("SWJ/机关负责人"), 0),
        (Actor.system(), 1),
    ],
)
def test_an_instance_is_visible_to_its_departments_only(
    database: Database, instance: str, actor: Actor, count: int
) -> None:
    assert seen_by(database, actor) == count


@pytest.mark.parametrize("role", sorted(DISTRICT_ROLES))
def test_those_who_watch_over_the_district_see_everything(database: Database, instance: str, role: str) -> None:
    actor = official(f"SWJ/{role}")
    assert visible_departments(actor) is None
    assert seen_by(database, actor) == 1


def test_others_see_their_own_departments() -> None:
    assert visible_departments(official("SCJG/承办人", "WJJ/承办人")) == {"SWJ", "SCJG", "WJJ"}


@pytest.mark.parametrize("column", ["assignee_id", "closed_by"])
def test_whoever_holds_or_did_a_task_of_it_sees_it(database: Database, instance: str, column: str) -> None:
    actor = official("SWJ/抽取监督人")
    with database.write() as session:
        session.add(task(instance, **{column: actor.user_id}))
    assert seen_by(database, actor) == 1
    assert seen_by(database, official("SWJ/抽取监督人")) == 0


def test_whoever_is_offered_a_task_by_name_sees_it(database: Database, instance: str) -> None:
    with database.write() as session:
        user = User(district_id=D, login="w", name="w", department="SWJ", password_hash="", created_at=NOW)
        offered = task(instance)
        session.add_all([user, offered])
        session.flush()
        session.add(TaskCandidate(district_id=D, task_id=offered.id, user_id=user.id))
        user_id = user.id
    assert seen_by(database, official(user_id=user_id)) == 1


def test_outside_the_scope_even_the_existence_is_not_told(database: Database, instance: str) -> None:
    with database.read() as session:
        assert visible_instance(session, official("SCJG/承办人"), instance).id == instance
        with pytest.raises(NotFound):
            visible_instance(session, official("SWJ/承办人"), instance)
        with pytest.raises(NotFound):
            visible_instance(session, official("SCJG/承办人"), new_id())
