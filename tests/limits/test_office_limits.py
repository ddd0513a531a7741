"""Limits of steps within the office: shipped diagrams replayed to the step, then seen from the limit's three sides.

The services are the scenario's; that the real ones start these limits is shown by the journeys of tests/commands.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.bpmn.execution import Execution
from engine.commands.set_deadline import SetDeadline
from engine.expressions import parse
from engine.inspection.models import Campaign
from engine.inspection.plan_season import standings
from engine.inspection.plans import last_day
from engine.settings import Settings
from tests.support.limits import LEAD, LimitDistrict
from tests.support.scenarios import ZONE, Replay, due_after

SETTINGS = Settings()


@dataclass(frozen=True)
class Limit:
    """``element`` waits under the limit ``name``; past it ``opens`` is there as well, or ``closes`` takes it away."""

    name: str
    process: str
    scenario: str
    element: str
    opens: str = ""
    closes: bool = False


LIMITS = (
    Limit("registry-check", "registry-change", "object-address", "check"),
    Limit("registry-check", "registry-change", "grade-second-check", "second_check"),
    Limit("item-compilation", "item-adjustment", "new-item-returned", "compile_list"),
    Limit("permit-handover", "permit-handover", "signed", "sign"),
    Limit("special-filing", "special-inspection", "normal", "receive_filing", opens="urge_filing"),
    Limit("conference-opinion", "conference-matter", "normal", "give_opinion", opens="hold_meeting", closes=True),
    Limit("duty-statement", "duty-review", "exempted", "give_statement", opens="give_opinion", closes=True),
    Limit("duty-finding", "duty-review", "exempted", "make_finding", opens="urge_finding"),
    Limit("duty-objection", "duty-review", "exempted", "objection", closes=True),
    Limit("withholding-review", "withholding-review", "ended-early", "review"),
    Limit("withholding-review", "withholding-review", "ended-early", "second_signoff"),
    Limit("publication-correction", "publication-correction", "withdrawal", "section_check"),
    Limit("publication-correction", "publication-correction", "withdrawal", "head_approval"),
    Limit("inspector-substitution", "inspector-substitution", "leave", "decide_substitution"),
    Limit("dispatch-receipt", "joint-inspection", "normal", "sign_for_receipt"),
    Limit("dispatch-redirect", "joint-inspection", "dispatch-returned", "redispatch"),
    Limit("penalty-publication", "administrative-penalty", "decided-in-time", "publication_preview"),
    Limit("penalty-publication", "simplified-penalty", "collected-on-the-spot", "publication_preview"),
    Limit("hearing-schedule", "hearing", "held", "schedule"),
    Limit("transfer-supplement", "crime-transfer", "filed-and-closed", "supplement"),
    Limit("objection-assistance", "objection", "others-verify", "assist", opens="verify", closes=True),
    Limit("repair-acceptance", "credit-repair", "granted", "apply"),
    Limit("measure-report", "credit-measure-notice", "reported-and-ended", "report"),
    Limit("refund", "penalty-remedy", "annulled-and-refunded", "propose_refund"),
)


@pytest.mark.parametrize("limit", LIMITS, ids=[f"{x.process}-{x.element}" for x in LIMITS])
def test_a_step_is_in_time_until_the_end_of_its_last_day_and_what_follows_comes_after(limit: Limit) -> None:
    folder = SETTINGS.process_dir / limit.process
    scenario: dict[str, Any] = json.loads((folder / "scenarios" / f"{limit.scenario}.json").read_text("utf-8"))
    due = due_after(limit.name, datetime.fromisoformat(scenario["now"]))
    assert due is not None
    scenario["deadlines"] = {**scenario.get("deadlines", {}), limit.name: due.isoformat()}
    replay = Replay(folder, SETTINGS.form_dir, scenario)
    steps = iter(scenario["steps"])
    for step in takewhile(lambda _: limit.element not in is_open(replay.execution), steps):
        replay.restore()
        replay.step(step)
    waits = next(task for task in replay.open() if task.element_id == limit.element)
    assert due_of(replay, waits) == due
    state = replay.execution.snapshot()
    seen = []
    for days in (-1, 0, 1):
        replay.host.now = datetime.combine(due.astimezone(ZONE).date() + timedelta(days=days), time(23, 59), ZONE)
        execution = Execution.load(replay.definition, state, replay.host)
        execution.run()
        seen.append((due < replay.host.now, is_open(execution)))
    (before, there), (on, still), (after, past) = seen
    assert (before, on, after) == (False, False, True)
    assert limit.element in there and limit.element in still and there == still
    assert (limit.element in past) is not limit.closes
    assert past - still == ({limit.opens} if limit.opens else set())


def is_open(execution: Execution) -> set[str]:
    return {task.element_id for task in execution.open_tasks()}


def due_of(replay: Replay, element: Any) -> datetime:
    """What the kernel would show as the step's due time: of its deadline, or of its own expression."""
    if name := element.properties.get("deadline"):
        return datetime.fromisoformat(replay.host.deadlines[name])
    found = parse(element.properties["due"]).evaluate(replay.execution.data(), replay.host.functions())
    assert isinstance(found, datetime)
    return found


