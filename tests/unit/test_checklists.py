"""Checklists merged per object type, and what a work plan must agree with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from engine.db import Database, new_id
from engine.inspection import checklists
from engine.inspection.joint_models import Checkpoint
from engine.inspection.models import Item
from engine.inspection.work_plan_checks import check_form, check_methods
from engine.settings import Settings

NOW = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


def item(code: str, content: str, *, method: str = "实地核查；书面检查", industries: tuple[str, ...] = ()) -> Item:
    return Item(
        id=new_id(), district_id="370105", code=code, department=code[:4].rstrip("-"), category="检查",
        name=f"{code}检查", legal_basis=f"{code}的依据", content=content, method=method,
        industries=list(industries), row_digest="-", created_at=NOW, updated_at=NOW,
    )  # fmt: skip


def point(code: str, position: int, content: str, subject: str = "", kinds: tuple[str, ...] = ()) -> Checkpoint:
    return Checkpoint(
        id=new_id(), district_id="370105", item=code, position=position, content=content, subject=subject,
        kinds=list(kinds),
    )  # fmt: skip


def test_lines_of_one_subject_or_of_the_same_words_are_one_line_for_every_organ(database: Database) -> None:
    items = [
        item("WJJ-001", "公共用品是否消毒；是否 公示许可证。", industries=("H61",)),
        item("SCJG-001", "不使用的内容"),
        item("GAJ-001", "是否公示许可证；安全出口是否畅通", industries=("H61", "R9011")),
    ]
    with database.write() as session:
        session.add_all(items)
        session.add_all(
            [
                point("SCJG-001", 1, "是否亮照经营", "亮照"),
                point("SCJG-001", 2, "经营者是否一致", kinds=("个体工商户",)),
            ]
        )
    plan = {"items": ["WJJ-001", "SCJG-001", "GAJ-001"], "methods": ["实地核查", "书面检查"],
            "item_methods": [{"item": "GAJ-001", "method": "书面检查"}]}  # fmt: skip
    with database.read() as session:
        found = checklists.merged(
            session, plan, checklists.items_of(session, "370105", plan["items"]), ["SCJG", "WJJ", "GAJ"]
        )
    by_kind = {kind: each for each in found for kind in each.kinds}
    assert len(found) == 2 and by_kind["企业"] is by_kind["事业单位"]
    assert [line.content for line in by_kind["个体工商户"].lines][:2] == ["是否亮照经营", "经营者是否一致"]
    lines = by_kind["企业"].lines
    assert [(line.number, line.departments) for line in lines] == [
        (1, ["SCJG"]), (2, ["WJJ"]), (3, ["WJJ", "GAJ"]), (4, ["GAJ"]),
    ]  # fmt: skip
    shared = lines[2]
    assert [need.method for need in shared.needs] == ["实地核查", "书面检查"]
    assert [need.legal_basis for need in shared.needs] == ["WJJ-001的依据", "GAJ-001的依据"]
    assert shared.industries == ["H61", "R9011"] and shared.applies("R9011") and not shared.applies("H62")
    assert by_kind["企业"].saved == 1
    assert [line.number for line in checklists.of_object(found, "企业", "H62")] == [1]
    assert [line.number for line in checklists.of_object(found, "企业", "R9011")] == [1, 3, 4]


def test_industries_chosen_in_the_plan_stand_before_the_items_own() -> None:
    items = [item("SCJG-001", "", industries=("F52",)), item("SCJG-002", "")]
    assert [i.code for i in checklists.applicable({"industries": ["H"]}, items, "H62")] == ["SCJG-001", "SCJG-002"]
    assert [i.code for i in checklists.applicable({}, items, "H62")] == ["SCJG-002"]


PLAN: dict[str, Any] = {
    "form": "综合联查", "quota": "统一比例", "methods": ["实地核查"], "items": ["SCJG-001", "WJJ-001"],
    "start_date": "2026-03-16", "end_date": "2026-04-30",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "faulty"),
    [
        ({}, set()),
        ({"form": "风险分类联查"}, {"quota"}),
        ({"form": "风险分类联查", "quota": "按风险等级"}, set()),
        ({"form": "专项整治联查"}, {"ground", "ground_document"}),
        ({"form": "专项整治联查", "ground": "预付卡投诉集中", "ground_document": "区联办〔2026〕3号"}, set()),
        ({"form": "运动式联查"}, {"form"}),
    ],
    ids=["comprehensive", "risk-uniform", "risk-table", "special-bare", "special", "unknown"],
)
def test_each_form_of_a_joint_inspection_has_its_own_demands(
    settings: Settings, changes: dict[str, Any], faulty: set[str]
) -> None:
    faults: dict[str, list[str]] = {}
    check_form(settings, {**PLAN, **changes}, date(2026, 3, 2), faults)
    assert set(faults) == faulty


@pytest.mark.parametrize(
    ("changes", "faulty"),
    [
        ({}, set()),
        ({"methods": ["书面检查"]}, {"methods"}),
        ({"methods": ["实地核查", "书面检查"]}, {"methods"}),
        ({"methods": ["实地核查", "书面检查"], "written_due_on": "2026-03-20",
          "item_methods": [{"item": "SCJG-001", "method": "书面检查"}]}, set()),
        ({"methods": ["实地核查", "书面检查"], "written_due_on": "2026-05-20",
          "item_methods": [{"item": "SCJG-001", "method": "书面检查"}]}, {"written_due_on"}),
        ({"item_methods": [{"item": "YJJ-009", "method": "网络监测"}]},
         {"item_methods[0].item", "item_methods[0].method"}),
    ],
    ids=["on-site", "not-on-the-list", "unused", "one-written", "too-late", "foreign-row"],
)  # fmt: skip
def test_methods_stay_within_the_plan_and_the_item_list(changes: dict[str, Any], faulty: set[str]) -> None:
    faults: dict[str, list[str]] = {}
    items = [item("SCJG-001", ""), item("WJJ-001", "", method="实地核查")]
    check_methods({**PLAN, **changes}, items, faults)
    assert set(faults) == faulty
