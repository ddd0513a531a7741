"""Who may be drawn, on both databases: leave, team members who stand in, load."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.db import Database, new_id
from engine.inspection.inspector_load import Load, loads
from engine.inspection.models import DepartmentInspection, Inspector
from engine.inspection.registry_models import EnforcementTeam, InspectorLeave
from engine.inspection.standing import on_leave, serving, why_not_drawable

DISTRICT = "370105"
DAY = date(2026, 3, 2)


def inspector(code: str, now: Any, **values: Any) -> Inspector:
    given: dict[str, Any] = {
        "department": "ZFJ", "certificate_number": "15001", "expert": False, "drawable": True, "status": "在岗",
        "certificate_until": None,
    }  # fmt: skip
    return Inspector(
        id=new_id(), district_id=DISTRICT, code=code, name=code, row_digest="-", created_at=now, updated_at=now,
        **{**given, **values},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, ""),
        ({"expert": True}, "专家"),
        ({"certificate_number": ""}, "没有执法证件"),
        ({"certificate_until": date(2026, 3, 1)}, "到期"),
        ({"certificate_until": DAY}, ""),
        ({"drawable": False}, "不参与抽取"),
        ({"status": "借调"}, "借调"),
    ],
    ids=["able", "expert", "uncertified", "lapsed", "last-day", "not-drawable", "away"],
)
def test_only_certified_people_on_duty_are_drawn(values: dict[str, Any], said: str, clock: Any) -> None:
    why = why_not_drawable(inspector("A", clock(), **values), DAY)
    assert (said in why) if said else why == ""


def test_leave_counts_from_its_first_to_its_last_day_and_not_once_withdrawn(database: Database, clock: Any) -> None:
    def leave(code: str, first: date, last: date, withdrawn: bool = False) -> InspectorLeave:
        return InspectorLeave(
            id=new_id(), district_id=DISTRICT, inspector_code=code, first_day=first, last_day=last, at=clock(),
            withdrawn_at=clock() if withdrawn else None,
        )  # fmt: skip

    with database.write() as session:
        session.add_all(
            [
                leave("ends-today", date(2026, 2, 1), DAY),
                leave("begins-today", DAY, date(2026, 4, 1)),
                leave("over", date(2026, 2, 1), date(2026, 3, 1)),
                leave("withdrawn", DAY, DAY, withdrawn=True),
            ]
        )
    with database.read() as session:
        assert set(on_leave(session, DISTRICT, DAY, DAY)) == {"ends-today", "begins-today"}
        assert on_leave(session, "370102", DAY, DAY) == {}


def test_a_teams_member_stands_in_for_the_first_department_it_serves(database: Database, clock: Any) -> None:
    with database.write() as session:
        for code, department, serves, active in (
            ("T1", "ZFJ", ["WJJ", "YJJ"], True), ("T2", "ZFJ", ["SCJG"], False), ("T3", "SCJG", ["WJJ"], True),
        ):  # fmt: skip
            session.add(
                EnforcementTeam(
                    id=new_id(), district_id=DISTRICT, code=code, name=code, department=department, serves=serves,
                    regions=[], active=active, created_at=clock(), updated_at=clock(),
                )
            )  # fmt: skip
            session.add(inspector(f"{code}-1", clock(), team=code, department=department))
        session.add(inspector("alone", clock()))
    with database.read() as session:
        assert serving(session, DISTRICT, ["SCJG", "YJJ", "WJJ"]) == {"T1-1": "YJJ"}
        assert serving(session, DISTRICT, ["ZFJ", "WJJ"]) == {"T3-1": "WJJ"}, "its own department takes part"
        assert serving(session, DISTRICT, ["GAJ"]) == {}


def test_load_counts_this_years_visits_and_those_ahead(database: Database, clock: Any) -> None:
    def part(number: str, pair: list[str], state: str, ended: Any) -> DepartmentInspection:
        return DepartmentInspection(
            id=new_id(), district_id=DISTRICT, number=number, inspection="i", campaign="c", department="WJJ",
            inspectors=pair, items=[], state=state, visit_ended_at=ended,
        )  # fmt: skip

    now = clock()
    with database.write() as session:
        session.add_all(
            [
                part("1", ["A", "B"], "待公示", now),
                part("2", ["A", "C"], "待检查", None),
                part("3", ["A", "B"], "已公示", now.replace(year=now.year - 1)),
            ]
        )
    with database.read() as session:
        found = loads(session, DISTRICT, ["A", "B", "D"], now.replace(month=1, day=1))
        assert found == {"A": Load(1, 1), "B": Load(1, 0)}
        assert loads(session, DISTRICT, [], now) == {}
