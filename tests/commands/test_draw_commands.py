"""What officials do with a draw beside its tasks: groups, teams, days, key shares, trials, annulment."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import disclosure, draws, escrow, records
from engine.inspection.draw_changes import record_failures, replace_inspector
from engine.inspection.draw_commands import AnnulDraw, CollectKeyShare, ProposeLateAddition, RecoverKey, RunTrial
from engine.inspection.draw_verify import verify
from engine.inspection.drawn import drawn_objects
from engine.inspection.models import Campaign, DrawLogEntry, DrawnObject, InspectedObject, Inspection
from engine.inspection.opening import OpenCampaign
from engine.inspection.visit_days import SetVisitDays
from engine.lint.bundle import read_bundle
from engine.models import ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.commands.test_draw_journey import failed, full_record, only_draw, public_record, same_in_the_browser
from tests.support.draw_district import REGIONS, District, uscc
from tests.support.draw_records import parse_jobs

GROUPED = {"grouping": "邻近分组", "max_group": 4, "ratio": 20}


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    return District.make(engine, 100)


def test_nearby_objects_are_visited_as_groups_by_one_team_on_one_day(district: District) -> None:
    district.freeze(**GROUPED)
    district.draw()
    draw_id = only_draw(district).draw_id
    record = full_record(district, draw_id)
    assert failed(verify(record)) == []
    same_in_the_browser(record)
    assert json.loads(record["manifest.json"])["jobs_rule"].startswith("group-department;scope=")
    jobs = parse_jobs(record["jobs.tsv"])
    assert max(len(job.objects) for job in jobs) <= 4 and any(len(job.objects) > 1 for job in jobs)
    with district.engine.read() as session:
        rows = drawn_objects(records.draw(session, "370105", draw_id))
        by_group: dict[str, list[DrawnObject]] = {}
        for row in rows:
            by_group.setdefault(row.visit_group, []).append(row)
        assert "" not in by_group
        for group, members in by_group.items():
            assert len({m.visit_on for m in members}) == 1 and members[0].visit_on is not None
            assert date(2026, 3, 16) <= members[0].visit_on <= date(2026, 4, 30)
            (leader,) = {m.leader for m in members}
            lead_pairs = {tuple(m.pairs["SCJG"]) for m in members}
            assert len(lead_pairs) == 1 and leader in next(iter(lead_pairs)), group
    # A firm falls away: the group keeps its pair.  A recusal: one person of the pair changes for the whole group.
    engine = district.engine
    with engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        rows = drawn_objects(draw)
        group = Counter(row.visit_group for row in rows).most_common(1)[0][0]
        members = [row for row in rows if row.visit_group == group]
        pair = members[0].pairs["SCJG"]
        reason = {members[0].uscc: ("已注销、吊销或者迁出", "登记机关证明")}
        (added,) = record_failures(session, engine.settings, draw, reason, engine.clock())
        newcomer = next(row for row in drawn_objects(draw) if row.uscc == added)
        assert newcomer.visit_group.endswith("-C1G001") and newcomer.leader
        assert all(row.pairs["SCJG"] == pair for row in drawn_objects(draw) if row.visit_group == group)
        successor = replace_inspector(
            session, engine.settings, draw, members[1].uscc, "SCJG", pair[0], "与负责人有亲属关系", None, engine.clock()
        )
        assert successor is not None and set(successor.objects) == {row.uscc for row in members[1:]}
        after = [row for row in drawn_objects(draw) if row.visit_group == group]
        assert {tuple(row.pairs["SCJG"]) for row in after} == {(successor.inspector, pair[1])}
        assert {row.leader for row in after} <= {successor.inspector, pair[1]}
    record = full_record(district, draw_id)
    assert failed(verify(record)) == []
    same_in_the_browser(record)
    with engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        proofs = disclosure.door_proofs(session, engine.settings, draw, [added, members[1].uscc], engine.clock())
    assert all(verify({"proof.json": text}).ok for text in proofs.values())


def test_the_leads_officer_moves_visits_within_the_task_and_nobody_else(district: District) -> None:
    district.freeze(ratio=20)
    district.draw()
    engine = district.engine
    with engine.read() as session:
        rows = drawn_objects(records.draw(session, "370105", only_draw(district).draw_id))
    busiest = Counter(row.visit_on for row in rows).most_common(1)[0][1]
    assert busiest == 1  # twenty visits on more than twenty working days
    first, second = rows[0].uscc, rows[1].uscc
    officer = district.people["officer-SCJG"]
    with pytest.raises(Forbidden):
        engine.execute(SetVisitDays(district.campaign, {first: "2026-03-20"}), actor=district.people["officer-WJJ"])
    with pytest.raises(InvalidInput) as refused:
        days = {first: "2026-03-21", second: "", "unknown": "2026-03-20"}  # a Saturday; nothing
        engine.execute(SetVisitDays(district.campaign, days), actor=officer)
    assert set(refused.value.fields) == {first, second}
    target = "2026-03-20" if str(rows[0].visit_on) != "2026-03-20" else "2026-03-23"
    assert engine.execute(SetVisitDays(district.campaign, {first: target}), actor=officer) == 1
    assert engine.execute(SetVisitDays(district.campaign, {first: target}), actor=officer) == 0
    with engine.read() as session:
        row = session.scalar(sa.select(DrawnObject).where(DrawnObject.uscc == first))
        assert row is not None and str(row.visit_on) == target


def test_the_key_is_kept_in_shares_collected_once_and_recovered_only_together(district: District) -> None:
    district.freeze(ratio=20)
    engine, draw_id = district.engine, only_draw(district).draw_id
    auditor = district.person("auditor", "SCJG", "审计监督")
    heads = {"SCJG": district.people["head-SCJG"], "YJJ": district.people["witness-2"], "audit": auditor}
    for holder, who in heads.items():
        with pytest.raises(Conflict, match="还没有抽取"):
            engine.execute(CollectKeyShare(draw_id, holder), actor=who)
    district.draw()
    district.person("witness-3", "WJJ", "抽取监督人")
    with pytest.raises(Forbidden):
        engine.execute(CollectKeyShare(draw_id, "YJJ"), actor=district.people["witness-1"])
    with pytest.raises(NotFound):
        engine.execute(CollectKeyShare(draw_id, "WJJ"), actor=district.people["witness-3"])
    first = engine.execute(CollectKeyShare(draw_id, "SCJG"), actor=district.people["head-SCJG"])
    second = engine.execute(CollectKeyShare(draw_id, "YJJ"), actor=district.people["witness-2"])
    third = engine.execute(CollectKeyShare(draw_id, "audit"), actor=auditor)
    with pytest.raises(Conflict):
        engine.execute(CollectKeyShare(draw_id, "SCJG"), actor=district.people["witness-1"])
    with engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        key = draw.key
        assert all(share.share == "" for share in escrow.holders(session, draw))
        draw.key = ""  # the database lost it
    with engine.read() as session, pytest.raises(Conflict, match="密钥丢失"):
        disclosure.auditor_record(session, engine.settings, records.draw(session, "370105", draw_id), engine.clock())
    for bad in ((first,), (first, first), (first, first.replace('"share": "', '"share": "00', 1)), ("{}",)):
        with pytest.raises(InvalidInput):
            engine.execute(RecoverKey(bad), actor=district.people["section"])
    data = json.loads(second)
    data["share"] = "00" * 32
    with pytest.raises(InvalidInput, match="改动"):
        engine.execute(RecoverKey((first, json.dumps(data))), actor=district.people["section"])
    for pair in ((first, second), (second, third), (third, first), (first, second, third)):
        assert engine.execute(RecoverKey(pair), actor=district.people["section"]) == draw_id
        with engine.database.write() as session:
            draw = draws.locked(session, "370105", draw_id)
            assert draw.key == key
            draw.key = "f" * 64  # damaged
    engine.execute(RecoverKey((first, third)), actor=district.people["section"])
    assert failed(verify(full_record(district, draw_id))) == []


def test_a_trial_shows_figures_has_its_own_numbers_and_no_effect(district: District) -> None:
    district.open_campaign()
    engine, officer = district.engine, district.people["officer-SCJG"]
    with pytest.raises(InvalidInput):
        engine.execute(RunTrial(district.campaign), actor=officer)
    district.approve_plan(**GROUPED)
    with pytest.raises(Forbidden):
        engine.execute(RunTrial(district.campaign), actor=district.people["officer-WJJ"])
    numbers = [engine.execute(RunTrial(district.campaign), actor=officer) for _ in range(2)]
    assert numbers == ["CN-370105-SCJG-2026-T0001", "CN-370105-SCJG-2026-T0002"]
    with engine.read() as session:
        trial = records.draw(session, "370105", numbers[0])
        assert set(trial.files) == {"manifest.json", "trial.json"} and trial.key == ""
        figures = json.loads(trial.files["trial.json"])
        assert figures["drawn"] in (19, 20) and figures["visits"] < figures["drawn"] and figures["short"] == ""
        assert [d["department"] for d in figures["departments"]] == ["SCJG", "YJJ", "WJJ"]
        assert all(d["least"] <= d["most"] for d in figures["departments"])
        assert "MA0" not in trial.files["trial.json"] and "-00" not in trial.files["trial.json"]
        assert session.scalar(sa.select(sa.func.count()).select_from(DrawnObject)) == 0
        assert records.campaign(session, "370105", district.campaign).draw_id == ""
    assert set(public_record(district, numbers[0])) == {"commitment.json", "log.json", "log.tsv"}
    assert failed(verify(public_record(district, numbers[0]))) == []
    assert failed(verify(full_record(district, numbers[1]))) == []
    same_in_the_browser(public_record(district, numbers[1]))
    with pytest.raises(Conflict):
        engine.execute(AnnulDraw(numbers[0], "不需要作废的试抽"), actor=district.people["head-SCJG"])
    district.do("gate_check", "officer-SCJG", {"confirmed": True})
    with pytest.raises(Conflict):
        engine.execute(RunTrial(district.campaign), actor=officer)
    district.draw()
    assert failed(verify(full_record(district, "CN-370105-SCJG-2026-0001"))) == []


def test_a_trial_says_in_words_what_is_short(district: District) -> None:
    district.open_campaign()
    district.approve_plan(cap_per_inspector=1, ratio=20)
    draw_id = district.engine.execute(RunTrial(district.campaign), actor=district.people["officer-SCJG"])
    with district.engine.read() as session:
        figures = json.loads(records.draw(session, "370105", draw_id).files["trial.json"])
    assert "市场监督管理局" in figures["short"] and "缺" in figures["short"]
    with district.engine.read() as session:
        task = session.get_one(UserTask, district.task("gate_check").id)
        facts = {fact["title"]: fact for fact in district.engine.task_view(session, task).context["facts"]}
    short, *_ = facts["不足的名额"]["table"]["body"]
    assert short[0] == "市场监督管理局" and short[2].startswith("SC001 SC001 检查") and short[-1].endswith("个")


def test_the_leads_head_annuls_before_dispatch_the_campaign_ends_and_a_new_one_has_a_new_number(
    district: District,
) -> None:
    district.freeze(ratio=20)
    district.draw()
    engine, draw_id = district.engine, only_draw(district).draw_id
    head = district.people["head-SCJG"]
    with pytest.raises(Forbidden):
        engine.execute(AnnulDraw(draw_id, "抽查范围误选了批发单位"), actor=district.people["officer-SCJG"])
    with pytest.raises(InvalidInput):
        engine.execute(AnnulDraw(draw_id, "  "), actor=head)
    engine.execute(AnnulDraw(draw_id, "抽查范围误选了批发单位"), actor=head)
    with engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        assert draw.state == "annulled" and "市场监督管理局机关负责人 演示·head-SCJG 签署" in draw.reason
        assert session.scalar(sa.select(ProcessInstance.status)) == "completed"
        assert session.scalar(sa.select(sa.func.count()).where(UserTask.state == "open")) == 0
        assert records.campaign(session, "370105", district.campaign).state == "已作废"
    report = verify(public_record(district, draw_id))
    assert failed(report) == [] and any("误选了批发单位" in note for note in report.notes)
    with pytest.raises(Conflict):
        engine.execute(AnnulDraw(draw_id, "再次作废本次抽取"), actor=head)
    assert engine.execute(OpenCampaign("SCJG"), actor=district.people["officer-SCJG"]) == "SCJG-抽查-2026-0002"


def test_a_committed_draw_may_be_annulled_but_not_once_inspections_are_dispatched(district: District) -> None:
    district.freeze(ratio=20)
    engine, head = district.engine, district.people["head-SCJG"]
    district.draw()
    for organ in ("SCJG", "YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    with pytest.raises(Conflict, match="已经派发"):
        engine.execute(AnnulDraw(only_draw(district).draw_id, "抽查范围误选了批发单位"), actor=head)
    first, district.campaign = district.campaign, ""
    district.freeze(ratio=20)
    second = only_draw(district)
    assert district.campaign != first and second.serial == 2
    engine.execute(AnnulDraw(second.draw_id, "方案的比例写错，应为百分之三"), actor=head)
    with engine.read() as session:
        kinds = session.scalars(
            sa.select(DrawLogEntry.kind).where(DrawLogEntry.draw_id == second.draw_id).order_by(DrawLogEntry.index)
        ).all()
        assert kinds == ["commit", "annul"]
        assert session.scalar(sa.select(Campaign.state).where(Campaign.number == first)) != "已作废"
    with pytest.raises(AssertionError, match="0 open tasks"):
        district.log(1)


def add_object(district: District, number: int, status: str = "存续") -> str:
    """One more firm in the registry."""
    code = uscc(number)
    with district.engine.database.write() as session:
        session.add(
            InspectedObject(
                district_id="370105", uscc=code, name=f"济南演示{number}号有限公司", kind="企业", status=status,
                industry="H6210", region=REGIONS[0], row_digest="-", created_at=district.engine.clock(),
                updated_at=district.engine.clock(),
            )
        )  # fmt: skip
    return code


def propose(district: District, codes: list[str]) -> None:
    rows = [{"uscc": code, "reason": "封存后才从登记系统导入"} for code in codes]
    district.do("propose_additions", "officer-SCJG", {"additions": rows, "reveal_limit": "PT4H"})


def test_objects_left_out_are_committed_late_drawn_with_their_own_entropy_and_visited_when_low_enough(
    engine: ProcessEngine,
) -> None:
    district = District.make(engine, 30)
    engine.execute(
        Deploy("late-addition", read_bundle(engine.settings.process_dir / "late-addition", engine.settings.form_dir)),
        actor=Actor.system(),
    )
    district.freeze(**{**GROUPED, "ratio": 40})
    officer = district.people["officer-SCJG"]
    with pytest.raises(Conflict):
        engine.execute(ProposeLateAddition(district.campaign), actor=officer)
    district.draw()
    draw_id = only_draw(district).draw_id
    for organ in ("SCJG", "YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    codes = [add_object(district, 1000 + n) for n in range(24)]
    closed = add_object(district, 2000, "注销")
    engine.execute(ProposeLateAddition(district.campaign), actor=officer)
    with pytest.raises(Conflict):
        engine.execute(ProposeLateAddition(district.campaign), actor=officer)
    with pytest.raises(InvalidInput) as refused:
        propose(district, [codes[0], uscc(0), closed])
    assert set(refused.value.fields) == {"additions[1].uscc", "additions[2].uscc"}
    propose(district, codes)
    for organ in ("SCJG", "YJJ", "WJJ"):
        district.do("organ_agreement", f"head-{organ}", {"decision": "同意"}, organ)
    with engine.read() as session:
        before = {row.uscc: dict(row.pairs) for row in drawn_objects(records.draw(session, "370105", draw_id))}
    for number in (1, 2):
        district.log(number)
    for number in (1, 2):
        district.reveal(number)
    record = full_record(district, draw_id)
    assert failed(verify(record)) == []
    same_in_the_browser(record)
    assert json.loads(record["addition-0001.json"])["draw_id"] == f"{draw_id}-A1"
    with engine.read() as session:
        addition = records.draw(session, "370105", f"{draw_id}-A1")
        assert (addition.state, addition.parent, addition.origin) == ("drawn", draw_id, "addition")
        draw = records.draw(session, "370105", draw_id)
        after = {row.uscc: row for row in drawn_objects(draw)}
        admitted = set(after) - set(before)
        assert admitted and admitted < set(codes)
        assert all(after[code].pairs == pairs for code, pairs in before.items())
        assert all("-C1G" in after[code].visit_group and after[code].visit_on for code in admitted)
        campaign = records.campaign(session, "370105", district.campaign)
        assert campaign.total == campaign.open_count == len(after)
        opened = set(session.scalars(sa.select(Inspection.uscc)))
        assert opened == set(after)
        proofs = disclosure.door_proofs(session, engine.settings, draw, list(admitted), engine.clock())
    for text in proofs.values():
        assert failed(verify({"proof.json": text})) == []
    same_in_the_browser(*({"proof.json": text} for text in proofs.values()))
    assert failed(verify(public_record(district, f"{draw_id}-A1"))) == []
    with engine.database.write() as session:
        session.execute(sa.update(Campaign).values(archived_at=engine.clock()))
    ended = public_record(district, draw_id)
    assert failed(verify(ended)) == []
    assert not any(code in "".join(ended.values()) for code in set(codes) - admitted)
