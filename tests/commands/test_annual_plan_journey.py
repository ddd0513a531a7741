"""The kernel carried by the smallest shipped process: every command on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.claim_task import ClaimTask, ReleaseTask
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy, Deployment
from engine.commands.save_draft import SaveDraft
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inbox import inbox
from engine.inspection.batches import waiting
from engine.inspection.models import Item, Plan, Publication
from engine.inspection.opening import OpenPlan
from engine.lint.bundle import read_bundle
from engine.models import Department, HistoryEvent, ProcessDefinition, ProcessInstance, TaskDraft, User, UserTask
from engine.process_engine import ProcessEngine


def person(engine: ProcessEngine, login: str, department: str, *roles: str) -> Actor:
    user_id = new_id()
    with engine.database.write() as session:
        session.add(
            User(
                id=user_id, district_id=engine.settings.district_id, login=login, name=f"演示·{login}",
                department=department, password_hash="-", created_at=engine.clock(),
            )
        )  # fmt: skip
    return Actor(user_id, f"演示·{login}", department, frozenset(f"{department}/{role}" for role in roles))


@pytest.fixture
def officer(engine: ProcessEngine) -> Actor:
    with engine.database.write() as session:
        session.add(Department(id=new_id(), district_id="370105", code="SCJG", name="市场监督管理局"))
        session.add(
            Item(
                id=new_id(), district_id="370105", code="SCJG-001", department="SCJG", category="食品",
                name="食品经营检查", legal_basis="食品安全法",
                row_digest="-", created_at=engine.clock(), updated_at=engine.clock(),
            )
        )  # fmt: skip
    folder = engine.settings.process_dir / "annual-plan"
    engine.execute(Deploy("annual-plan", read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    return person(engine, "officer", "SCJG", "承办人")


@pytest.fixture
def head(engine: ProcessEngine) -> Actor:
    return person(engine, "head", "SCJG", "机关负责人")


PLAN = {
    "name": "2026年度抽查工作计划",
    "tasks": [
        {
            "name": "食品经营抽查", "items": ["SCJG-001"], "quota": "统一比例", "ratio": 3, "initiator": "SCJG",
            "participants": [], "start_date": "2026-04-01", "end_date": "2026-06-30", "form": "综合联查",
            "methods": ["实地核查"], "publish": "公布",
        }
    ],
}  # fmt: skip


def only_task(engine: ProcessEngine, actor: Actor) -> UserTask:
    with engine.read() as session:
        page = inbox(session, actor)
        assert len(page.tasks) == 1
        assert waiting(session, actor).total == 1
        return session.get_one(UserTask, page.tasks[0].id)


def test_a_plan_goes_from_draft_over_return_to_publication(engine: ProcessEngine, officer: Actor, head: Actor) -> None:
    key = engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    draft = only_task(engine, officer)
    engine.execute(SaveDraft(draft.id, {"name": "写了一半"}), actor=officer)
    engine.execute(CompleteTask(draft.id, draft.version, PLAN), actor=officer)
    review = only_task(engine, head)
    engine.execute(
        CompleteTask(review.id, review.version, {"decision": "退回", "return_reason": "比例偏低"}), actor=head
    )
    again = only_task(engine, officer)
    assert again.element_id == "draft_plan" and again.id != draft.id
    engine.execute(CompleteTask(again.id, again.version, PLAN), actor=officer)
    review = only_task(engine, head)
    engine.execute(CompleteTask(review.id, review.version, {"decision": "同意"}), actor=head)
    with engine.read() as session:
        assert session.scalar(sa.select(ProcessInstance.status)) == "completed"
        plan = session.scalar(sa.select(Plan).where(Plan.business_key == key))
        assert plan is not None and plan.filed_at == plan.published_at == engine.clock()
        assert session.scalar(sa.select(Publication.state)) == "published"
        assert session.scalar(sa.select(sa.func.count()).select_from(TaskDraft)) == 0
        kinds = set(session.scalars(sa.select(HistoryEvent.kind)))
        assert {"process-deployed", "instance-started", "task-completed", "instance-completed"} <= kinds


def test_wrong_values_name_every_field_and_change_nothing(engine: ProcessEngine, officer: Actor) -> None:
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    task = only_task(engine, officer)
    wrong = {**PLAN, "name": "", "tasks": [{**PLAN["tasks"][0], "ratio": 300}]}  # type: ignore[dict-item]
    with pytest.raises(InvalidInput) as refused:
        engine.execute(CompleteTask(task.id, task.version, wrong), actor=officer)
    assert {"name", "tasks[0].ratio"} <= set(refused.value.fields)
    assert only_task(engine, officer).version == task.version


def test_a_hook_that_refuses_sends_the_form_back(engine: ProcessEngine, officer: Actor) -> None:
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    task = only_task(engine, officer)
    early = {**PLAN, "tasks": [{**PLAN["tasks"][0], "end_date": "2026-03-01"}]}  # type: ignore[dict-item]
    with pytest.raises(InvalidInput) as refused:
        engine.execute(CompleteTask(task.id, task.version, early), actor=officer)
    assert list(refused.value.fields) == ["tasks[0].end_date"]
    with engine.read() as session:
        assert session.scalar(sa.select(Plan.state)) == "起草"


def test_only_the_role_the_diagram_names_may_act(engine: ProcessEngine, officer: Actor, head: Actor) -> None:
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    task = only_task(engine, officer)
    with pytest.raises(Forbidden):
        engine.execute(CompleteTask(task.id, task.version, PLAN), actor=head)
    with pytest.raises(Forbidden):
        engine.execute(OpenPlan("SCJG", 2026), actor=head)


def test_claiming_takes_a_task_out_of_the_groups_list(engine: ProcessEngine, officer: Actor) -> None:
    other = person(engine, "officer2", "SCJG", "承办人")
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    task = only_task(engine, other)
    engine.execute(ClaimTask(task.id), actor=officer)
    with engine.read() as session:
        assert inbox(session, other).tasks == []
    with pytest.raises(Conflict):
        engine.execute(ClaimTask(task.id), actor=other)
    with pytest.raises(Forbidden):
        engine.execute(CompleteTask(task.id, task.version + 1, PLAN), actor=other)
    engine.execute(ReleaseTask(task.id), actor=officer)
    assert only_task(engine, other).id == task.id


def test_two_officials_submitting_at_once_complete_the_task_once(engine: ProcessEngine, officer: Actor) -> None:
    other = person(engine, "officer2", "SCJG", "承办人")
    engine.execute(OpenPlan("SCJG", 2026), actor=officer)
    task = only_task(engine, officer)
    gate = threading.Barrier(2)

    def submit(actor: Actor) -> str:
        gate.wait()
        try:
            engine.execute(CompleteTask(task.id, task.version, PLAN), actor=actor)
            return "saved"
        except Conflict:
            return "conflict"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(submit, [officer, other])) == ["conflict", "saved"]
    with engine.read() as session:
        opened = session.scalars(sa.select(UserTask.element_id).order_by(UserTask.created_at, UserTask.id)).all()
        assert sorted(opened) == ["draft_plan", "head_approval"]


def test_deploying_the_same_content_twice_makes_one_version(engine: ProcessEngine, officer: Actor) -> None:
    folder = engine.settings.process_dir / "annual-plan"
    bundle = read_bundle(folder, engine.settings.form_dir)
    again = engine.execute(Deploy("annual-plan", bundle), actor=Actor.system())
    assert not again.created and again.version == 1
    changed = {k: v.replace("起草年度抽查计划", "草拟年度抽查计划") for k, v in bundle.items()}
    newer = engine.execute(Deploy("annual-plan", changed, origin="office"), actor=Actor.system())
    assert newer.created and newer.version == 2 and newer.current


def test_an_upgrade_does_not_displace_the_offices_own_version(engine: ProcessEngine, officer: Actor) -> None:
    bundle = read_bundle(engine.settings.process_dir / "annual-plan", engine.settings.form_dir)

    def deploy(word: str, origin: str) -> Deployment:
        files = {k: v.replace("起草年度抽查计划", word) for k, v in bundle.items()}
        done: Deployment = engine.execute(Deploy("annual-plan", files, origin=origin), actor=Actor.system())
        return done

    def started_version() -> int:
        with engine.read() as session:
            found = session.scalars(sa.select(ProcessDefinition).where(ProcessDefinition.current)).one()
            return found.version

    assert deploy("草拟年度抽查计划", "shipped").current  # an upgrade of an untouched process is taken over
    assert deploy("编制年度抽查计划", "office").current
    upgrade = deploy("制定年度抽查计划", "shipped")
    assert upgrade.created and not upgrade.current and started_version() == 3
    again = deploy("制定年度抽查计划", "office")  # the office adopts it
    assert not again.created and again.current and started_version() == 4
    assert deploy("编制年度抽查计划", "office").current and started_version() == 3  # and goes back
