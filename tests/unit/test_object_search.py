"""The search index of the object registry finds exactly what reading every row would find, in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from engine.db import Database, new_id
from engine.inspection import object_index, object_orders, object_search
from engine.inspection.models import InspectedObject
from engine.inspection.object_bits import pack, slots_of, unpack
from engine.inspection.object_filter import EXPIRES, INSPECTED, ObjectFilter, known_values
from engine.inspection.object_index import index_objects, leave, reserve
from engine.inspection.object_models import ObjectLeft, ObjectPosting, ObjectSegment
from engine.inspection.object_search import Search
from engine.inspection.object_terms import HEAD, ORDERS, fold, order_key

DISTRICT, TODAY = "370105", date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
WORDS = "鑫源泉城华泰食品商贸酒店"
NAMES = ("name", "address", "legal_representative", "uscc")


def registry(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    random = Random(seed)
    for number in range(count):
        day = TODAY - timedelta(days=random.randrange(900))
        pick = random.choice
        yield {
            "id": new_id(), "district_id": DISTRICT, "uscc": f"9{pick('12')}370105MA{random.randrange(31**4):07d}X",
            "name": f"济南天桥{pick(WORDS)}{pick(WORDS)}{pick(WORDS)}（演示）店{number % 7}",
            "kind": pick(["企业", "个体工商户"]),
            "status": pick(["存续"] * 9 + ["注销"]),
            "legal_representative": f"{pick('王李张')}某{pick(WORDS)}" if number % 17 else "",
            "address": f"济南市天桥区Ｂ路{number % 90}号" if number % 19 else "",
            "industry": pick(["F5212", "H6210", "H"]),
            "region": f"37010500{number % 5}", "risk_grade": pick("ABCD"), "risk_grade_on": None,
            "tags": ["重点行业"] if number % 9 == 0 else [], "special_registries": ["食品"] if number % 4 == 0 else [],
            "permits": [{"name": "食品经营许可证", "number": "1", "issued": "", "issuer": "审批局",
                         "expires": (TODAY + timedelta(days=random.randrange(-60, 120))).isoformat()}]
            if number % 3 == 0 else [],
            "supervisor": pick(["SCJG", ""]), "risk_scheme": "", "on_abnormal_list": number % 11 == 0,
            "to_verify": "代码有误" if number % 13 == 0 else "", "last_inspected_on": day if number % 2 else None,
            "established_on": day if number % 5 else None, "row_digest": "", "registrar": "", "business_scope": "",
            "responsible_unit": "", "contact": "", "phone": "", "longitude": None, "latitude": None,
            "import_id": None, "created_at": NOW, "updated_at": NOW - timedelta(minutes=random.randrange(500)),
        }  # fmt: skip


def fill(database: Database, count: int, *, placed: bool = True, seed: int = 1) -> None:
    rows = {row["uscc"]: row for row in registry(count, seed)}
    with database.write() as session:
        first = reserve(session, DISTRICT, len(rows)) if placed else None
        given = [{**row, "position": first + n if placed else None} for n, row in enumerate(rows.values())]
        session.execute(sa.insert(InspectedObject.__table__), given)


def by_reading(database: Database, wanted: ObjectFilter) -> list[str]:
    """The oracle: every row, judged one by one."""
    with database.read() as session:
        rows = [dict(row) for row in session.execute(sa.select(InspectedObject.__table__)).mappings()]
    found = [row for row in rows if _meant(row, wanted)]
    found.sort(key=lambda row: order_key(wanted.sort, row), reverse=wanted.descending)
    return [row["uscc"] for row in found]


def _meant(row: dict[str, Any], f: ObjectFilter) -> bool:
    fields = {"name": "name", "code": "uscc", "address": "address", "person": "legal_representative"}
    for word in f.words():
        texts = [fields[f.within]] if f.within else list(NAMES)
        if not any(word in fold(row[t])[HEAD:] or row[t].startswith(word) if t == "uscc" else word in fold(row[t])
                   for t in texts):  # fmt: skip
            return False
    names = [p["name"] for p in row["permits"]]
    ends = [p["expires"] for p in row["permits"]]
    today, last = TODAY.isoformat(), row["last_inspected_on"]
    recent = last is not None and last >= date(2025, 3, 2)
    within = {str(n): any(today <= e <= (TODAY + timedelta(days=n)).isoformat() for e in ends) for n in (30, 60, 90)}
    return all(
        (
            not f.region or row["region"] in f.region,
            not f.industry or row["industry"].startswith(f.industry),
            not f.kind or row["kind"] in f.kind,
            not f.status or row["status"] in f.status,
            not f.grade or row["risk_grade"] in f.grade,
            not f.tag or not set(f.tag).isdisjoint(row["tags"]),
            not f.special or not set(f.special).isdisjoint(row["special_registries"]),
            not f.permit or not set(f.permit).isdisjoint(names),
            not f.supervisor or row["supervisor"] in f.supervisor,
            not f.abnormal or row["on_abnormal_list"],
            not f.verify or bool(row["to_verify"]),
            {"": True, "year": recent, "not": not recent, "never": last is None}[f.inspected],
            {"": True, "over": any(e < today for e in ends), **within}[f.expires],
        )
    )


def by_index(database: Database, wanted: ObjectFilter, size: int = 40) -> list[str]:
    """All pages, one after the other, and each of them backwards again."""
    found: list[str] = []
    with database.read() as session:
        search = Search(session, DISTRICT, wanted.question(TODAY))
        after, total = None, None
        while True:
            page = search.page(wanted.sort, descending=wanted.descending, size=size, after=after)
            found += page.usccs
            if page.exact:
                total = page.total
            if not page.more:
                break
            after = page.keys[-1]
        if page.keys and len(found) > len(page.keys):
            back = search.page(wanted.sort, descending=not wanted.descending, size=size, after=page.keys[0])
            assert back.usccs[::-1] == found[-len(page.usccs) - len(back.usccs) : -len(page.usccs)]
    assert total is None or total == len(found)
    return found


FILTERS: dict[str, Mapping[str, str]] = {
    "everything": {},
    "newest": {"sort": "updated", "dir": "desc"},
    "a-region": {"region": "370105003", "sort": "established"},
    "a-section": {"industry": "H", "sort": "inspected", "dir": "desc"},
    "a-division": {"industry": "F52", "kind": "企业"},
    "a-rare-tag-in-a-region": {"tag": "重点行业", "region": "370105001", "grade": "D"},
    "one-character": {"q": "鑫"},
    "two-characters": {"q": "泉城", "within": "name"},
    "many-characters": {"q": "鑫源泉城"},
    "brackets-and-widths": {"q": "(演示)店 b路1"},
    "two-words": {"q": "王某 食品", "sort": "updated"},
    "a-person": {"q": "王某鑫", "within": "person"},
    "an-address": {"q": "B路12号", "within": "address", "sort": "inspected"},
    "a-codes-beginning": {"q": "91370105MA00", "within": "code"},
    "a-codes-end": {"q": "7x"},
    "nothing": {"q": "没有这样的名称"},
    "never-inspected": {"inspected": "never"},
    "combined": {"status": "存续", "special": "食品", "abnormal": "1", "inspected": "not", "sort": "established"},
    "several": MultiDict([("status", "存续"), ("status", "注销"), ("grade", "A"), ("grade", "D"), ("sort", "updated")]),
    "in-doubt": {"verify": "1", "supervisor": "SCJG", "dir": "desc"},
    **{f"inspected-{name}": {"inspected": name, "sort": "inspected"} for name in INSPECTED},
    **{f"expires-{name}": {"expires": name, "permit": "食品经营许可证"} for name in EXPIRES},
}


@pytest.mark.parametrize("few", [20, 1_000], ids=["merged", "sorted"])
def test_every_filter_finds_what_reading_every_row_finds(
    database: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(object_search, "FEW", few)
    monkeypatch.setattr(object_index, "SEGMENT", 256)
    monkeypatch.setattr(object_search, "SEGMENT", 256)
    monkeypatch.setattr(object_search, "SOME", 3)
    monkeypatch.setattr(object_orders, "PART", 64)
    monkeypatch.setattr(object_orders, "STRIDE", 8)
    fill(database, 700)
    assert index_objects(database, DISTRICT, NOW) > 690
    with database.read() as session:
        assert len(session.scalars(sa.select(ObjectSegment.number)).all()) == 3
    for name, asked in FILTERS.items():
        wanted = ObjectFilter.read(asked, grades=True)
        assert by_index(database, wanted) == by_reading(database, wanted), name


def test_what_was_written_since_is_found_at_once_and_nothing_twice(database: Database) -> None:
    fill(database, 120)
    index_objects(database, DISTRICT, NOW)
    with database.write() as session:
        some = session.scalars(sa.select(InspectedObject).order_by(InspectedObject.uscc).limit(30)).all()
        for row in some:
            row.name, row.region = row.name + "改", "370105999"
    fill(database, 40, placed=False, seed=2)
    for name, asked in FILTERS.items():
        wanted = ObjectFilter.read(asked, grades=True)
        assert by_index(database, wanted) == by_reading(database, wanted), name
    moved = ObjectFilter(region=("370105999",))
    assert len(by_index(database, moved)) == 30
    index_objects(database, DISTRICT, NOW)
    assert len(by_index(database, moved)) == 30 and by_index(database, ObjectFilter()) == by_reading(
        database, ObjectFilter()
    )  # fmt: skip
    with database.read() as session:
        assert session.scalars(sa.select(ObjectLeft.position)).all() == []


def test_objects_no_index_has_seen_stand_in_order_too(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_search, "FEW", 20)
    fill(database, 60, placed=False)
    for sort in ORDERS:
        wanted = ObjectFilter(sort=sort)
        assert by_index(database, wanted) == by_reading(database, wanted)


def test_too_many_unseen_objects_are_counted_and_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_search, "UNSEEN", 10)
    fill(database, 30, placed=False)
    with database.read() as session:
        page = Search(session, DISTRICT, ObjectFilter().question(TODAY)).page("name", descending=False, size=5)
    assert page.usccs == [] and page.unseen == len(by_reading(database, ObjectFilter()))


def test_a_segment_that_everybody_left_keeps_no_postings(database: Database) -> None:
    fill(database, 20)
    index_objects(database, DISTRICT, NOW)
    with database.write() as session:
        old = session.scalars(sa.select(InspectedObject.position)).all()
        leave(session, DISTRICT, old)
        first = reserve(session, DISTRICT, 100_000)
        for number, row in enumerate(session.execute(sa.select(InspectedObject.id)).scalars().all()):
            table: Any = InspectedObject.__table__
            session.execute(sa.update(table).where(table.c.id == row).values(position=first + 90_000 + number))
    index_objects(database, DISTRICT, NOW)
    with database.read() as session:
        assert set(session.scalars(sa.select(ObjectPosting.segment))) == {1}
    assert by_index(database, ObjectFilter()) == by_reading(database, ObjectFilter())


def test_indexing_again_reads_nothing(database: Database) -> None:
    fill(database, 20)
    assert index_objects(database, DISTRICT, NOW) and index_objects(database, DISTRICT, NOW) == 0


def test_the_values_to_choose_from_are_those_that_occur(database: Database) -> None:
    fill(database, 100)
    index_objects(database, DISTRICT, NOW)
    with database.read() as session:
        found = known_values(session, DISTRICT)
    assert found["tag"] == ["重点行业"] and found["grade"] == list("ABCD") and found["supervisor"] == ["SCJG"]


def test_who_may_not_see_grades_cannot_filter_by_them() -> None:
    assert ObjectFilter.read({"grade": "D"}, grades=False).grade == ()
    asked = ObjectFilter.read({"grade": "D", "sort": "rank", "dir": "up", "inspected": "x", "q": " a  b "}, grades=True)
    assert asked.given() == {"grade": ("D",), "q": "a b"}
    many = MultiDict([("status", "存续"), ("status", "注销"), ("status", "存续"), ("region", "")])
    assert ObjectFilter.read(many, grades=False).given() == {"status": ("存续", "注销")}


@pytest.mark.parametrize("slots", [[], [0], [7, 8, 65_535], list(range(0, 65_536, 3))], ids=len)
def test_sets_of_positions_survive_being_kept(slots: list[int]) -> None:
    assert slots_of(unpack(pack(slots))) == slots


def test_orders_are_known() -> None:
    assert set(ORDERS) == {"name", "inspected", "established", "updated"}
