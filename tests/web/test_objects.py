"""检查对象名录: list, one object, duplicates, permits that run out, saved filters and exports."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson
import pytest
import python_calamine
import sqlalchemy as sa

from engine.actor import Actor
from engine.db import new_id
from engine.inspection.models import InspectedObject, Inspection
from engine.inspection.object_duplicates import find_duplicates
from engine.inspection.object_index import index_objects
from engine.inspection.object_models import ObjectDuplicate
from engine.inspection.registry_export import EXPORTED
from engine.inspection.registry_history import Origin, record_changes
from engine.inspection.registry_models import PermitHandover, RegistryImport, SavedFilter
from engine.models import Department, HistoryEvent
from tests.support.pages import District
from tests.web.conftest import Web

DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
FIRST = "91370105MA0000000X"


def firm(number: int, **columns: Any) -> InspectedObject:
    given: dict[str, Any] = {
        "uscc": f"91370105MA{number:07d}X", "name": f"济南天桥测试{number:03d}号商店", "kind": "企业",
        "address": f"济南市天桥区演示路{number}号", "region": "370105001", "industry": "F5212", "risk_grade": "B",
        "row_digest": "", "created_at": NOW, "updated_at": NOW, **columns,
    }  # fmt: skip
    return InspectedObject(id=new_id(), district_id=DISTRICT, **given)


@pytest.fixture
def registry(web: Web) -> Web:
    """Sixty shops, one of them with everything an object can have; indexed."""
    permit = {"name": "食品经营许可证", "number": "JY1", "issued": "2021-03-10", "expires": "2026-03-10",
              "issuer": "行政审批局", "supervisor": "SCJG", "handover": "SPJ-审管移交-2026-0001/1"}  # fmt: skip
    over = {"name": "卫生许可证", "number": "W1", "issued": "", "expires": "2026-02-20", "issuer": "卫健局"}
    with web.database.write() as session:
        session.add_all(firm(n) for n in range(1, 60))
        session.add(
            firm(0, uscc=FIRST, name="泉城鑫源大酒店", industry="H6110", risk_grade="D", tags=["重点行业"],
                 legal_representative="王某", permits=[permit, over], supervisor="SCJG", on_abnormal_list=True,
                 to_verify="校验位不符", risk_scheme="A–D", last_inspected_on=date(2026, 1, 9))
        )  # fmt: skip
        session.add(Department(district_id=DISTRICT, code="WJJ", name="卫生健康局"))
    index_objects(web.database, DISTRICT, NOW)
    return web


def test_a_page_holds_fifty_and_leads_both_ways(registry: Web) -> None:
    browser = registry.sign_in("zhang")
    page = browser.get("/objects").text
    assert "共 60 户" in page and page.count('<th scope="row">') == 50 and "上一页" not in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(following).text
    assert second.count('<th scope="row">') == 10 and 'rel="next"' not in second
    back = second.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
    assert browser.get(back).text.count('<th scope="row">') == 50


def test_every_filter_of_the_page_finds_the_one_it_means(registry: Web) -> None:
    browser = registry.sign_in("zhang")
    for query in (
        "q=鑫源", "q=91370105MA0000000", "q=王某&within=person", "industry=H", "industry=H61", "tag=重点行业",
        "grade=D", "supervisor=SCJG", "permit=食品经营许可证", "issuer=行政审批局", "inspected=year", "expires=30",
        "expires=over", "abnormal=1", "verify=1",
    ):  # fmt: skip
        page = browser.get(f"/objects?{quote(query, safe='=&')}").text
        assert "泉城鑫源大酒店" in page and "共 1 户" in page, query


def test_words_without_sense_in_the_address_do_no_harm(registry: Web) -> None:
    browser = registry.sign_in("zhang")
    for query in (
        "sort=x&dir=y",
        "after=~",
        "before=nobody",
        "inspected=9",
        "q=%25_%5C'",
        "q=" + "长" * 900,
    ):
        assert browser.get(f"/objects?{query}").status_code == 200, query
    assert browser.get("/objects/91370105").status_code == 404
    assert "没有符合条件" in browser.get("/objects?q=没有的").text


def test_nobody_sees_the_registry_without_signing_in(registry: Web) -> None:
    for path in ("/objects", f"/objects/{FIRST}", "/objects/duplicates", "/objects/expiring"):
        assert registry.client().get(path).status_code == 302


def test_grades_are_shown_to_officials_of_a_department_alone(registry: Web) -> None:
    registry.user("outside", "审计监督", department="")
    for login, seen in (("zhang", True), ("outside", False)):
        browser = registry.sign_in(login)
        listed, one = browser.get("/objects").text, browser.get(f"/objects/{FIRST}").text
        assert ("风险等级" in listed, "信用风险等级" in one) == (seen, seen)
        assert ("共 1 户" in browser.get("/objects?grade=D").text) is seen
        text = registry.submit(browser, "/objects/export/csv", {}, "/objects").text
        assert ("信用风险等级" in text) is seen


def test_one_object_shows_permits_duties_history_and_who_changed_each_field(registry: Web) -> None:
    with registry.database.write() as session:
        row = session.scalars(sa.select(InspectedObject).where(InspectedObject.uscc == FIRST)).one()
        origin = RegistryImport(
            district_id=DISTRICT, register="objects", file_name="名录.csv", by_name="管理员", state="已完成", at=NOW
        )
        session.add(origin)
        session.flush()
        row.import_id = origin.id
        session.add(
            PermitHandover(
                district_id=DISTRICT, number="WJJ-审管移交-2026-0001/1", uscc=FIRST, permit={"name": "卫生许可证"},
                approver="WJJ", supervisor="SCJG", state="待签收", handed_at=NOW,
            )
        )  # fmt: skip
        for reference, change, at in (
            ("SCJG-名录变更-2026-0001", {"address": ["旧地址", "演示路0号"]}, NOW),
            ("SCJG-名录变更-2026-0002", {"risk_grade": ["B", "D"]}, NOW + timedelta(hours=1)),
        ):
            record_changes(session, DISTRICT, "objects", [(FIRST, change)], at=at, actor=Actor(None, "李四"),
                           origin=Origin("request", reference, "实地核对"))  # fmt: skip
    browser = registry.sign_in("zhang")
    page = browser.get(f"/objects/{FIRST}").text
    for words in ("已过期 10 天", "剩 8 天", "行政审批局", "已签收", "待签收", "校验位不符", "旧地址", "李四",
                  "实地核对", "SCJG-名录变更-2026-0001", "名录.csv", "不得公开", "提出变更", "按字段查看"):  # fmt: skip
        assert words in page, words
    only = browser.get(f"/objects/{FIRST}?field=risk_grade").text
    assert "旧地址" not in only and "显示全部字段" in only
    registry.user("outside", "审计监督", department="")
    assert "SCJG-名录变更-2026-0002" not in registry.sign_in("outside").get(f"/objects/{FIRST}").text


def test_only_officers_are_offered_to_propose_changes(registry: Web) -> None:
    registry.user("inspector", "执法检查人员")
    assert 'name="kind" value="变更"' not in registry.sign_in("inspector").get(f"/objects/{FIRST}").text


def test_filters_are_saved_renamed_and_deleted_by_whom_they_belong_to(registry: Web) -> None:
    browser = registry.sign_in("zhang")
    asked = {"page": "objects", "query": "industry=H", "name": " 住宿 "}
    assert "已保存" in registry.submit(browser, "/saved-filters", asked, "/objects", follow_redirects=True).text
    registry.submit(browser, "/saved-filters", {**asked, "query": "industry=H&sort=updated"}, "/objects")
    with registry.database.read() as session:
        saved = session.scalars(sa.select(SavedFilter)).one()
    assert (saved.name, saved.query) == ("住宿", "industry=H&sort=updated")
    registry.user("other", "承办人", name="李四")
    stranger = registry.sign_in("other")
    assert "住宿</a>" not in stranger.get("/objects").text
    for act in ("rename", "delete"):
        data = {"page": "objects", "query": "", "name": "x"}
        answer = registry.submit(stranger, f"/saved-filters/{saved.id}/{act}", data, "/objects", follow_redirects=True)
        assert "没有找到这个常用筛选" in answer.text
    data = {"page": "objects", "query": "", "name": "酒店"}
    registry.submit(browser, f"/saved-filters/{saved.id}/rename", data, "/objects")
    assert "酒店</a>" in browser.get("/objects").text
    registry.submit(browser, f"/saved-filters/{saved.id}/delete", data, "/objects")
    assert "酒店</a>" not in browser.get("/objects").text


@pytest.mark.parametrize(
    ("data", "said"),
    [({"name": "", "query": "q=1"}, "请填写 1 至 40 个字"), ({"name": "x", "query": ""}, "还没有筛选条件"),
     ({"name": "x" * 41, "query": "q=1"}, "请填写 1 至 40 个字")],
    ids=["no-name", "no-filter", "long-name"],
)  # fmt: skip
def test_a_filter_that_cannot_be_saved_says_why(registry: Web, data: dict[str, str], said: str) -> None:
    browser = registry.sign_in("zhang")
    answer = registry.submit(browser, "/saved-filters", {"page": "objects", **data}, "/objects", follow_redirects=True)
    assert said in answer.text


def test_an_export_holds_what_the_filter_finds_and_nothing_is_a_formula(registry: Web) -> None:
    with registry.database.write() as session:
        session.add(firm(99, name="=HYPERLINK(1)测试", contact="+86", industry="H6110"))
    browser = registry.sign_in("zhang")
    answer = registry.submit(browser, "/objects/export/csv?industry=H&sort=updated", {}, "/objects")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {row["检查对象名称"] for row in rows} == {"泉城鑫源大酒店", "'=HYPERLINK(1)测试"}
    shop = next(row for row in rows if row["统一社会信用代码"] == FIRST)
    assert (
        shop["许可信息"].startswith("食品经营许可证|JY1|2021-03-10|2026-03-10|行政审批局；")
        and shop["标签"] == "重点行业"
    )
    sheet = registry.submit(browser, "/objects/export/xlsx?industry=H", {}, "/objects")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sheet.data))
    cells = book.get_sheet_by_index(0).to_python()
    assert len(cells) == 3 and {row[1] for row in cells[1:]} == {"泉城鑫源大酒店", "'=HYPERLINK(1)测试"}
    with registry.database.read() as session:
        bodies = session.execute(
            sa.select(HistoryEvent.actor_name, HistoryEvent.body).where(HistoryEvent.kind == EXPORTED).order_by("seq")
        ).all()
    told = [(name, orjson.loads(body)) for name, body in bodies]
    assert [(name, body["form"], body["rows"], body["filter"]["industry"]) for name, body in told] == [
        ("张敏", "csv", 2, "H"), ("张敏", "xlsx", 2, "H"),
    ]  # fmt: skip


def test_an_export_of_too_much_says_what_to_do(registry: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.web.objects_export.MOST", {"csv": 100, "xlsx": 10})
    answer = registry.submit(registry.sign_in("zhang"), "/objects/export/xlsx", {}, "/objects")
    assert answer.status_code == 422 and "符合条件的有 60 户" in answer.text and "导出 CSV" in answer.text


def test_duplicates_are_found_judged_and_judged_again(registry: Web) -> None:
    with registry.database.write() as session:
        session.add(firm(70, uscc="92370105MA0000000X", name="济南市泉城鑫源大酒店有限公司（天桥）",
                         address="天桥区演示路0号", legal_representative="王某"))  # fmt: skip
    assert find_duplicates(registry.database, registry.settings, NOW, NOW.date()) == 1
    browser = registry.sign_in("zhang")
    page = browser.get("/objects/duplicates").text
    assert "名称相同" in page and "地址相同" in page and "待核：校验位不符" in page and "提出停用这一户" in page
    assert "疑似重复" in browser.get(f"/objects/{FIRST}").text
    with registry.database.read() as session:
        pair = session.scalars(sa.select(ObjectDuplicate)).one()
    path = f"/objects/duplicates/{pair.id}/apart"
    answer = registry.submit(browser, path, {"reason": " "}, "/objects/duplicates", follow_redirects=True)
    assert "请写明为什么不是重复" in answer.text
    registry.submit(browser, path, {"reason": "两个楼层，各有执照"}, "/objects/duplicates")
    again = registry.submit(browser, path, {"reason": "又一次"}, "/objects/duplicates", follow_redirects=True)
    assert "已判断为" in again.text
    assert find_duplicates(registry.database, registry.settings, NOW, NOW.date()) == 0  # a decision stands
    decided = browser.get("/objects/duplicates?state=decided").text
    assert "两个楼层，各有执照" in decided and "张敏" in decided
    registry.submit(browser, f"/objects/duplicates/{pair.id}/reopen", {}, "/objects/duplicates")
    assert "提出停用这一户" in browser.get("/objects/duplicates").text
    registry.user("inspector", "执法检查人员")
    refused = registry.submit(registry.sign_in("inspector"), path, {"reason": "不是"}, "/objects/duplicates")
    assert refused.status_code == 403


def test_permits_that_run_out_are_listed_by_day_and_department(registry: Web) -> None:
    with registry.database.write() as session:
        later = {"name": "食品经营许可证", "number": "JY2", "issued": "", "expires": "2026-03-05", "issuer": "x"}
        session.add(firm(80, name="早到期的商店", permits=[later]))  # not indexed yet
    browser = registry.sign_in("zhang")
    soon = browser.get("/objects/expiring").text
    assert soon.index("早到期的商店") < soon.index("泉城鑫源大酒店") and "剩 3 天" in soon and "W1" not in soon
    over = browser.get("/objects/expiring?within=over").text
    assert "已过期 10 天" in over and "JY1" not in over
    assert "早到期的商店" not in browser.get("/objects/expiring?within=30&supervisor=SCJG").text
    assert "没有" in browser.get("/objects/expiring?within=60&issuer=没有").text
    assert browser.get("/objects/expiring?within=30&after=2026-03-05").text.count("早到期的商店") == 0


def test_a_visit_to_come_is_told_to_the_departments_that_make_it_alone(district: District) -> None:
    with district.engine.read() as session:
        rows = session.scalars(sa.select(Inspection).order_by(Inspection.number)).all()
        coming = next(row for row in rows if row.visits_ended_at is None)
        over = next(row for row in rows if row.visits_ended_at is not None)
    insider, outsider = district.sign_in("scjg-officer"), district.sign_in("jtj-officer")
    assert coming.number in insider.text(f"/objects/{coming.uscc}")
    assert coming.number not in outsider.text(f"/objects/{coming.uscc}")
    seen = outsider.text(f"/objects/{over.uscc}")
    assert over.number in seen and f"/inspections/{over.number}" not in seen
    assert f"/objects/{over.uscc}" in insider.text(f"/inspections/{over.number}")
    assert "检查结束" in seen and over.object["name"] in insider.text("/objects?inspected=year")
