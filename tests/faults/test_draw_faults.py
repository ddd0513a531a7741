"""Faults of a draw: killed before its record, held by two officials at once, forged, or read by the curious."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.complete_task import CompleteTask
from engine.db import new_id
from engine.errors import LianjianError, ServiceTaskFailed
from engine.inspection import disclosure, draw_freeze, draws, records
from engine.inspection.draw_changes import record_failures, replace_inspector
from engine.inspection.draw_conduct import draw_outcome
from engine.inspection.draw_verify import verify
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.models import Campaign, Draw, DrawKeyShare, DrawLogEntry, DrawnObject
from engine.inspection.pool import build_pool
from engine.process_engine import ProcessEngine
from tests.support.draw_district import District


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    return District.make(engine, 60)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment; each answer is a result or the error it raised."""
    barrier, answers = Barrier(len(acts)), [None] * len(acts)

    def run(n: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            answers[n] = act()
        except LianjianError as error:
            answers[n] = error

    threads = [Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def the_draw(district: District) -> Draw:
    with district.engine.read() as session:
        return session.scalars(sa.select(Draw).order_by(Draw.serial.desc())).first()  # type: ignore[return-value]


def kinds(district: District) -> list[str]:
    with district.engine.read() as session:
        return list(session.scalars(sa.select(DrawLogEntry.kind).order_by(DrawLogEntry.index)))


class Killed(BaseException):
    """The server dies: nothing after it runs, its transaction is never committed."""


def test_a_server_killed_between_draw_and_record_leaves_nothing_and_draws_the_same_afterwards(
    district: District,
) -> None:
    engine = district.engine
    district.freeze(ratio=20)
    district.log(1)
    district.log(2)
    district.reveal(1)
    draw_id = the_draw(district).draw_id
    nonce, part = district.secret(2)
    seen: list[dict[str, Any]] = []
    with pytest.raises(Killed), engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        draws.reveal_witness(session, draw, district.witnesses[1], nonce, part, engine.clock())
        campaign = records.campaign(session, "370105", district.campaign)
        draws.conduct(session, engine.settings, campaign, draw, engine.clock())
        seen.append(json.loads(draw.files["result.json"]))
        raise Killed
    assert the_draw(district).state == "committed" and kinds(district) == ["commit", "witness", "witness"]
    district.reveal(2)
    with engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        result = json.loads(draw.files["result.json"])
        for key in ("entropy", "drawn", "assignments", "jobs"):
            assert result[key] == seen[0][key]
        assert draw_outcome(draws.frozen_of(draw), result["entropy"]).assignments == result["assignments"]
    assert kinds(district) == ["commit", "witness", "witness", "result"]
    with engine.database.write() as session, pytest.raises(ServiceTaskFailed, match="不能再次抽取"):
        campaign = records.campaign(session, "370105", district.campaign)
        draws.conduct(session, engine.settings, campaign, draws.locked(session, "370105", draw_id), engine.clock())


def test_of_two_officials_holding_the_same_draw_one_commits_it_and_two_witnesses_end_it_once(
    district: District,
) -> None:
    engine = district.engine
    district.open_campaign()
    district.approve_plan(ratio=20)
    second = district.person("second-officer", "SCJG", "承办人")
    task = district.task("gate_check")
    answers = at_once(
        *(
            lambda who=who: engine.execute(CompleteTask(task.id, task.version, {"confirmed": True}), actor=who)
            for who in (district.people["officer-SCJG"], second)
        )
    )
    assert sum(isinstance(answer, LianjianError) for answer in answers) == 1
    assert kinds(district) == ["commit"] and the_draw(district).serial == 1
    at_once(lambda: district.log(1), lambda: district.log(2))
    at_once(lambda: district.reveal(1), lambda: district.reveal(2))
    drawn = the_draw(district)
    assert drawn.state == "drawn" and kinds(district) == ["commit", "witness", "witness", "result"]
    with engine.read() as session:
        rows = session.scalars(sa.select(DrawnObject.uscc)).all()
        assert len(rows) == len(set(rows)) > 0
        draw = records.draw(session, "370105", drawn.draw_id)
        full = disclosure.auditor_record(session, engine.settings, draw, engine.clock())
    assert verify(full).ok, verify(full).text()


def test_one_witness_twice_or_two_of_one_department_freeze_nothing(district: District) -> None:
    engine = district.engine
    district.open_campaign()
    district.approve_plan()
    first, second = district.witnesses
    colleague = district.person("witness-3", "SCJG", "抽取监督人")
    with engine.database.write() as session:
        campaign = records.campaign(session, "370105", district.campaign)
        pool = build_pool(session, engine.settings, campaign, campaign.plan, engine.clock())
        for people in ([first, first], [first], [first, str(colleague.user_id)], [first, new_id()], []):
            plan = {**campaign.plan, "witnesses": people}
            with pytest.raises(ServiceTaskFailed, match="来自不同部门"):
                draw_freeze.freeze(session, engine.settings, campaign, plan, pool, engine.clock())
        draw = draw_freeze.freeze(
            session, engine.settings, campaign, {**campaign.plan, "witnesses": [first, second, first]}, pool,
            engine.clock(),
        )  # fmt: skip
        assert len(draws.witnesses_of(session, draw)) == 2 and draw.serial == 1


def public(district: District, draw_id: str) -> dict[str, str]:
    with district.engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        return disclosure.public_record(session, district.engine.settings, draw, district.engine.clock())


def test_no_public_file_tells_a_grade_an_open_case_or_before_the_visit_a_pairing(district: District) -> None:
    engine = district.engine
    accused = {"uscc": "91370105MA00000007", "reason": "正在立案调查", "evidence": "天市监立〔2026〕3号"}
    district.open_campaign()
    district.approve_plan(disclosure="open", ratio=20)
    district.do("gate_check", "officer-SCJG", {"confirmed": True, "exclusions": [accused]})
    opened = the_draw(district).draw_id
    with engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DrawKeyShare)) == 0  # an open draw has no key
    shown = ["".join(public(district, opened).values())]
    district.draw()
    shown.append("".join(public(district, opened).values()))
    with engine.read() as session:
        result = json.loads(records.draw(session, "370105", opened).files["result.json"])
    people = {code for pair in result["assignments"].values() for code in pair}
    assert people and not any(code in text for text in shown for code in people)
    with engine.database.write() as session:  # what is typed after the draw may name a case, a grade, a kinship
        draw = draws.locked(session, "370105", opened)
        ids = [row.uscc for row in drawn_objects(draw)]
        removals = {
            ids[0]: ("已被其他机关立案调查", "天公立〔2026〕9号"),
            ids[1]: ("已注销、吊销或者迁出", "登记机关证明，法定代表人病故"),
        }
        record_failures(session, engine.settings, draw, removals, engine.clock())
        (inspector, _) = assignments(draw)[ids[2], "SCJG"]
        replace_inspector(
            session, engine.settings, draw, ids[2], "SCJG", inspector, "与负责人系夫妻", None, engine.clock()
        )
        failed = {row.uscc: row.failed_reason for row in session.scalars(sa.select(DrawnObject)) if row.failed_reason}
        assert failed == {i: f"{reason}：{evidence}" for i, (reason, evidence) in removals.items()}
        session.execute(sa.update(Campaign).values(archived_at=engine.clock()))
    after = public(district, opened)
    shown.append("".join(after.values()))
    assert verify(after).level == "auditor" and verify(after).ok
    assert not any(word in text for text in shown for word in ("立案", "投诉", "risk", "grade"))
    assert not any(word in "".join(after.values()) for word in ("天公立", "病故", "夫妻"))
    assert "已注销、吊销或者迁出" in after["change-0001.json"] and "依法更换检查人员" in after["change-0002.json"]
    assert "91370105MA00000007\t依法暂不检查" in after["exclusions.tsv"]

    district.campaign = ""
    district.freeze(quota="按风险等级")
    sealed = the_draw(district)
    assert sealed.draw_id != opened
    district.draw()
    during = public(district, sealed.draw_id)
    assert set(during) == {"commitment.json", "log.json", "log.tsv"}
    with engine.database.write() as session:
        session.execute(sa.update(Campaign).values(archived_at=engine.clock()))
    after = public(district, sealed.draw_id)
    with engine.read() as session:
        draw = records.draw(session, "370105", sealed.draw_id)
        key, frozen = draw.key, draws.frozen_of(draw)
    strata = set(frozen.manifest["ppm"])
    assert len(strata) > 1
    spread = {name: text for name, text in after.items() if name != "manifest.json"}
    # which stratum an object is in would tell its grade: no file joins an id or a leaf with a stratum
    assert not any(f"\t{stratum}" in text or f'"{stratum}"' in text for text in spread.values() for stratum in strata)
    assert key not in "".join(after.values())
    undrawn = {i for i, _ in frozen.candidates} - set(after["inspected.tsv"].split())
    assert undrawn and not any(code in "".join(after.values()) for code in undrawn)
    assert not any(person.id in "".join(after.values()) for person in frozen.inspectors)