def test_what_is_only_a_row_of_the_table_is_red_from_the_day_after_and_supervision_is_told(
    limits: LimitDistrict,
) -> None:
    """Limits that begin with what others decide: a review upheld, a judgment, an application to leave a list."""
    ends = {
        "lawsuit-after-review": "2026-03-17", "judgment-enforcement": "2028-03-02",
        "repair-decision-abnormal": "2026-03-09", "remedy-concluded": "2026-03-02",
    }  # fmt: skip
    for name, end in ends.items():
        limits.engine.execute(SetDeadline(limits.part, name, department=LEAD), actor=Actor.system())
        assert str(limits.deadline(limits.part, name).due_at.astimezone(ZONE).date()) == end
        before, on, after = limits.around(limits.part, name)
        assert (before.overdue, on.overdue, after.colour) == (False, False, "red")
        assert not on.told and after.told == {"*/监管督查", f"{LEAD}/科室负责人"}


def test_a_plan_is_late_from_the_first_of_february(limits: LimitDistrict) -> None:
    last = last_day(SETTINGS, 2026)
    assert last == date(2026, 1, 31)
    seen = []
    with limits.engine.read() as session:
        for day in (last - timedelta(days=1), last, last + timedelta(days=1)):
            found = standings(session, limits.engine.settings.district_id, 2026, day, last)
            assert found
            seen.append({standing.late for standing in found})
    assert seen == [{False}, {False}, {True}]


def test_a_visit_is_due_by_the_last_day_of_its_work_plan(limits: LimitDistrict) -> None:
    task = next(t for t in limits.office.open_tasks("prepare_visit") if t.department == LEAD)
    with limits.engine.read() as session:
        last = session.scalars(sa.select(Campaign.plan)).one()["end_date"]
    zone = limits.engine.settings.timezone
    for step in ("prepare_visit", "arrive", "site_check"):
        (task,) = limits.office.open_tasks(step, business_key=task.business_key)
        assert task.due_at is not None and task.due_at.astimezone(zone).isoformat() == f"{last}T23:59:59+08:00"
        limits.do(task.business_key, step)


def test_nobody_enters_with_fewer_than_two_certified_inspectors(limits: LimitDistrict) -> None:
    task = next(t for t in limits.office.open_tasks("prepare_visit") if t.department == LEAD)
    limits.do(task.business_key, "prepare_visit")
    (door,) = limits.office.open_tasks("arrive", business_key=task.business_key)
    answer = limits.office.answers["arrive"]
    assert callable(answer)
    values = answer(door)
    with pytest.raises(Exception, match="到场的检查人员") as refused:
        limits.office.do(door, {**values, "inspectors": values["inspectors"][:1]})
    assert "inspectors" in refused.value.fields  # type: ignore[attr-defined]
    limits.office.do(door, values)
    assert limits.steps(task.business_key) == {"site_check"}
