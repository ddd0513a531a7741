"""Administration: incidents, reports to the platform, workers, accounts, the calendar."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from engine.calendar import seed_calendar
from engine.commands.import_notice import parse_days
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.models import Publication
from engine.models import Deadline, HistoryEvent, Incident, User, UserSession, WorkerLease
from engine.web.guards import guard_of

NOTICE = "2027-01-01~2027-01-03,休,元旦\n2027年1月9日，班，元旦调休\n2027/2/5,休,春节"


@pytest.fixture
def admin(web: Any) -> Any:
    """A browser signed in as an administrator."""
    web.user("admin", "系统管理员", name="管理员")
    with web.database.write() as session:
        seed_calendar(session, "370105", web.clock())
    return web.sign_in("admin")


def events(web: Any, kind: str) -> list[dict[str, Any]]:
    with web.database.read() as session:
        rows = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == kind).order_by(HistoryEvent.seq))
        return [orjson.loads(body) for body in rows]


def incident(web: Any, **columns: Any) -> str:
    with web.database.write() as session:
        row = Incident(
            id=new_id(),
            district_id="370105",
            kind="service_task",
            message="检查人员不足",
            created_at=web.clock(),
            **columns,
        )
        session.add(row)
    return row.id


def test_every_page_is_for_administrators_only(web: Any) -> None:
    own = {
        rule.rule for rule in web.app.url_map.iter_rules() if rule.endpoint.startswith(("admin.", "admin_calendar."))
    }
    assert len(own) >= 7
    for rule in web.app.url_map.iter_rules():
        if rule.rule in own:
            guard = guard_of(web.app.view_functions[rule.endpoint])
            assert guard is not None and guard.roles == {"系统管理员"}
    assert web.sign_in("zhang").get("/admin/incidents").status_code == 403


def test_an_incident_is_retried_or_closed_with_a_reason_and_both_are_recorded(web: Any, admin: Any) -> None:
    first, second = incident(web), incident(web, element_id="draw_lists")
    assert "检查人员不足" in admin.get("/admin/incidents").text
    web.submit(admin, f"/admin/incidents/{first}", {"action": "retry"}, "/admin/incidents")
    assert "已重试" in admin.get("/admin/incidents").text
    web.submit(admin, f"/admin/incidents/{second}", {"action": "close", "reason": " "}, "/admin/incidents")
    assert "请填写关闭异常的原因" in admin.get("/admin/incidents").text
    web.submit(admin, f"/admin/incidents/{second}", {"action": "close", "reason": "已改用纸质"}, "/admin/incidents")
    assert "没有未处理的异常" in admin.get("/admin/incidents").text
    assert "管理员" in admin.get("/admin/incidents?state=resolved").text
    assert [(e["action"], e["reason"]) for e in events(web, "incident-resolved")] == [
        ("retry", ""),
        ("close", "已改用纸质"),
    ]
    web.submit(admin, f"/admin/incidents/{second}", {"action": "retry"}, "/admin/incidents")
    assert "已经处理" in admin.get("/admin/incidents").text
    assert web.submit(admin, "/admin/incidents/nonsense", {}, "/admin/incidents").status_code == 404


def test_reports_the_platform_did_not_confirm_are_listed_with_their_retry(web: Any, admin: Any) -> None:
    with web.database.write() as session:
        ids = {}
        for state in ("pending", "failed", "received"):
            row = Publication(
                id=new_id(), district_id="370105", subject=f"s-{state}", kind="result", department="SCJG",
                content={"检查对象": f"演示{state}"}, state="published", published_at=web.clock(), push_state=state,
            )  # fmt: skip
            session.add(row)
            ids[state] = row.id
    detail = {"kind": "push-publication", "key": ids["failed"], "args": {"publication_id": ids["failed"]}, "round": 5}
    found = incident(web, detail={**detail, "message": "省平台 503"})
    with web.database.write() as session:
        session.get_one(Incident, found).kind = "job"
    page = admin.get("/admin/publications").text
    assert "演示pending" in page and "演示failed" in page and "演示received" not in page
    assert f"/admin/incidents/{found}" in page
    assert "演示received" in admin.get("/admin/publications?state=received").text
    # This system runs without a job engine: said, and nothing is lost.
    web.submit(admin, f"/admin/incidents/{found}", {"action": "retry", "from": "publications"}, "/admin/publications")
    assert "未启用后台任务" in admin.get("/admin/publications").text
    assert f"/admin/incidents/{found}" in admin.get("/admin/publications").text


def test_a_silent_worker_is_shown_as_gone(web: Any, admin: Any) -> None:
    assert "没有后台进程在运行" in admin.get("/admin/workers").text
    with web.database.write() as session:
        for name, age in (("host-1", 5), ("host-2", 300)):
            moment = web.clock() - timedelta(seconds=age)
            session.add(WorkerLease(district_id="370105", executor_id=name, started_at=moment, seen_at=moment))
    page = admin.get("/admin/workers").text
    assert "没有后台进程" not in page and page.index("正常") < page.index("失联")


def test_accounts_are_unlocked_disabled_and_enabled_and_disabling_signs_out(web: Any, admin: Any) -> None:
    zhang = web.sign_in("zhang")
    with web.database.write() as session:
        user = session.scalars(sa.select(User).where(User.login == "zhang")).one()
        user.locked_until = web.clock() + timedelta(minutes=10)
    assert "锁定至" in admin.get("/admin/users?state=locked").text

    def change(action: str) -> None:
        web.submit(admin, f"/admin/users/{user.id}", {"action": action, "q": "zhang"}, "/admin/users")

    change("unlock")
    assert "锁定至" not in admin.get("/admin/users").text
    change("disable")
    assert zhang.get("/inbox").status_code == 302
    with web.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(UserSession.user_id == user.id)) == 0
    assert "已停用" in admin.get("/admin/users?q=zhang").text
    change("enable")
    assert web.sign_in("zhang").get("/inbox").status_code == 200
    assert [e["action"] for e in events(web, "account-changed")] == ["unlock", "disable", "enable"]


def test_nobody_disables_the_own_account(web: Any, admin: Any) -> None:
    with web.database.read() as session:
        own = session.scalars(sa.select(User.id).where(User.login == "admin")).one()
    web.submit(admin, f"/admin/users/{own}", {"action": "disable"}, "/admin/users")
    assert "不能停用自己的账号" in admin.get("/admin/users").text


def test_a_notice_moves_open_deadlines_and_shows_and_records_which(web: Any, admin: Any) -> None:
    started = datetime(2026, 12, 31, 10, 0, tzinfo=web.clock().tzinfo)
    old = datetime(2027, 1, 4, 23, 59, 59, tzinfo=web.clock().tzinfo)
    with web.database.write() as session:
        for number, met in ((1, None), (2, web.clock())):
            session.add(
                Deadline(
                    district_id="370105", business_key=f"D/{number}", name="publication", started_at=started,
                    rule="1wd", due_at=old, provisional=True, met_at=met,
                )
            )  # fmt: skip
    assert "暂定" in admin.get("/admin/calendar?year=2027").text
    data = {"year": "2027", "notice": "国办发明电〔2026〕9号", "days": NOTICE + "\n2027-01-04,休,元旦"}
    shown = web.submit(admin, "/admin/calendar", data).text
    assert "尚未保存" in shown and "1 个未办结的期限有变化" in shown and "2027-01-05" in shown and "D/2" not in shown
    assert events(web, "calendar-notice-imported") == []
    page = web.submit(admin, "/admin/calendar", {**data, "confirm": "yes"}).text
    assert "1 个未办结的期限有变化" in page and "D/1" in page and "D/2" not in page
    assert "2027-01-04" in page and "2027-01-05" in page
    assert "国办发明电〔2026〕9号" in page
    with web.database.read() as session:
        due = session.scalars(sa.select(Deadline).where(Deadline.business_key == "D/1")).one()
    assert due.due_at.astimezone(old.tzinfo).date().isoformat() == "2027-01-05" and not due.provisional
    (event,) = events(web, "calendar-notice-imported")
    assert event["year"] == 2027 and event["moved"][0][0] == "D/1"


def test_every_bad_line_is_named_and_nothing_is_imported(web: Any, admin: Any) -> None:
    data = {"year": "2027", "notice": "通知", "days": "2027-01-01,休\n2027-13-01,休\n2027-01-02\n2027-01-03,也许"}
    response = web.submit(admin, "/admin/calendar", data)
    assert response.status_code == 422
    for said in ("第 2 行", "第 3 行", "第 4 行"):
        assert said in response.text
    assert "第 1 行" not in response.text and "2027-01-03,也许" in response.text
    for change in ({"notice": " "}, {"year": "27"}, {"days": ""}, {"days": "2025-01-01,休"}):
        assert web.submit(admin, "/admin/calendar", {**data, "days": NOTICE, **change}).status_code == 422
    assert "暂定" in admin.get("/admin/calendar?year=2027").text
    assert events(web, "calendar-notice-imported") == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_is_read_in_both_encodings(web: Any, admin: Any, encoding: str) -> None:
    text = "日期,安排,名称\r\n" + NOTICE.replace("\n", "\r\n")
    data = {"year": "2027", "notice": "通知", "file": (io.BytesIO(text.encode(encoding)), "2027.csv")}
    page = web.submit(admin, "/admin/calendar", {**data, "confirm": "yes"})
    assert page.status_code == 200 and "已导入 2027 年安排" in page.text and "元旦调休" in page.text


def test_lines_are_read_as_people_write_them() -> None:
    days = parse_days(NOTICE)
    assert [(d.day.isoformat(), d.works) for d in days] == [
        ("2027-01-01", False), ("2027-01-02", False), ("2027-01-03", False),
        ("2027-01-09", True), ("2027-02-05", False),
    ]  # fmt: skip
    with pytest.raises(InvalidInput, match="行数过多"):
        parse_days("2027-01-01,休\n" * 300)
    with pytest.raises(InvalidInput):
        parse_days("2027-03-01~2027-01-01,休")


@pytest.mark.parametrize("year", ["abc", "99999", "-1", "1"])
def test_a_mangled_year_shows_the_present_one(web: Any, admin: Any, year: str) -> None:
    assert "2026 年工作日历" in admin.get(f"/admin/calendar?year={year}").text
