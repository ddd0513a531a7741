"""The supervisor's board: what is late, whose it is, who sees it, 催办 and the export."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.remind import reminders
from engine.db import new_id
from engine.inspection.models import Publication
from engine.models import (
    Deadline,
    Department,
    InstanceDepartment,
    ProcessDefinition,
    ProcessInstance,
    UserTask,
)
from engine.web.csv_export import defused


class Cases:
    """Puts open tasks into the database, one instance each."""

    def __init__(self, web: Any) -> None:
        self.web = web
        self.now = web.clock()
        with web.database.write() as session:
            session.add(Department(district_id="370105", code="WJJ", name="卫生健康局", position=1))
            self.definition = ProcessDefinition(
                id=new_id(), district_id="370105", key="department-inspection", version=1, name="部门检查", digest="-",
                bundle={}, deployed_at=self.now,
            )  # fmt: skip
            session.add(self.definition)

    def task(self, title: str, days: float | None, department: str = "SCJG", step: str = "review") -> UserTask:
        with self.web.database.write() as session:
            instance = ProcessInstance(
                id=new_id(), district_id="370105", definition_id=self.definition.id,
                process_key="department-inspection", business_key=f"D/{title}", title=title, department=department,
                state=b"", started_at=self.now,
            )  # fmt: skip
            session.add(instance)
            session.flush()
            session.add(InstanceDepartment(district_id="370105", instance_id=instance.id, department=department))
            # A joint inspection is seen by both, but each head answers for the own department.
            if department != "SCJG":
                session.add(InstanceDepartment(district_id="370105", instance_id=instance.id, department="SCJG"))
            task = UserTask(
                id=new_id(), district_id="370105", instance_id=instance.id, process_key=instance.process_key,
                business_key=instance.business_key, title=title, engine_task_id="-", element_id=step,
                name={"review": "审核", "conclude": "形成结论"}[step], department=department, role="科室负责人",
                group=f"{department}/科室负责人", created_at=self.now,
                due_at=None if days is None else self.now + timedelta(days=days),
            )  # fmt: skip
            session.add(task)
        return task


@pytest.fixture
def cases(web: Any) -> Cases:
    web.user("supervisor", "监管督查", name="督查员")
    web.user("head", "机关负责人", name="局长")
    return Cases(web)


def test_late_and_near_work_is_counted_by_department_and_step(web: Any, cases: Cases) -> None:
    cases.task("迟到企业", -2)
    cases.task("临近企业", 2)
    cases.task("从容企业", 20, "WJJ")
    client = web.sign_in("supervisor")
    page = client.get("/board").text
    assert re.findall(r"<strong>(\d+)</strong>", page)[:3] == ["1", "1", "3"]
    assert "迟到企业" in page and "临近企业" not in page, "late work first"
    assert "超期 2 天" in page
    assert "临近企业" in client.get("/board?state=near").text
    everything = client.get("/board?state=all").text
    assert everything.index("迟到企业") < everything.index("临近企业") < everything.index("从容企业")
    assert "从容企业" not in client.get("/board?state=all&department=SCJG").text
    assert "迟到企业" not in client.get("/board?state=all&q=从容").text


def test_a_step_without_a_due_time_is_late_by_the_statutory_deadline_of_its_case(web: Any, cases: Cases) -> None:
    task = cases.task("法定期限企业", None, step="conclude")
    with web.database.write() as session:
        session.add(
            Deadline(
                district_id="370105", business_key=task.business_key, name="publication", started_at=cases.now,
                rule="20wd", due_at=cases.now - timedelta(days=1),
            )
        )  # fmt: skip
    page = web.sign_in("supervisor").get("/board").text
    assert "法定期限企业" in page and "超期 1 天" in page


def test_departments_stand_in_official_order_and_findings_are_not_shown(web: Any, cases: Cases) -> None:
    for n in range(3):
        cases.task(f"卫健{n}", -1, "WJJ")
    cases.task("市监", 10)
    with web.database.write() as session:
        session.execute(sa.update(Department).where(Department.code == "SCJG").values(position=0))
        session.add(
            Publication(
                district_id="370105", subject="s", kind="penalty", department="WJJ", content={"罚款": 9999},
                state="published",
            )
        )  # fmt: skip
    page = web.sign_in("supervisor").get("/board?state=all").text
    table = page[page.index("按部门和步骤</h2>") :]
    assert table.index("市场监督管理局") < table.index("卫生健康局"), "not by how much is late"
    assert "9999" not in page and "排名" not in page


def test_a_head_sees_only_the_own_department_although_joint_cases_are_shared(web: Any, cases: Cases) -> None:
    cases.task("本局企业", -1)
    cases.task("联合企业", -1, "WJJ")
    page = web.sign_in("head").get("/board?state=all").text
    assert "本局企业" in page and "联合企业" not in page
    assert web.sign_in("zhang").get("/board").status_code == 403, "an officer has the inbox"
    assert web.client().get("/board").status_code == 302


def test_ticked_tasks_are_reminded_once(web: Any, cases: Cases) -> None:
    task = cases.task("被催办企业", -1)
    client = web.sign_in("supervisor")
    data = {"task": [task.id, "nonsense"], "note": "请今日办结", "back": "/board?state=all"}
    response = web.submit(client, "/board/remind", data, "/board")
    assert (response.status_code, response.location) == (303, "/board?state=all")
    assert "已催办 1 项" in client.get("/board").text
    web.submit(client, "/board/remind", data, "/board")
    assert "没有重复催办" in client.get("/board").text
    with web.database.read() as session:
        assert [(r.actor_name, r.note) for r in reminders(session, task)] == [("督查员", "请今日办结")]
    outside = web.submit(client, "/board/remind", {**data, "back": "//evil.example/x"}, "/board")
    assert outside.location == "/board"
    web.submit(client, "/board/remind", {"back": "/board"}, "/board")
    assert "请先勾选" in client.get("/board").text


def test_the_export_has_the_same_rows_and_no_formulas(web: Any, cases: Cases) -> None:
    cases.task('=HYPERLINK("http://evil","点我")', -1)
    cases.task("从容企业", 20)
    response = web.sign_in("supervisor").get("/board.csv?state=overdue")
    assert response.mimetype == "text/csv" and "attachment" in response.headers["Content-Disposition"]
    text = response.data.decode("utf-8-sig")
    head, *rows = list(csv.reader(io.StringIO(text)))
    assert head[0] == "部门" and len(rows) == 1
    assert rows[0][3] == '\'=HYPERLINK("http://evil","点我")'
    assert rows[0][-1] == "超期 1 天"


@pytest.mark.parametrize("cell", ["=1+1", "+86", "-1", "@sum", "\tx", "＝1"])
def test_a_cell_that_a_spreadsheet_would_compute_gets_an_apostrophe(cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert defused("天桥区=餐饮") == "天桥区=餐饮"


def test_the_list_pages_by_key_without_losing_or_repeating(web: Any, cases: Cases) -> None:
    for n in range(56):
        cases.task(f"企业{n:02d}", None if n % 3 == 0 else n % 5)
    client = web.sign_in("supervisor")
    seen: list[str] = []
    path: str | None = "/board?state=all"
    while path:
        page = client.get(path).text
        seen += re.findall(r'class="row-title"[^>]*>(企业\d\d)<', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == 56 == len(set(seen))
    assert client.get("/board?after=x~y").status_code == 200
