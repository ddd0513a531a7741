"""Two officials at one task, a stale page, a double click: one succeeds, the others lose nothing.

Over real HTTP with real sessions, on both databases.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
import sqlalchemy as sa

from engine import accounts
from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.history import verify
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.models import DepartmentInspection, Finding
from engine.models import Deadline, Department, HistoryEvent, ProcessInstance, TaskCandidate, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.support.diagrams import diagram, end, flows, start, user
from tests.support.http_office import Browser, problems_in
from tests.support.journey import (
    APPROVALS,
    VISITS,
    Office,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)
from tests.support.live_app import at_once, served

DISTRICT = "370105"
PASSWORD = "a-long-word-2026"
FORM = {
    "type": "default", "schemaVersion": 16, "id": "note", "title": "记录",
    "components": [
        {"type": "textarea", "key": "facts", "label": "情况", "validate": {"required": True}},
        {"type": "dynamiclist", "path": "rows", "label": "明细", "components": [
            {"type": "textfield", "key": "name", "label": "名称"}]},
    ],
}  # fmt: skip


class Section:
    """Officials of one post, and tasks offered to all of them."""

    def __init__(self, engine: ProcessEngine, url: str, people: int = 2) -> None:
        self.engine = engine
        hashed = accounts.hash_password(PASSWORD)
        with engine.database.write() as session:
            session.add(Department(district_id=DISTRICT, code="SCJG", name="市场监督管理局"))
            for number in range(people):
                person = User(
                    district_id=DISTRICT, login=f"p{number}", name=f"公务员{number}", department="SCJG",
                    password_hash=hashed, created_at=engine.clock(),
                )  # fmt: skip
                session.add(person)
                session.flush()
                session.add(UserRole(district_id=DISTRICT, user_id=person.id, department="SCJG", role="承办人"))
        body = start() + user("act", form="note") + end() + flows("begin", "act", "finish")
        files = {"probe.bpmn": diagram(body), "forms/note.json": json.dumps(FORM, ensure_ascii=False)}
        engine.execute(Deploy("probe", files), actor=Actor.system())
        self.people = [Browser(url, f"p{number}", PASSWORD) for number in range(people)]

    def task(self, key: str = "T-1") -> str:
        """The id of a new open task."""
        instance = self.engine.execute(StartProcess("probe", key, department="SCJG"), actor=Actor.system())
        with self.engine.read() as session:
            return session.scalars(sa.select(UserTask.id).where(UserTask.instance_id == instance)).one()

    def stored(self, task_id: str) -> UserTask:
        with self.engine.read() as session:
            return session.get_one(UserTask, task_id)

    def completions(self, task_id: str) -> int:
        """How often the history says the task was done."""
        with self.engine.read() as session:
            bodies = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "task-completed"))
            return sum(json.loads(body)["task"] == task_id for body in bodies)


@pytest.fixture
def url(engine: ProcessEngine) -> Iterator[str]:
    with served(engine) as address:
        yield address


@pytest.fixture
def section(engine: ProcessEngine, url: str) -> Iterator[Section]:
    made = Section(engine, url, people=6)
    yield made
    for browser in made.people:
        browser.close()


def values(words: str) -> dict[str, object]:
    return {"facts": words, "rows": [{"name": f"{words}的第一行"}, {"name": f"{words}的第二行"}]}


def test_of_two_officials_who_submit_at_the_same_moment_one_succeeds_and_the_other_keeps_every_word(
    section: Section,
) -> None:
    first, second = section.people[:2]
    for round_ in range(6):
        task = section.task(f"T-{round_}")
        pages = first.open(task), second.open(task)
        replies = at_once(
            partial(first.submit, task, pages[0], values(f"甲写的{round_}")),
            partial(second.submit, task, pages[1], values(f"乙写的{round_}")),
        )
        assert sorted(reply.status_code for reply in replies) == [303, 409]
        winner = 0 if replies[0].status_code == 303 else 1
        words = [f"甲写的{round_}", f"乙写的{round_}"]
        lost = replies[1 - winner].text
        assert "提交没有成功" in lost and "未作任何改动" in lost
        assert f"{words[1 - winner]}的第二行" in lost
        row = section.stored(task)
        assert row.state == "completed" and row.values is not None and row.values["facts"] == words[winner]
        assert section.completions(task) == 1


def test_a_page_opened_before_somebody_took_the_task_is_refused_with_what_was_typed(section: Section) -> None:
    first, second = section.people[:2]
    task = section.task()
    stale = first.open(task)
    claimed = second.open(task)
    assert second.submit(task, claimed, {}, "/claim").status_code == 303
    assert second.submit(task, claimed, {}, "/release").status_code == 303
    reply = first.submit(task, stale, values("按旧页面填写"))
    assert reply.status_code == 409
    assert "在您打开之后已被更新" in reply.text and "按旧页面填写的第二行" in reply.text
    assert section.stored(task).state == "open"
    assert first.submit(task, first.open(task), values("按新页面填写")).status_code == 303
    assert section.completions(task) == 1


def test_a_page_left_open_while_somebody_else_finished_is_refused_with_what_was_typed(section: Section) -> None:
    first, second = section.people[:2]
    task = section.task()
    stale = first.open(task)
    assert second.submit(task, second.open(task), values("乙先办")).status_code == 303
    reply = first.submit(task, stale, values("甲后交"))
    assert reply.status_code == 409
    assert "甲后交的第二行" in reply.text and "另一位人员" in reply.text
    assert (section.stored(task).values or {})["facts"] == "乙先办"


def test_a_double_click_is_one_submission_and_says_that_it_was_ones_own(section: Section) -> None:
    person = section.people[0]
    for round_ in range(4):
        task = section.task(f"T-{round_}")
        page = person.open(task)
        post = partial(person.submit, task, page, values("同一份内容"))
        replies = at_once(post, post)
        assert sorted(reply.status_code for reply in replies) == [303, 409]
        again = next(reply for reply in replies if reply.status_code == 409)
        assert "您已经提交过" in again.text and "另一位人员" not in again.text
        assert section.completions(task) == 1
        assert post().status_code == 409, "the browser's back button and the form once more"


def test_drafts_belong_to_their_writers_and_survive_a_refused_submission(section: Section) -> None:
    first, second = section.people[:2]
    task = section.task()
    stale = first.open(task)
    assert first.submit(task, stale, values("甲的草稿"), "/draft").status_code == 303
    assert second.submit(task, second.open(task), values("乙的草稿"), "/draft").status_code == 303
    other = second.open(task)
    assert second.submit(task, other, {}, "/claim").status_code == 303
    assert second.submit(task, other, {}, "/release").status_code == 303
    assert first.submit(task, stale, values("甲的草稿改")).status_code == 409
    assert "甲的草稿的第二行" in first.open(task).text
    assert "乙的草稿的第二行" in second.open(task).text and "甲的草稿" not in second.open(task).text


def test_a_draft_that_comes_too_late_is_shown_instead_of_vanishing(section: Section) -> None:
    first, second = section.people[:2]
    task = section.task()
    stale = first.open(task)
    assert second.submit(task, second.open(task), values("乙先办")).status_code == 303
    reply = first.submit(task, stale, values("甲还在写"), "/draft")
    assert reply.status_code == 409
    assert "草稿没有保存" in reply.text and "甲还在写的第二行" in reply.text


def test_of_many_who_claim_at_once_one_gets_the_task(section: Section) -> None:
    for round_ in range(3):
        task = section.task(f"T-{round_}")
        pages = [person.open(task) for person in section.people]
        replies = at_once(
            *(partial(p.submit, task, page, {}, "/claim") for p, page in zip(section.people, pages, strict=True))
        )
        assert Counter(reply.status_code for reply in replies) == {303: 1, 409: 5}
        row = section.stored(task)
        holder = section.people[[reply.status_code for reply in replies].index(303)]
        with section.engine.read() as session:
            assert session.get_one(User, row.assignee_id).login == holder.login
            assert session.scalar(
                sa.select(sa.func.count()).where(
                    HistoryEvent.kind == "task-claimed", HistoryEvent.stream == row.instance_id
                )
            ) == 1  # fmt: skip
        assert all("已由其他人员签收" in reply.text for reply in replies if reply.status_code == 409)


def test_whoever_reads_sees_one_moment_while_others_write(section: Section) -> None:
    task = section.task()
    with section.engine.read() as session:
        assert session.scalar(sa.select(UserTask.state).where(UserTask.id == task)) == "open"
        person = section.people[0]
        assert person.submit(task, person.open(task), values("办了")).status_code == 303
        instance = sa.select(ProcessInstance.status).join(UserTask, UserTask.instance_id == ProcessInstance.id)
        assert session.scalar(instance.where(UserTask.id == task)) == "running"


# --- three departments -------------------------------------------------------------------------


def prepared(engine: ProcessEngine) -> Office:
    """A campaign of three departments with open visits."""
    install(engine, objects=400)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]))
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    return office


def fill_in(office: Office, url: str, department: str) -> list[str]:
    """The inspectors of one department do all its visits; returns the ids of the tasks the server acknowledged."""
    done: list[str] = []
    browsers: dict[str, Browser] = {}
    for step in VISITS:
        for task in [t for t in office.open_tasks(step) if t.department == department]:
            answer = office.answers[step]
            typed = dict(answer(task) if callable(answer) else answer)
            if step == "site_check":
                typed["statement"] = f"{department}·{task.business_key}"
            login = login_for(office.engine, task)
            if login not in browsers:
                browsers[login] = Browser(url, login, DEMO_PASSWORD)
            reply = browsers[login].submit(task.id, browsers[login].open(task.id), typed)
            assert reply.status_code == 303, f"{step} {reply.status_code} {problems_in(reply.text)}"
            done.append(task.id)
    for browser in browsers.values():
        browser.close()
    return done


def login_for(engine: ProcessEngine, task: UserTask) -> str:
    """The first of the drawn inspectors who have an account, else the first inspector of the department."""
    named = sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id)
    post = sa.exists().where(
        UserRole.user_id == User.id, UserRole.department == task.department, UserRole.role == task.role
    )
    mine = User.id == task.assignee_id if task.assignee_id else post if task.group else User.id.in_(named)
    with engine.read() as session:
        login = session.scalars(sa.select(User.login).where(mine).order_by(User.login)).first()
        assert login is not None
        return login


@pytest.mark.slow
def test_three_departments_fill_in_their_parts_of_the_same_objects_at_once_and_nothing_is_lost(
    engine: ProcessEngine, url: str
) -> None:
    office = prepared(engine)
    departments = ("SCJG", "WJJ", "YJJ")
    acknowledged = [t for done in at_once(*(partial(fill_in, office, url, d) for d in departments)) for t in done]
    with engine.read() as session:
        parts = session.scalars(sa.select(DepartmentInspection)).all()
        assert len(acknowledged) == len(VISITS) * len(parts) and len(parts) % 3 == 0
        rows = {t.id: t for t in session.scalars(sa.select(UserTask).where(UserTask.id.in_(acknowledged)))}
        assert {t.state for t in rows.values()} == {"completed"}
        events = [
            json.loads(body)
            for body in session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "task-completed"))
        ]
        recorded = {e["task"]: e["values"] for e in events}
        assert all(recorded[task_id] == rows[task_id].values for task_id in acknowledged)
        said = {(t.values or {}).get("statement") for t in rows.values() if t.element_id == "site_check"}
        assert said == {f"{p.department}·{p.number}" for p in parts}
        findings = Counter(session.scalars(sa.select(Finding.department_inspection)))
        assert findings == {p.number: len(p.items) for p in parts}
        clocks = Counter(session.scalars(sa.select(Deadline.business_key).where(Deadline.name == "publication")))
        assert set(clocks) >= {p.number for p in parts} | {p.inspection for p in parts}
        assert verify(session, DISTRICT).problems == []
    assert {t.element_id for t in office.open_tasks() if t.process_key == "department-inspection"} == {"review"}
