"""Visits outside the draw: entered, imported, withdrawn, and counted in the frequency cap."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import uscc
from engine.inspection.item_models import OutsideVisit, StagedFile
from engine.inspection.models import InspectedObject, Item
from engine.inspection.outside_entry import RecordOutsideVisit, WithdrawOutsideVisit
from engine.inspection.outside_import import ImportOutsideVisits, StageOutsideVisits, read_visits
from engine.inspection.outside_visits import count_towards_cap, last_outside_visits, outside_visits, visits_of
from engine.models import Department
from engine.process_engine import ProcessEngine
from tests.conftest import Clock

DISTRICT = "370105"
FIRM, OTHER = uscc.compose("91370105", "MA3C0001"), uscc.compose("91370105", "MA3C0002")
ENTRY = {
    "department": "SCJG", "uscc": FIRM, "kind": "日常检查", "visited_on": "2026-02-20", "items": [],
    "reason": "节后安全检查", "ordered_from_above": "否", "approved_by": "局长 演示", "approved_on": "2026-02-19",
}  # fmt: skip
HEAD = (
    "统一社会信用代码,检查对象名称,检查机关,检查类型,检查日期,是否上级部署,部署文号,检查结果,"
    "批准人,批准日期,事后批准理由\n"
)

#: What no database sees differently is tested on one.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def officer(engine: ProcessEngine) -> Actor:
    with engine.database.write() as session:
        for code, name in (("SCJG", "市场监督管理局"), ("WJJ", "卫生健康局")):
            session.add(Department(district_id=DISTRICT, code=code, name=name, kind="organ"))
        session.add(
            InspectedObject(
                id=new_id(), district_id=DISTRICT, uscc=FIRM, name="示例餐饮（虚构）", kind="企业", row_digest="-",
                created_at=engine.clock(), updated_at=engine.clock(),
            )
        )  # fmt: skip
        session.add(
            Item(
                id=new_id(), district_id=DISTRICT, code="SCJG-001", department="SCJG", category="食品", name="食品检查",
                legal_basis="食品安全法", published=False, row_digest="-", created_at=engine.clock(),
                updated_at=engine.clock(),
            )
        )  # fmt: skip
    return Actor(new_id(), "演示·承办人", "SCJG", frozenset({"SCJG/承办人"}))


@pytest.fixture
def office(officer: Actor) -> Actor:
    return Actor(new_id(), "演示·办公室", "SCJG", frozenset({"SCJG/联席会议办公室"}))


def enter(engine: ProcessEngine, actor: Actor, **changes: Any) -> str:
    visit_id: str = engine.execute(RecordOutsideVisit({**ENTRY, **changes}), actor=actor)
    return visit_id


def faults(engine: ProcessEngine, actor: Actor, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as refused:
        enter(engine, actor, **changes)
    return refused.value.fields


def test_visits_count_in_the_cap_unless_they_were_ordered_from_above(engine: ProcessEngine, officer: Actor) -> None:
    enter(engine, officer)
    enter(engine, officer, visited_on="2026-02-25", approved_on="2026-02-24")
    enter(engine, officer, kind="专项检查", ordered_from_above="是", order_document="鲁市监〔2026〕9号")
    enter(engine, officer, visited_on="2025-12-30", approved_on="2025-12-30")
    with engine.read() as session:
        assert count_towards_cap(session, DISTRICT, 2026) == {FIRM: 2}
        assert last_outside_visits(session, DISTRICT, 2026) == {FIRM: date(2026, 2, 25)}
        found = outside_visits(session, DISTRICT, [FIRM, OTHER], 2026)
        assert [v.counts for v in found[FIRM]] == [True, False, True] and list(found) == [FIRM]
        assert outside_visits(session, DISTRICT, None, 2025)[FIRM][0].object_name == "示例餐饮（虚构）"
        assert len(visits_of(session, DISTRICT, FIRM)) == 4


@ON_SQLITE
def test_every_fault_of_an_entry_is_named_at_once(engine: ProcessEngine, officer: Actor) -> None:
    assert set(faults(engine, officer, uscc="", kind="", reason="")) == {"uscc", "kind", "reason"}
    assert set(faults(engine, officer, department="WJJ")) == {"department"}
    assert set(faults(engine, officer, uscc=OTHER, visited_on="2026-03-03")) == {"object_name", "visited_on"}
    assert set(faults(engine, officer, ordered_from_above="是")) == {"order_document"}
    assert set(faults(engine, officer, approved_on="2026-02-21")) == {"urgent_reason"}
    enter(engine, officer, approved_on="2026-02-21", urgent_reason="接报燃气泄漏，立即到场。")


def test_the_same_visit_is_entered_once_and_again_after_it_was_withdrawn(engine: ProcessEngine, officer: Actor) -> None:
    visit_id = enter(engine, officer)
    with pytest.raises(Conflict, match="已经登记过"):
        enter(engine, officer)
    stranger = Actor(new_id(), "演示·卫健", "WJJ", frozenset({"WJJ/承办人"}))
    with pytest.raises(Forbidden):
        engine.execute(WithdrawOutsideVisit(visit_id, "登记错误"), actor=stranger)
    with pytest.raises(InvalidInput):
        engine.execute(WithdrawOutsideVisit(visit_id, " "), actor=officer)
    engine.execute(WithdrawOutsideVisit(visit_id, "登记错了企业"), actor=officer)
    with pytest.raises(Conflict):
        engine.execute(WithdrawOutsideVisit(visit_id, "登记错了企业"), actor=officer)
    with engine.read() as session:
        assert count_towards_cap(session, DISTRICT, 2026) == {}
        assert session.get_one(OutsideVisit, visit_id).withdrawn_reason == "登记错了企业"
    assert enter(engine, officer) == visit_id
    with engine.read() as session:
        assert count_towards_cap(session, DISTRICT, 2026) == {FIRM: 1}


def test_a_file_is_judged_row_by_row_and_only_its_good_rows_enter(engine: ProcessEngine, office: Actor) -> None:
    text = (
        HEAD
        + f"{FIRM},,市场监督管理局,日常,2026-01-10,否,,未发现问题,局长,2026-01-09,\n"
        + f"{OTHER},另一户（虚构）,区消防救援大队,专项检查,2026-01-11,是,鲁消〔2026〕1号,,,,\n"
        + f"{FIRM},,SCJG,日常检查,2026-01-10,否,,,局长,2026-01-09,\n"
        + f"{FIRM},,卫生健康局,突击检查,2026-05-01,是,,,,,\n"
        + "12345,,卫生健康局,日常检查,不是日期,否,,,,,\n"
    ).encode("gb18030")
    staged = engine.execute(StageOutsideVisits("各部门检查.csv", text), actor=office)
    with engine.read() as session:
        today = engine.clock().date()
        reading = read_visits(session, engine.settings, DISTRICT, office, today, text)
        assert [line.fate for line in reading.lines] == ["新增", "新增", "拒绝", "拒绝", "拒绝"]
        said = {(p.line, p.field) for p in reading.problems if p.level == "拒绝"}
        assert said == {
            (4, "整行"), (5, "检查类型"), (5, "检查日期"), (5, "部署文号"), (6, "统一社会信用代码"), (6, "检查日期"),
        }  # fmt: skip
        assert session.scalar(sa.select(sa.func.count()).select_from(OutsideVisit)) == 0
    with pytest.raises(NotFound):
        engine.execute(ImportOutsideVisits(staged), actor=Actor(new_id(), "别人", "SCJG", office.groups))
    done = engine.execute(ImportOutsideVisits(staged), actor=office)
    assert (done.count("新增"), done.count("拒绝")) == (2, 3)
    with engine.read() as session:
        assert count_towards_cap(session, DISTRICT, 2026) == {FIRM: 1}
        brigade = session.scalars(sa.select(OutsideVisit).where(OutsideVisit.uscc == OTHER)).one()
        assert (brigade.department, brigade.organ, brigade.source) == ("", "区消防救援大队", "import")
        assert session.scalar(sa.select(sa.func.count()).select_from(StagedFile)) == 0
    again = engine.execute(StageOutsideVisits("各部门检查.csv", text), actor=office)
    assert engine.execute(ImportOutsideVisits(again), actor=office).count("已登记") == 2


@ON_SQLITE
def test_officers_import_only_their_own_departments_rows(engine: ProcessEngine, officer: Actor) -> None:
    text = (HEAD + f"{FIRM},,卫生健康局,日常检查,2026-01-10,否,,,,,\n").encode()
    with engine.read() as session:
        (line,) = read_visits(session, engine.settings, DISTRICT, officer, engine.clock().date(), text).lines
    assert line.fate == "拒绝" and line.problems[0].field == "检查机关"
    with pytest.raises(Forbidden):
        engine.execute(
            StageOutsideVisits("a.csv", text), actor=Actor(new_id(), "x", "SCJG", frozenset({"SCJG/执法检查人员"}))
        )


@ON_SQLITE
def test_an_unpublished_item_is_pointed_out_and_an_unknown_one_refused(engine: ProcessEngine, office: Actor) -> None:
    head = HEAD.strip() + ",检查事项编码\n"
    text = (
        head
        + f"{FIRM},,市场监督管理局,日常检查,2026-01-10,否,,,局长,2026-01-09,,SCJG-001\n"
        + f"{FIRM},,市场监督管理局,日常检查,2026-01-11,否,,,局长,2026-01-09,,SCJG-999\n"
    ).encode()
    with engine.read() as session:
        hinted, refused = read_visits(session, engine.settings, DISTRICT, office, engine.clock().date(), text).lines
    assert hinted.fate == "新增" and [p.message for p in hinted.problems] == ["尚未公布"]
    assert refused.fate == "拒绝" and [p.value for p in refused.problems] == ["SCJG-999"]


@ON_SQLITE
def test_a_staged_file_nobody_confirms_goes_after_a_day(engine: ProcessEngine, office: Actor, clock: Clock) -> None:
    engine.execute(StageOutsideVisits("a.csv", HEAD.encode()), actor=office)
    clock.advance(hours=25)
    kept = engine.execute(StageOutsideVisits("b.csv", HEAD.encode()), actor=office)
    with engine.read() as session:
        assert session.scalars(sa.select(StagedFile.id)).all() == [kept]
    with pytest.raises(InvalidInput):
        engine.execute(StageOutsideVisits("c.csv", b""), actor=office)
