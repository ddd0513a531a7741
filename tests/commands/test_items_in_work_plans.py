"""Only published items in force are checked, and special key areas are left out of the draw where they say so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection.item_models import SpecialArea
from engine.inspection.models import Draw, Item
from engine.models import UserTask
from engine.process_engine import ProcessEngine
from tests.support.draw_district import DISTRICT, District, uscc

#: What no database sees differently is tested on one.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    return District.make(engine, objects=80)


def change(district: District, code: str, **values: Any) -> None:
    with district.engine.database.write() as session:
        session.execute(sa.update(Item).where(Item.code == code).values(**values))


def by_firm(files: dict[str, str], name: str) -> dict[str, str]:
    """The lines of one list of a record by the firm they are about."""
    text = next(content for file, content in files.items() if file.startswith(name))
    return {line.replace("\t", "|").split("|")[0]: line for line in text.splitlines()}


@ON_SQLITE
def test_a_work_plan_offers_and_takes_only_published_items_in_force_for_all_its_days(district: District) -> None:
    district.open_campaign()
    change(district, "SC001", valid_from=date(2026, 3, 17))
    change(district, "WJ001", valid_until=date(2026, 4, 29))
    with pytest.raises(InvalidInput) as refused:
        district.approve_plan()
    assert refused.value.fields["items"] == [
        "事项 SC001 自 2026-03-17 起施行，不得列入检查，请更换事项或检查时间。",
        "事项 WJ001 将于 2026-04-29 失效，不得列入检查，请更换事项或检查时间。",
    ]
    change(district, "YJ001", published=False)
    change(district, "WJ001", valid_until=date(2026, 3, 1))
    with district.engine.read() as session:
        task = session.get_one(UserTask, district.task("draft_work_plan").id)
        offered = district.engine.task_view(session, task).context["items"]
    assert [one["value"] for one in offered] == ["SC001"]


@ON_SQLITE
def test_what_stopped_being_checkable_after_approval_stops_the_freezing(district: District) -> None:
    district.open_campaign()
    district.approve_plan()
    change(district, "YJ001", published=False)
    with pytest.raises((InvalidInput, ServiceTaskFailed), match=r"YJ001.*尚未公布"):
        district.do("gate_check", "officer-SCJG", {"confirmed": True})
    change(district, "YJ001", published=True)
    district.do("gate_check", "officer-SCJG", {"confirmed": True})


def test_objects_of_areas_inspected_outside_the_draw_are_left_to_other_departments_or_excluded(
    district: District, engine: ProcessEngine
) -> None:
    # H6210 is checked by all three, C1310 by SCJG and YJJ, F5212 by SCJG alone.
    with engine.database.write() as session:
        for number, (department, industry, outside, until) in enumerate(
            (
                ("YJJ", "C1310", True, None), ("SCJG", "F5212", True, None), ("WJJ", "H6210", False, None),
                ("SCJG", "H6110", True, date(2026, 3, 1)),
            ),
            start=1,
        ):  # fmt: skip
            session.add(
                SpecialArea(
                    id=new_id(), district_id=DISTRICT, code=f"ZD-{number}", name=f"领域{number}", department=department,
                    legal_basis="条例", industries=[industry], outside_draw=outside, valid_until=until,
                    published_at=engine.clock(), created_at=engine.clock(), updated_at=engine.clock(),
                )
            )  # fmt: skip
    district.freeze()
    with engine.read() as session:
        files = session.scalars(sa.select(Draw)).one().files
    lines = by_firm(files, "exclusions")
    assert "属重点领域“领域2”，由市场监督管理局另行检查，不列入随机抽取" in lines[uscc(1)]
    assert uscc(0) not in lines and uscc(2) not in lines and uscc(3) not in lines
    sites = by_firm(files, "scope")
    assert "YJJ" not in sites[uscc(2)] and "SCJG" in sites[uscc(2)]
    assert "WJJ" in sites[uscc(0)] and "SCJG" in sites[uscc(3)]
