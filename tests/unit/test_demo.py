"""The demo district: generated from a seed, fictitious and marked so, loaded through the importer."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.accounts import password_matches
from engine.calendar import Calendar
from engine.db import Database
from engine.errors import LianjianError
from engine.inspection import uscc
from engine.inspection.demo import DEMO_LOGINS, DEMO_PASSWORD, accounts, generate, is_loaded, load_demo
from engine.inspection.demo.departments import ORGANS
from engine.inspection.demo.items import demo_items
from engine.inspection.demo.objects import MARK
from engine.inspection.demo.places import PLACES
from engine.inspection.industries import normalise_industry
from engine.inspection.models import InspectedObject, Inspector, Item
from engine.models import Department, User, UserRole
from engine.settings import Settings

ROLES = {
    "承办人", "科室负责人", "分管负责人", "机关负责人", "执法检查人员", "抽取监督人", "法制审核人员",
    "联席会议办公室", "区政府", "监管督查", "流程设计", "系统管理员", "审计监督",
}  # fmt: skip


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    return _read(generate(tmp_path_factory.mktemp("demo"), objects=20_000).objects)


@pytest.fixture
def demo_settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    def written(folder: str, seed: int) -> list[bytes]:
        files = generate(tmp_path / folder, seed=seed, objects=300, inspectors=100, items=120)
        return [path.read_bytes() for path in (files.objects, files.inspectors, files.items)]

    first = written("a", 1)
    assert written("b", 1) == first
    assert written("c", 2)[:2] != first[:2]


def test_every_object_is_marked_fictitious_and_has_its_own_code_and_name(objects: list[dict[str, str]]) -> None:
    assert all(MARK in entry["标签"] and "虚构" in entry["登记机关"] for entry in objects)
    assert len({entry["统一社会信用代码"] for entry in objects}) == len(objects)
    assert len({entry["检查对象名称"] for entry in objects}) == len(objects)
    assert all("某" in entry["法定代表人"] and entry["联系电话"].startswith("0531-0000") for entry in objects)


def test_objects_lie_in_all_sub_districts_and_are_mostly_sole_traders(objects: list[dict[str, str]]) -> None:
    assert {entry["行政区划代码"] for entry in objects} == {place.code for place in PLACES}
    assert len(PLACES) == 15
    kinds = Counter(entry["检查对象类型"] for entry in objects)
    assert 0.58 < kinds["个体工商户"] / len(objects) < 0.62
    assert {"企业", "农民专业合作社", "事业单位", "民办非企业单位", "农村集体经济组织"} <= set(kinds)
    assert all(normalise_industry(entry["行业代码"]) == entry["行业代码"] for entry in objects)


def test_a_small_share_of_codes_fails_its_check_character(objects: list[dict[str, str]]) -> None:
    doubtful = sum(bool(uscc.doubts(entry["统一社会信用代码"])) for entry in objects)
    assert 0.001 < doubtful / len(objects) < 0.006
    assert any(entry["统一社会信用代码"][0] == "N" for entry in objects), "letters stand in the first eight"


def test_every_item_has_objects_and_enough_qualified_inspectors(objects: list[dict[str, str]], tmp_path: Path) -> None:
    files = generate(tmp_path, objects=1)
    inspectors = [entry for entry in _read(files.inspectors) if entry["是否参与抽取"] == "是"]
    industries = Counter(entry["行业代码"] for entry in objects)
    items = _read(files.items)
    assert len(items) == 120
    assert len(_read(files.inspectors)) == 500
    assert {entry["责任部门"] for entry in items} == {organ.code for organ in ORGANS}
    assert {entry["事项性质"] for entry in items} == {"重点检查事项", "一般检查事项"}
    for entry in items:
        scope = [part for part in entry["适用行业"].split(",") if part]
        reached = sum(n for industry, n in industries.items() if not scope or industry.startswith(tuple(scope)))
        assert reached >= 20, entry["抽查事项"]
        qualified = [person for person in inspectors if entry["事项编码"] in person["对应抽查事项"].split("；")]
        assert len(qualified) >= 4, entry["抽查事项"]


def test_fewer_items_still_cover_the_departments_and_more_than_written_are_refused() -> None:
    assert {item.department for item in demo_items(15)} == {organ.code for organ in ORGANS}
    with pytest.raises(ValueError, match="120"):
        demo_items(121)


def test_the_whole_district_loads_and_a_second_load_changes_nothing(
    database: Database, demo_settings: Settings, clock: Any
) -> None:
    told: list[str] = []
    size = {"objects": 600, "inspectors": 150, "items": 120}
    now = clock.now
    reports = load_demo(database, demo_settings, now, lambda label, done, total: told.append(label), **size)
    assert {kind: (r.inserted, r.rejected, r.hints) for kind, r in reports.items()} == {
        "items": (120, 0, 0),
        "inspectors": (150, 0, 0),
        "objects": (600, 0, 0),
    }
    assert set(told) >= {"生成演示数据", "导入检查对象"}
    before = _everything(database)
    assert load_demo(database, demo_settings, now, **size) == {}
    assert _everything(database) == before
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Department)) == 16
        assert all(session.scalars(sa.select(Item.published)))
        assert not Calendar.load(session, "370105", demo_settings.timezone).is_provisional(2026)


def test_an_interrupted_load_is_taken_up_again(
    new_sqlite_url: Callable[[], str], demo_settings: Settings, clock: Any
) -> None:
    database = Database(new_sqlite_url())
    now = clock.now
    size = {"objects": 50, "inspectors": 60, "items": 30}
    load_demo(database, demo_settings, now, **size)
    with database.write() as session:
        last = session.scalars(sa.select(User).where(User.login == accounts()[-1].login)).one()
        session.execute(sa.delete(UserRole).where(UserRole.user_id == last.id))
        session.delete(last)
        session.execute(sa.delete(InspectedObject).where(InspectedObject.region == PLACES[0].code))
    assert not is_loaded(database, 50)
    reports = load_demo(database, demo_settings, now, **size)
    assert reports["objects"].inserted + reports["objects"].unchanged == 50
    assert is_loaded(database, 50)
    database.dispose()


def test_every_role_can_sign_in_and_forty_inspectors_have_accounts(
    new_sqlite_url: Callable[[], str], demo_settings: Settings, clock: Any
) -> None:
    database = Database(new_sqlite_url())
    load_demo(database, demo_settings, clock.now, objects=50, inspectors=200, items=120)
    with database.read() as session:
        users = {user.login: user for user in session.scalars(sa.select(User))}
        roles = {(role.user_id, role.department, role.role) for role in session.scalars(sa.select(UserRole))}
        linked = {person.code: person for person in session.scalars(sa.select(Inspector)) if person.user_id}
        assert {role for _, _, role in roles} == ROLES
        for organ in ORGANS:
            for post in (
                "承办人",
                "科室负责人",
                "分管负责人",
                "机关负责人",
                "执法检查人员",
                "法制审核人员",
                "监管督查",
            ):
                assert any(role[1:] == (organ.code, post) for role in roles), (organ.name, post)
        witnesses = [users[f"witness{i}"].department for i in (1, 2, 3)]
        assert len(set(witnesses)) == 3
        assert witnesses[:2] == ["GAJ", "SSJ"]
        assert len(linked) == 46
        assert users["scjg-inspector1"].id == linked["SCJG-001"].user_id
        assert users["scjg-inspector1"].name == linked["SCJG-001"].name
        assert all(person.drawable for person in linked.values())
        assert len({user.password_hash for user in users.values()}) == 1
        assert password_matches(users["scjg-officer"].password_hash, DEMO_PASSWORD)
        assert all(user.name.startswith("演示·") for user in users.values())
        shown = {login.login for login in DEMO_LOGINS if login.login.isascii() and "…" not in login.login}
        assert shown <= set(users)
    database.dispose()


def test_the_demo_is_refused_in_another_district(
    new_sqlite_url: Callable[[], str], demo_settings: Settings, clock: Any
) -> None:
    database = Database(new_sqlite_url())
    with pytest.raises(LianjianError, match="LIANJIAN_DISTRICT_ID"):
        load_demo(database, replace(demo_settings, district_id="370102"), clock.now)
    database.dispose()


def _everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = (Department, User, UserRole, InspectedObject, Inspector, Item)
    with database.read() as session:
        return {
            table.__tablename__: sorted(map(tuple, session.execute(sa.select(table.__table__))), key=str)
            for table in tables
        }
