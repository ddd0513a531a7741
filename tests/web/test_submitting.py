"""Submitting asks nobody but the command: whoever may act is in scope, whoever is not learns nothing."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.task_access import CLERK, may_act, may_enter_paper
from engine.models import Attachment, HistoryEvent, InstanceDepartment, ProcessInstance, TaskCandidate, UserTask
from engine.scope import scope
from tests.support.pages import PDF, District

STRANGER = "jtj-officer"


def everything(district: District) -> tuple[Any, ...]:
    with district.engine.read() as session:
        tasks = session.execute(sa.select(UserTask.id, UserTask.state, UserTask.version).order_by(UserTask.id)).all()
        counts = [session.scalar(sa.select(sa.func.count()).select_from(t)) for t in (HistoryEvent, Attachment)]
    return (tasks, counts)


@pytest.mark.parametrize("how", ["group", "holder", "named", "clerk"])
def test_whoever_may_act_on_a_task_is_within_its_scope(district: District, how: str) -> None:
    task = district.task("review", "SCJG")
    me = "01900000-0000-7000-8000-000000000001"
    actors = {
        "group": Actor(me, "甲", "ZJJ", frozenset({task.group})),
        "holder": Actor(me, "甲", "ZJJ"),
        "named": Actor(me, "甲", "ZJJ"),
        "clerk": Actor(me, "甲", "ZJJ", frozenset({f"SCJG/{CLERK}"})),
    }
    with district.engine.read() as session:  # closed without a commit
        row = session.get_one(UserTask, task.id)
        if how == "holder":
            row.assignee_id = me
        if how == "named":
            row.group = ""
            session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            session.add(TaskCandidate(task_id=row.id, user_id=me, district_id=row.district_id))
        session.flush()
        actor = actors[how]
        allowed = may_enter_paper(session, actor, row)
        seen = session.scalar(scope(sa.select(ProcessInstance.id), actor).where(ProcessInstance.id == row.instance_id))
        assert allowed and seen == row.instance_id
        assert may_act(session, actor, row) is (how != "clerk")


def test_a_clerk_enters_paper_for_the_own_department_and_where_the_diagram_names_it(district: District) -> None:
    with district.engine.read() as session:
        rows = session.scalars(sa.select(UserTask).where(UserTask.state == "open")).all()
        allowed = {
            (row.department, row.on_behalf, code)
            for row in rows
            for code in ("SCJG", "WJJ", "YJJ", "JTJ")
            if may_enter_paper(session, Actor("x", "甲", code, frozenset({f"{code}/{CLERK}"})), row)
        }
    own, named = {(c, "SCJG", c) for c in ("WJJ", "YJJ")}, {(c, "SCJG", "SCJG") for c in ("WJJ", "YJJ")}
    assert allowed == {("SCJG", "", "SCJG"), *own, *named}


def test_what_another_departments_clerk_sends_in_is_refused_with_everything_they_typed(district: District) -> None:
    task = district.task("review", "SCJG")  # the case is the participant's own to see as well
    with district.engine.database.write() as session:
        session.add(InstanceDepartment(instance_id=task.instance_id, department="YJJ", district_id=task.district_id))
    clerk = district.sign_in("yjj-officer")
    assert "您可以查看，不能提交" in clerk.text(f"/tasks/{task.id}")
    before = everything(district)
    paper = {"paper_document_number": "文1", "paper_signed_on": "2026-03-02", "paper_signed_by": "乙"}
    scan = {"upload-paper_attachment_id": (io.BytesIO(PDF), "意见.pdf", "application/pdf")}
    data = {"version": task.version, "decision": "同意", **paper}
    assert clerk.post(f"/tasks/{task.id}", {**data, "paper_attachment_id": "x"}).status_code == 403
    assert clerk.post(f"/tasks/{task.id}", {**data, **scan}).status_code == 422
    assert clerk.post(f"/tasks/{task.id}/draft", data).status_code == 403
    assert everything(district) == before


@pytest.mark.parametrize(
    ("element", "version", "data"),
    [
        ("review", 1, {"decision": "同意"}),
        ("review", 7, {"decision": "同意"}),
        ("review", 1, {"decision": "退回"}),
        ("review", 1, {"_add": "rows"}),
        ("review", 1, {"paper_document_number": "文1", "paper_signed_on": "昨天"}),
        ("site_check", 1, {}),
    ],
    ids=["right", "stale", "invalid", "another row", "paper", "closed"],
)
def test_a_stranger_hears_that_there_is_no_such_task_and_changes_nothing(
    district: District, element: str, version: int, data: dict[str, str]
) -> None:
    with district.engine.read() as session:
        state = "completed" if element == "site_check" else "open"
        task = session.scalars(
            sa.select(UserTask).where(UserTask.element_id == element, UserTask.state == state).limit(1)
        ).one()
    stranger = district.sign_in(STRANGER)
    before = everything(district)
    page = stranger.post(f"/tasks/{task.id}", {"version": version, **data})
    assert page.status_code == 404
    assert task.name not in page.text and task.title not in page.text
    assert everything(district) == before


def test_a_file_of_a_stranger_is_not_kept(district: District) -> None:
    task = district.task("review", "SCJG")
    stranger = district.sign_in(STRANGER)
    before = everything(district)
    files = {"version": 1, "decision": "同意", "upload-proof": (io.BytesIO(PDF), "a.pdf", "application/pdf")}
    assert stranger.post(f"/tasks/{task.id}", files, content_type="multipart/form-data").status_code == 404
    assert everything(district) == before


def test_a_colleague_who_sees_the_task_but_may_not_act_is_told_so(district: District) -> None:
    task = district.task("review", "SCJG")
    before = everything(district)
    page = district.sign_in("scjg-officer").post(f"/tasks/{task.id}", {"version": 1, "decision": "同意"})
    assert page.status_code == 403 and "没有办理权限" in page.text
    assert everything(district) == before


@pytest.mark.parametrize("task_id", ["no-such-task", "01900000-0000-7000-8000-000000000009", "%00"], ids=range(3))
def test_there_is_nothing_to_submit_to_where_there_is_no_task(district: District, task_id: str) -> None:
    page = district.sign_in("scjg-section").post(f"/tasks/{task_id}", {"version": 1})
    assert page.status_code in {400, 404}


def test_several_submissions_are_each_told_once_with_what_waits_when_they_are_told(district: District) -> None:
    section = district.sign_in("scjg-section")
    token = section.client.get("/inbox").text.split('name="csrf-token" content="')[1].split('"')[0]
    tasks = [district.task("review", "SCJG", position) for position in (0, 1)]
    for task in tasks:
        data = {"csrf_token": token, "version": task.version, "decision": "同意"}
        assert section.client.post(f"/tasks/{task.id}", data=data).status_code == 303
    page = section.text("/inbox")
    assert page.count("已提交：") == 2 and all(task.title in page for task in tasks)
    assert page.count("办理“检查结果告知”") == 2
    assert "已提交：" not in section.text("/inbox")
