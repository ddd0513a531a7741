"""When an item may be checked, and what differs between two versions of the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from engine.inspection import item_fields, item_lists
from engine.inspection.item_models import ItemListEntry
from engine.inspection.item_validity import state_of, why_not_checkable

MARCH, MAY = date(2026, 3, 1), date(2026, 5, 31)


@dataclass
class Dated:
    published: bool = True
    valid_from: date | None = None
    valid_until: date | None = None


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (Dated(), ""),
        (Dated(valid_from=MARCH, valid_until=MAY), ""),
        (Dated(published=False), "尚未公布"),
        (Dated(valid_from=date(2026, 3, 2)), "自 2026-03-02 起施行"),
        (Dated(valid_until=date(2026, 5, 30)), "将于 2026-05-30 失效"),
        (Dated(valid_until=date(2026, 2, 28)), "已于 2026-02-28 失效"),
    ],
    ids=["no-term", "just-within", "unpublished", "a-day-early", "a-day-late", "ended-before"],
)
def test_an_item_is_checkable_only_published_and_in_force_on_every_day(item: Dated, said: str) -> None:
    found = why_not_checkable(item, MARCH, MAY)
    assert found.startswith(said) and bool(found) == bool(said)


def test_a_list_shows_one_state_an_item() -> None:
    states = [
        state_of(item, MARCH)
        for item in (
            Dated(), Dated(published=False), Dated(valid_from=MAY), Dated(valid_until=date(2026, 2, 28)),
            Dated(valid_from=MARCH, valid_until=MARCH),
        )
    ]  # fmt: skip
    assert states == ["有效", "未公布", "尚未施行", "已失效", "有效"]


def entry(code: str, department: str = "SCJG", **fields: object) -> ItemListEntry:
    values = {"code": code, "department": department, "name": f"事项{code}", **fields}
    return ItemListEntry(code=code, department=department, name=f"事项{code}", fields=values)


def test_two_versions_differ_by_what_came_went_and_changed() -> None:
    old = [entry("1", ratio_ppm=30_000, section=""), entry("2"), entry("3", list_version="第1版")]
    new = [entry("1", ratio_ppm=50_000, section=None), entry("3", list_version="第2版"), entry("4", "YJJ")]
    found = item_lists.compare(old, new)
    assert [(d.kind, d.code) for d in found] == [("变更", "1"), ("减少", "2"), ("增加", "4")]
    assert found[0].fields == [("ratio_ppm", 30_000, 50_000)]
    assert item_lists.compare(new, new) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("is_key", True, "重点"), ("is_key", None, "一般"), ("ratio_ppm", 35_000, "3.5%"), ("ratio_ppm", 1, "0.0001%"),
        ("ratio_ppm", 1_000_000, "100%"), ("industries", ["H62", "F52"], "H62、F52"), ("department", "SCJG", "市监局"),
        ("valid_from", None, ""), ("content", "甲", "甲"), ("published", False, "否"),
    ],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_values_are_told_in_words(field: str, value: object, words: str) -> None:
    assert item_fields.words(field, value, {"SCJG": "市监局"}) == words


def test_ways_of_checking_are_read_however_a_file_separates_them() -> None:
    assert item_fields.methods("实地核查；书面检查、 网络监测") == ["实地核查", "书面检查", "网络监测"]
    assert item_fields.methods(None) == []
