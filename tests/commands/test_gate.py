"""The gate before lists are frozen, and the tables it follows, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import ratios, records
from engine.inspection.gate import KINDS
from engine.inspection.gate_alarms import firm_alarms, pair_alarms
from engine.inspection.item_models import OutsideVisit, SpecialArea
from engine.inspection.models import Campaign, DepartmentInspection, Draw, InspectedObject, Inspection, Inspector, Item
from engine.inspection.plan_models import DrawBasis, VisitMerge
from engine.inspection.pool import Pool, build_pool
from engine.inspection.pool_outlook import outlook
from engine.inspection.registry_models import InspectorLeave
from engine.inspection.visit_merges import shared_visits
from engine.models import UserTask
from engine.process_engine import ProcessEngine
from tests.support.draw_district import DISTRICT, PLAN, District, fill, uscc

EARLIER = "SCJG-抽查-2026-0000"


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    """The registries alone: no process, nobody signed in."""
    with engine.database.write() as session:
        fill(session, engine.clock(), 200)
    return District(engine)


def pool_of(district: District, checked: Mapping[str, Any] | None = None, **plan: Any) -> Pool:
    """The lists as they would be frozen now, for a work plan changed by ``plan``."""
    with district.engine.read() as session:
        campaign = Campaign(
            id=new_id(), district_id=DISTRICT, number="SCJG-抽查-2026-0009", name="本次", lead="SCJG",
            participants=["YJJ", "WJJ"], plan={}, created_at=district.engine.clock(),
        )  # fmt: skip
        return build_pool(
            session, district.engine.settings, campaign, PLAN | plan, district.engine.clock(), checked or {}
        )  # fmt: skip


def visited(district: District, number: int, *days_ago: int, campaign: str = EARLIER, is_open: bool = False) -> None:
    """Inspections of object ``number`` that ended so many days ago; ``is_open`` adds one still to come."""
    now = district.engine.clock()
    with district.engine.database.write() as session:
        moments: list[datetime | None] = [now - timedelta(days=days) for days in days_ago]
        for at in moments + [None] * is_open:
            session.add(
                Inspection(
                    id=new_id(), district_id=DISTRICT, number=f"{campaign}/{new_id()}", campaign=campaign,
                    draw_id="earlier", uscc=uscc(number), object={"name": f"济南演示{number}号有限公司"},
                    departments=["SCJG"], visits_ended_at=at, closed_at=at,
                )
            )  # fmt: skip


def change(district: District, model: Any, key: sa.ColumnElement[bool], **values: Any) -> None:
    with district.engine.database.write() as session:
        session.execute(sa.update(model).where(key).values(**values))


def mark(district: District, number: int, **values: Any) -> None:
    change(district, InspectedObject, InspectedObject.uscc == uscc(number), **values)


def reason(pool: Pool, number: int) -> str:
    """Why an object is kept out; empty when it is a candidate."""
    return dict(pool.exclusions).get(uscc(number), "")


def test_the_yearly_cap_follows_grade_and_marks_and_has_no_bound_for_key_areas_and_high_risk(
    district: District,
) -> None:
    # Grades go round A B C D and none; every one of these was visited 100 and 95 days … before now, this year.
    district.engine.clock.travel("2026-06-30T09:00:00+08:00")  # type: ignore[attr-defined]
    for number in (10, 11, 12, 13, 14, 15, 16):
        visited(district, number, 150, 120)
    mark(district, 15, special_registries=["危险化学品"])
    mark(district, 16, tags=["守信"], risk_grade="C")
    pool = pool_of(district, start_date="2026-07-01", end_date="2026-07-31")
    assert reason(pool, 10) == "本年度已检查 2 次，达到年度频次上限 1 次"  # A
    assert reason(pool, 11) == "本年度已检查 2 次，达到年度频次上限 2 次"  # B
    assert reason(pool, 12) == "" and reason(pool, 13) == ""  # C may be visited three times, D without bound
    assert reason(pool, 14) == "本年度已检查 2 次，达到年度频次上限 2 次"  # no grade
    assert reason(pool, 15) == ""  # A, but a key area
    assert reason(pool, 16) == "本年度已检查 2 次，达到年度频次上限 1 次"  # in good credit whatever the grade
    ordered = pool_of(district, start_date="2026-07-01", end_date="2026-07-31", ordered=True)
    assert reason(ordered, 10) == ""  # ordered from above: does not count


def test_visits_by_others_count_unless_they_were_ordered_from_above(district: District) -> None:
    district.engine.clock.travel("2026-06-30T09:00:00+08:00")  # type: ignore[attr-defined]
    now = district.engine.clock()
    with district.engine.database.write() as session:
        for number, day, ordered in (
            (20, date(2026, 1, 20), False),
            (25, date(2026, 1, 20), True),
            (21, date(2026, 6, 20), False),
        ):
            session.add(
                OutsideVisit(
                    id=new_id(), district_id=DISTRICT, uscc=uscc(number), organ="区消防救援大队", kind="日常检查",
                    visited_on=day, ordered_from_above=ordered, source="manual", entered_at=now,
                )
            )  # fmt: skip
    pool = pool_of(district, start_date="2026-07-01", end_date="2026-07-31")
    assert reason(pool, 20) == "本年度已检查 1 次，达到年度频次上限 1 次"
    assert reason(pool, 25) == ""
    assert reason(pool, 21) == "上次检查为 2026-06-20，间隔不足 90 天"


def test_an_open_visit_is_joined_or_the_firm_stays_out(district: District) -> None:
    visited(district, 30, is_open=True)
    apart = pool_of(district)
    assert reason(apart, 30) == f"已列入抽查任务 {EARLIER}，尚未检查" and not apart.joined
    together = pool_of(district, {"merge_with": [EARLIER]})
    assert reason(together, 30) == "" and list(together.joined) == [uscc(30)]
    kept = pool_of(district, {"kept": [{"uscc": uscc(30), "reason": "投诉举报集中", "evidence": "12345"}]})
    assert reason(kept, 30) == reason(apart, 30)  # no reason makes it two visits


def test_a_visit_made_for_two_campaigns_counts_once(district: District) -> None:
    district.engine.clock.travel("2026-06-30T09:00:00+08:00")  # type: ignore[attr-defined]
    visited(district, 31, 120)  # grade B: two a year
    visited(district, 31, 120, campaign="WJJ-抽查-2026-0001")
    plan: dict[str, Any] = {"start_date": "2026-07-01", "end_date": "2026-07-31"}
    assert "已检查 2 次" in reason(pool_of(district, **plan), 31)
    with district.engine.database.write() as session:
        session.add(
            VisitMerge(
                id=new_id(), district_id=DISTRICT, campaign="WJJ-抽查-2026-0001", other=EARLIER, inspection="-",
                uscc=uscc(31), at=district.engine.clock(),
            )
        )  # fmt: skip
    assert reason(pool_of(district, **plan), 31) == ""


def test_an_open_record_tells_neither_a_cap_nor_a_visit_to_come(district: District) -> None:
    visited(district, 10, 20)
    visited(district, 30, is_open=True)
    pool = pool_of(district, disclosure="open")
    assert reason(pool, 10) == "按频次管理规定本次不列入"
    assert reason(pool, 30) == "依法暂不检查（依据存档备查）"


def test_people_on_leave_most_of_the_time_are_not_drawn_and_lapsed_qualifications_take_items_away(
    district: District,
) -> None:
    with district.engine.database.write() as session:
        for code, last in (("SCJG-000", date(2026, 4, 30)), ("SCJG-001", date(2026, 3, 18))):
            session.add(
                InspectorLeave(
                    id=new_id(), district_id=DISTRICT, inspector_code=code, first_day=date(2026, 3, 16), last_day=last,
                    at=district.engine.clock(),
                )
            )  # fmt: skip
    change(
        district, Inspector, Inspector.code == "SCJG-002", qualifications=["食品检查员"],
        qualification_until={"食品检查员": "2026-04-01"},
    )  # fmt: skip
    change(
        district, Inspector, Inspector.code == "SCJG-003", qualifications=["食品检查员", "综合"],
        qualification_until={"综合": "2026-04-01"},
    )  # fmt: skip
    pool = pool_of(district)
    people = {person.id: person for person in pool.inspectors}
    assert "SCJG-000" not in people and people["SCJG-001"].items
    assert {p.code: why for p, why in pool.staff.absent}["SCJG-000"].startswith("请假 ")
    assert people["SCJG-002"].items == () and pool.lapsed["SCJG-002"] == ["食品检查员"]
    assert people["SCJG-003"].items == ()  # the item's category is 综合


def test_strata_are_one_a_ratio_and_their_names_follow_no_grade(district: District) -> None:
    mark(district, 5, tags=["投诉举报较多"])  # grade A, drawn like grade C
    pool = pool_of(district, quota="按风险等级", disclosure="protected")
    stratum = dict(pool.candidates)
    assert stratum[uscc(5)] == stratum[uscc(12)] != stratum[uscc(10)]
    assert sorted(pool.ppm) == ["S1", "S2", "S3", "S4", "S5"]
    assert sorted(pool.ppm.values()) == [10_000, 20_000, 30_000, 100_000, 300_000]
    orders = set()
    for n in range(8):
        campaign = f"SCJG-抽查-2026-{n:04d}"
        with district.engine.read() as session:
            table = ratios.ratio_table(session, district.engine.settings)
        traits = [ratios.Traits(grade) for grade in "ABCD"]
        name_of, _ = ratios.strata(table, {"quota": "按风险等级"}, traits, campaign)
        orders.add(tuple(name_of[t] for t in traits))
    assert len(orders) > 1


def test_a_superiors_ratio_comes_before_the_table(district: District) -> None:
    pool = pool_of(district, quota="上级规定", ratio=7)
    assert pool.ppm == {"S1": 70_000}


def test_a_table_that_gives_no_ratio_is_refused(district: District) -> None:
    broken = ratios.RatioTable(
        (district.engine.settings.process_dir / "joint-inspection" / "ratio.dmn")
        .read_text("utf-8")
        .replace(">30000<", ">-1<"),
        0,
    )
    with pytest.raises(ServiceTaskFailed, match="核对比例表"):
        ratios.strata(broken, {"quota": "按风险等级"}, [ratios.Traits()], "X")


def test_items_that_may_not_be_checked_stop_the_lists_and_are_named(district: District) -> None:
    change(district, Item, Item.code == "WJ001", published=False)
    with pytest.raises(ServiceTaskFailed, match="WJ001 WJ001 检查尚未公布"):
        pool_of(district)
    with pytest.raises(ServiceTaskFailed, match="XX 不在抽查事项清单中"):
        pool_of(district, items=["SC001", "XX"])


def test_the_officer_joins_keeps_and_excludes_and_the_record_shows_it(engine: ProcessEngine) -> None:
    district = District.make(engine, objects=200)
    visited(district, 30, is_open=True)
    visited(district, 11, 20)  # B: too soon, may stay for some reasons
    visited(district, 10, 20)  # A: over its cap of one
    with district.engine.database.write() as session:
        session.add(
            Campaign(
                id=new_id(), district_id=DISTRICT, number=EARLIER, name="先前的抽查", lead="SCJG", participants=[],
                plan={"end_date": "2026-04-01"}, created_at=district.engine.clock(),
            )
        )  # fmt: skip
    district.open_campaign()
    district.approve_plan()
    task = district.task("gate_check")
    with district.engine.read() as session:
        view = district.engine.task_view(session, session.get_one(UserTask, task.id))
    assert [o["value"] for o in view.context["open_campaigns"]] == [EARLIER]
    assert "可以合并进门的在办任务" in [fact["title"] for fact in view.context["facts"]]

    def keep(number: int, why: str) -> dict[str, Any]:
        return {"uscc": uscc(number), "reason": why, "evidence": "举报件 12 号"}

    values: dict[str, Any] = {"confirmed": True, "merge_with": [EARLIER], "exclusions": [], "absences": []}
    wrong = [
        keep(10, "投诉举报集中"),
        keep(12, "投诉举报集中"),
        keep(49, "投诉举报集中"),
        keep(11, "投诉举报集中"),
        keep(11, "投诉举报集中"),
    ]
    with pytest.raises(InvalidInput) as refused:
        district.do("gate_check", "officer-SCJG", values | {"kept": wrong})
    assert list(refused.value.fields) == ["kept[0].reason", "kept[1].uscc", "kept[2].uscc", "kept[4].uscc"]
    both = {
        "kept": [keep(11, "投诉举报集中")],
        "exclusions": [{"uscc": uscc(11), "reason": "正在立案调查", "evidence": "立案表"}],
    }
    with pytest.raises(InvalidInput) as refused:
        district.do("gate_check", "officer-SCJG", values | both)
    assert "exclusions[0].uscc" in refused.value.fields
    district.do("gate_check", "officer-SCJG", values | {"kept": [keep(11, "投诉举报集中")]})
    with district.engine.read() as session:
        draw = session.scalars(sa.select(Draw)).one()
        candidates = draw.files["candidates.tsv"]
        assert uscc(11) in candidates and uscc(30) in candidates and uscc(10) not in candidates
        assert f"{uscc(10)}\t本年度已检查 1 次，达到年度频次上限 1 次" in draw.files["exclusions.tsv"]
        merge = session.scalars(sa.select(VisitMerge)).one()
        assert (merge.uscc, merge.other, merge.decided_name) == (uscc(30), EARLIER, "演示·officer-SCJG")
        basis = session.scalars(sa.select(DrawBasis)).one()
        assert basis.draw_id == draw.draw_id and basis.process_version == 1
        assert "visits-per-year" in basis.tables["frequency"] and "decisionTable" in basis.tables["ratio.dmn"]


def test_both_campaigns_see_a_shared_visit_once_both_drew_the_firm(district: District) -> None:
    visited(district, 30, is_open=True)
    visited(district, 30, campaign="WJJ-抽查-2026-0001", is_open=True)
    now = district.engine.clock()
    with district.engine.database.write() as session:
        for number, lead in ((EARLIER, "SCJG"), ("WJJ-抽查-2026-0001", "WJJ")):
            session.add(
                Campaign(
                    id=new_id(), district_id=DISTRICT, number=number, name=lead, lead=lead, plan={}, created_at=now
                )
            )
        session.add(
            VisitMerge(
                id=new_id(), district_id=DISTRICT, campaign="WJJ-抽查-2026-0001", other=EARLIER, inspection="-",
                uscc=uscc(30), decided_name="演示·李", at=now,
            )
        )  # fmt: skip
    with district.engine.read() as session:
        for here, there in ((EARLIER, "WJJ-抽查-2026-0001"), ("WJJ-抽查-2026-0001", EARLIER)):
            [visit] = shared_visits(session, DISTRICT, here)
            assert (visit.other_campaign, visit.uscc, visit.decided_name) == (there, uscc(30), "演示·李")
            assert records.inspection(session, DISTRICT, visit.own).campaign == here


def test_alarms_find_crowded_days_and_an_inspector_who_never_finds_anything(district: District) -> None:
    district.engine.clock.travel("2026-06-30T09:00:00+08:00")  # type: ignore[attr-defined]
    now = district.engine.clock()
    with district.engine.database.write() as session:
        for n, days in enumerate((60, 40, 3, 3)):
            number = f"{EARLIER}/{n}"
            at = now - timedelta(days=days)
            session.add(
                Inspection(
                    id=new_id(), district_id=DISTRICT, number=number, campaign=EARLIER, draw_id="earlier",
                    uscc=uscc(40), object={}, departments=["SCJG"], visits_ended_at=at, closed_at=at,
                )
            )  # fmt: skip
            session.add(
                DepartmentInspection(
                    id=new_id(), district_id=DISTRICT, number=f"{number}/SCJG", inspection=number, campaign=EARLIER,
                    department="SCJG", inspectors=["SCJG-000", f"SCJG-00{n + 1}"], items=["SC001"], visit_ended_at=at,
                )
            )  # fmt: skip
    with district.engine.read() as session:
        settings, today = district.engine.settings, now.date()
        firms = firm_alarms(session, settings, DISTRICT, today)
        pairs = pair_alarms(session, settings, DISTRICT, today)
    assert [(a.alarm.days, a.visits, a.last) for a in firms] == [(1, 2, date(2026, 6, 27))]
    assert [(p.inspector, p.uscc, p.checks) for p in pairs] == [("SCJG-000", uscc(40), 4)]


def test_figures_without_the_lists_are_those_of_the_lists_and_count_the_registry_once(district: District) -> None:
    """The gate's page reads a few firms and counts the rest together; the freeze reads every one."""
    visited(district, 10, 20)  # A: over its cap
    visited(district, 11, 20)  # B: too soon
    visited(district, 30, is_open=True)
    visited(district, 49, 20)  # 注销
    mark(district, 22, last_inspected_on=date(2026, 2, 20))
    mark(district, 23, kind="个体工商户")
    mark(district, 24, region="370105009", status="在营", tags=["守信"])
    with district.engine.database.write() as session:
        session.add(
            SpecialArea(
                id=new_id(), district_id=DISTRICT, code="Z1", name="危险化学品", department="YJJ", industries=["C"],
                objects=[uscc(8)], legal_basis="法", outside_draw=True, published_at=district.engine.clock(),
                created_at=district.engine.clock(), updated_at=district.engine.clock(),
            )
        )  # fmt: skip
    added = {"exclusions": [{"uscc": uscc(12), "reason": "正在立案调查", "evidence": "立案表"}]}
    kept = {"kept": [{"uscc": uscc(11), "reason": "投诉举报集中", "evidence": "12345"}], "merge_with": [EARLIER]}
    plans: list[dict[str, Any]] = [
        {}, {"quota": "按风险等级"}, {"regions": ["370105001"], "kinds": ["企业"]}, {"industries": ["C", "H62"]},
        {"grouping": "邻近分组", "max_group": 3, "disclosure": "open"},
    ]  # fmt: skip
    counted = 0
    with district.engine.read() as session:
        campaign = Campaign(
            id=new_id(), district_id=DISTRICT, number="SCJG-抽查-2026-0009", name="本次", lead="SCJG",
            participants=["YJJ", "WJJ"], plan={}, created_at=district.engine.clock(),
        )  # fmt: skip
        for plan in plans:
            for checked in ({}, added, kept):
                asked = (session, district.engine.settings, campaign, PLAN | plan, district.engine.clock(), checked)
                before = statements(session)
                look = outlook(*asked)
                counted += sum("GROUP BY inspected_object.status" in text for text in before())
                pool = build_pool(*asked)
                kinds: dict[str, list[str]] = {}
                for code, why in pool.exclusions:
                    bar = pool.barred.get(code)
                    kinds.setdefault(KINDS[bar.rule] if bar else why, []).append(code)
                assert {kind: len(codes) for kind, codes in kinds.items()} == dict(look.excluded)
                assert (look.candidates, look.expected) == (pool.size, pool.expected())
                assert look.barred.keys() == pool.barred.keys() and look.crew.inspectors == pool.inspectors
                for kind, codes in kinds.items():
                    assert [firm.uscc for firm in look.excluded_firms(kind)] == sorted(codes)
                assert look.visited == Counter(d for site in pool.scope.values() for d in site.departments)
                assert look.shortages() == pool.shortages() == ()
    assert counted == 1


def statements(session: Session) -> Callable[[], list[str]]:
    """What the session sends from now on until the answer is asked for."""
    seen: list[str] = []

    def note(*execution: Any) -> None:
        seen.append(execution[2])

    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", note)

    def done() -> list[str]:
        sa.event.remove(connection, "before_cursor_execute", note)
        return seen

    return done
