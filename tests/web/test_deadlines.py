"""The page of deadlines: whose it shows, in which order and colour; one deadline suspended and resumed there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.remind_of_deadlines import RemindOfDeadlines
from engine.commands.set_deadline import SetDeadline
from engine.models import Deadline, Department
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry

SYSTEM = Actor.system()


@pytest.fixture
def clocks(web: Any) -> dict[str, str]:
    """Decisions begun so many days ago, and a publication of another department; their ids by business key."""
    engine = ProcessEngine(web.database, web.settings, ServiceRegistry(), clock=web.clock)
    with web.database.write() as session:
        session.add(Department(district_id=web.settings.district_id, code="WJJ", name="卫生健康局"))
    for key, days in (("案/绿", 5), ("案/黄", 50), ("案/橙", 80), ("案/红", 100)):
        began = web.clock() - timedelta(days=days)
        engine.execute(SetDeadline(key, "decision", began, department="SCJG"), actor=SYSTEM)
    engine.execute(
        SetDeadline("线索/1", "case-filing", web.clock() - timedelta(days=3), department="SCJG"), actor=SYSTEM
    )
    engine.execute(SetDeadline("检/1", "publication", department="WJJ"), actor=SYSTEM)
    engine.execute(RemindOfDeadlines(), actor=SYSTEM)
    with web.database.read() as session:
        return dict(session.execute(sa.select(Deadline.business_key, Deadline.id)).tuples().all())


def test_heads_see_their_department_and_supervision_the_district_by_colour(web: Any, clocks: dict[str, str]) -> None:
    web.user("head", "科室负责人")
    web.user("watch", "监管督查")
    head, watch = web.sign_in("head"), web.sign_in("watch")
    page = head.get("/deadlines").text
    places = [page.index(key) for key in ("案/红", "案/橙", "案/黄", "案/绿")]
    assert places == sorted(places) and "检/1" not in page
    assert page.count('<option value="penalty-publication"') == 1  # though departments have rules of their own
    assert "超期" in page and "chip-orange" in page and "chip-yellow" in page and "暂定" in page
    for colour, shown in (("red", "案/红"), ("orange", "案/橙"), ("yellow", "案/黄"), ("green", "案/绿")):
        found = head.get(f"/deadlines?colour={colour}").text
        assert [key for key in ("案/红", "案/橙", "案/黄", "案/绿") if key in found] == [shown]
    assert "检/1" in watch.get("/deadlines").text
    assert "检/1" in watch.get("/deadlines?department=WJJ&name=publication").text
    assert "案/红" not in watch.get("/deadlines?q=检/").text
    assert "没有符合条件" in watch.get("/deadlines?colour=suspended").text
    for mangled in ("?after=x~y", "?after=2026-01-01T00:00:00%2B08:00~1", "?colour=pink", "?provisional=2"):
        assert watch.get(f"/deadlines{mangled}").status_code == 200
    own = web.sign_in("zhang").get("/deadlines").text
    assert "案/红" in own and "检/1" not in own
    web.user("inspector", "执法检查人员")
    assert web.sign_in("inspector").get("/deadlines").status_code == 403
    assert head.get(f"/deadlines/{clocks['检/1']}").status_code == 404
    assert head.get("/deadlines/nonsense").status_code == 404
    todo = head.get("/inbox").text
    assert "期限提醒" in todo and "案/红" in todo and "案/橙" in todo and "案/黄" not in todo


def test_what_is_left_is_the_same_in_every_list_and_named_by_the_rule_on_its_own_page(
    web: Any, clocks: dict[str, str]
) -> None:
    officer, address = web.sign_in("zhang"), f"/deadlines/{clocks['线索/1']}"
    with web.database.write() as session:
        deadline = session.get(Deadline, clocks["线索/1"])
        zone = web.settings.timezone
        days = (deadline.due_at.astimezone(zone).date() - web.clock().astimezone(zone).date()).days
        session.execute(sa.update(Deadline).where(Deadline.id == deadline.id).values(provisional=True))
    assert f"剩 {days} 天</span>" in officer.get("/deadlines?q=线索/").text
    page = officer.get(address).text
    working = int(re.search(rf"剩 {days} 天（(\d+) 个工作日）</span>", page)[1])
    assert 0 < working < days and "暂定" in page
    assert re.search(r"剩 \d+ 天</span>", officer.get(f"/deadlines/{clocks['案/黄']}").text), "a rule of days"
    with web.database.write() as session:
        session.execute(sa.update(Deadline).where(Deadline.id == clocks["线索/1"]).values(met_at=web.clock()))
    page = officer.get(address).text
    assert "按期完成" in page and "暂定" not in page


def test_an_officer_suspends_and_resumes_and_everything_stands_in_the_trail(web: Any, clocks: dict[str, str]) -> None:
    web.user("other", "承办人", department="WJJ")
    officer, decision = web.sign_in("zhang"), f"/deadlines/{clocks['案/橙']}"
    page = officer.get(decision).text
    assert "怎样计算" in page and "90 日（起始日不计入）" in page and "可以申请延长 30 日" in page
    assert "听证流程自动中止" in page and "须经机关负责人批准" in page and "中止期限" not in page
    sent = {"ground": "testing", "reason": "样品送检", "since": ""}
    assert web.submit(officer, f"{decision}/suspend", sent, decision).status_code == 422
    address = f"/deadlines/{clocks['线索/1']}"
    page = officer.get(address).text
    assert "检测、检验、检疫、鉴定" in page and "中止期限" in page
    typed = {"ground": "testing", "reason": "", "since": "昨天"}
    refused = web.submit(officer, f"{address}/suspend", typed, address)
    assert refused.status_code == 422 and "2026-05-06 09:00" in refused.text and "昨天" in refused.text
    refused = web.submit(officer, f"{address}/suspend", {**typed, "since": ""}, address)
    assert refused.status_code == 422 and "请写明理由" in refused.text
    sent = {"ground": "testing", "reason": "样品送检", "since": "2026-02-27T10:00"}
    assert web.submit(officer, f"{address}/suspend", sent, address).status_code == 303
    page = officer.get(address).text
    assert "中止中" in page and "样品送检" in page and "恢复计算" in page and "尚未恢复" in page
    assert web.submit(officer, f"{address}/suspend", sent, address).status_code == 409
    done = {"reason": "报告已出具", "until": ""}
    assert web.submit(officer, f"{address}/resume", done, address).status_code == 303
    page = officer.get(address).text
    assert "报告已出具" in page and "第 1 次中止" in page and "剩 " in page
    assert web.submit(officer, f"{address}/resume", done, address).status_code == 409
    other = web.sign_in("other")
    assert web.submit(other, f"{address}/suspend", sent, "/inbox").status_code == 404
