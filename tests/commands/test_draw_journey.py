"""The draw of a campaign through the real process, forms and services, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.fire_timers import FireTimers
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError
from engine.inspection import disclosure, draw_freeze, draws, records
from engine.inspection.draw_verify import verify
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.models import Campaign, Draw, DrawLogEntry, Inspection
from engine.models import ProcessInstance, UserTask
from engine.process_engine import ProcessEngine
from tests.support.browser_verifier import in_the_browsers_program
from tests.support.draw_district import District


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    return District.make(engine)


def only_draw(district: District) -> Draw:
    with district.engine.read() as session:
        return session.scalars(sa.select(Draw).order_by(Draw.serial.desc())).first()  # type: ignore[return-value]


def full_record(district: District, draw_id: str) -> dict[str, str]:
    with district.engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        return disclosure.auditor_record(session, district.engine.settings, draw, district.engine.clock())


def public_record(district: District, draw_id: str) -> dict[str, str]:
    with district.engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        record = disclosure.public_record(session, district.engine.settings, draw, district.engine.clock())
        assert disclosure.public_names(session, draw) == sorted(record)
        return record


def same_in_the_browser(*records: dict[str, str]) -> None:
    """The browser's program reaches the same level and the same answers."""
    for files, theirs in zip(records, in_the_browsers_program(list(records)), strict=True):
        ours = verify(files)
        assert theirs["ok"], [c for c in theirs["checks"] if not c["ok"]]
        assert (ours.level, ours.draw_id) == (theirs["level"], theirs["draw_id"])
        assert [c.code for c in ours.checks] == [c["code"] for c in theirs["checks"]]


def failed(report) -> list[str]:
    return [f"{c.title}: {c.explanation}" for c in report.checks if not c.ok]


def test_a_draw_goes_from_the_approved_plan_to_open_inspections_and_verifies(district: District) -> None:
    district.freeze()
    row = only_draw(district)
    assert row.draw_id == "CN-370105-SCJG-2026-0001" and row.state == "committed"
    assert failed(verify(full_record(district, row.draw_id))) == []
    district.draw()
    record = full_record(district, row.draw_id)
    assert failed(verify(record)) == []
    result = json.loads(record["result.json"])
    drawn = {i for ids in result["drawn"].values() for i in ids}
    with district.engine.read() as session:
        draw = records.draw(session, "370105", row.draw_id)
        assert {o.uscc for o in drawn_objects(draw)} == drawn
        assert {f"{o}|{d}": pair for (o, d), pair in assignments(draw).items()} == result["assignments"]
        campaign = session.scalar(sa.select(Campaign))
        assert campaign is not None and campaign.total == len(drawn) and len(drawn) in (19, 20)
    for organ in ("SCJG", "YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    with district.engine.read() as session:
        inspections = session.scalars(sa.select(Inspection)).all()
        assert {i.uscc for i in inspections} == drawn
        # every object only by the departments whose items apply to it
        for inspection in inspections:
            expected = {"SCJG"} | ({"YJJ"} if inspection.object["industry"][0] in "HC" else set())
            expected |= {"WJJ"} if inspection.object["industry"][0] == "H" else set()
            assert set(inspection.departments) == expected


def test_candidates_and_exclusions_are_the_whole_registry_and_every_exclusion_has_its_reason(
    district: District,
) -> None:
    district.open_campaign()
    district.approve_plan()
    added = {"uscc": "91370105MA00000007", "reason": "正在立案调查", "evidence": "天市监立〔2026〕3号"}
    district.do("gate_check", "officer-SCJG", {"confirmed": True, "exclusions": [added]})
    record = full_record(district, only_draw(district).draw_id)
    excluded = dict(line.split("\t") for line in record["exclusions.tsv"].splitlines())
    assert excluded["91370105MA00000007"] == "正在立案调查：天市监立〔2026〕3号"
    assert excluded["91370105MA00000049"] == "登记状态为“注销”"
    assert record["candidates.tsv"].count("\n") + len(excluded) == 400


def test_witnesses_cannot_reveal_early_twice_wrongly_or_for_one_another(district: District) -> None:
    district.freeze()
    with pytest.raises(InvalidInput):
        district.do("log_commitment", "witness-1", {"logged_sha256": "xyz", "confirmed": True}, district.witnesses[0])
    with pytest.raises(Forbidden):
        values = {"logged_sha256": "a" * 64, "confirmed": True}
        district.do("log_commitment", "witness-2", values, district.witnesses[0])
    district.log(1)
    with pytest.raises(AssertionError, match="0 open tasks"):
        district.task("reveal", district.witnesses[0])
    with pytest.raises(InvalidInput):  # a copy of the other's digest
        copied = draws.protocol.witness_commitment(*district.secret(1))
        district.do("log_commitment", "witness-2", {"logged_sha256": copied, "confirmed": True}, district.witnesses[1])
    district.log(2)
    nonce, part = district.secret(1)
    with pytest.raises(InvalidInput) as refused:
        district.do("reveal", "witness-1", {"nonce": nonce, "part": f"{part}0"}, district.witnesses[0])
    assert "part" in refused.value.fields
    district.reveal(1)
    with pytest.raises(AssertionError, match="0 open tasks"):
        district.task("reveal", district.witnesses[0])
    assert only_draw(district).state == "committed"
    district.reveal(2)
    assert only_draw(district).state == "drawn"


def test_the_rules_of_witnesses_hold_below_the_forms_too(district: District) -> None:
    district.freeze()
    settings, now = district.engine.settings, district.engine.clock()
    with district.engine.database.write() as session:
        draw = draws.locked(session, "370105", only_draw(district).draw_id)
        first, second = district.witnesses
        nonce, part = district.secret(1)
        digest = draws.protocol.witness_commitment(nonce, part)
        draws.log_witness(session, settings, draw, first, digest, now)
        with pytest.raises(Conflict):
            draws.log_witness(session, settings, draw, first, "b" * 64, now)
        with pytest.raises(InvalidInput):
            draws.reveal_witness(session, draw, first, nonce, part, now)
        draws.log_witness(session, settings, draw, second, "b" * 64, now)
        draws.reveal_witness(session, draw, first, nonce, part, now)
        with pytest.raises(Conflict):
            draws.reveal_witness(session, draw, first, nonce, part, now)
        with pytest.raises(Forbidden):
            draws.log_witness(session, settings, draw, district.people["section"].user_id, "c" * 64, now)
        with pytest.raises(InvalidInput):
            draws.reveal_witness(session, draw, second, nonce, "带|竖线", now)
        campaign = records.campaign(session, "370105", district.campaign)
        with pytest.raises(LianjianError, match="没有公开"):
            draws.conduct(session, settings, campaign, draw, now)


def test_a_missing_reveal_aborts_visibly_and_the_next_draw_has_the_next_number(district: District) -> None:
    district.freeze()
    district.log(1)
    district.log(2)
    district.reveal(1)
    first = only_draw(district).draw_id
    later = district.engine.clock() + timedelta(hours=5)
    with district.engine.read() as session:
        instance = session.scalar(
            sa.select(ProcessInstance.id).where(ProcessInstance.business_key == district.campaign)
        )
    assert instance is not None
    district.engine.execute(FireTimers(instance), actor=Actor.system(), now=later)
    aborted = only_draw(district)
    assert aborted.state == "aborted" and "未公开：演示·witness-2" in aborted.reason
    report = verify(full_record(district, first))
    assert failed(report) == [] and any("中止" in note for note in report.notes)
    district.do(
        "explain_abort",
        "officer-SCJG",
        {"cause": "监督人未在时限内公开", "explanation": "监督人临时外出执行公务，未在时限内公开。"},
    )
    district.do("approve_redraw", "head-SCJG", {"decision": "同意"})
    again = only_draw(district)
    assert again.draw_id == "CN-370105-SCJG-2026-0002" and again.state == "committed"
    district.draw()
    assert only_draw(district).state == "drawn"
    report = verify(full_record(district, again.draw_id))
    assert failed(report) == []
    with district.engine.read() as session:
        kinds = list(session.scalars(sa.select(DrawLogEntry.kind).order_by(DrawLogEntry.index)))
    assert kinds == ["commit", "witness", "witness", "abort", "commit", "witness", "witness", "result"]


def test_a_campaign_cannot_be_committed_twice(district: District) -> None:
    district.freeze()
    engine = district.engine
    with engine.database.write() as session:
        campaign = records.campaign(session, "370105", district.campaign)
        pool = draws_pool(session, district, campaign)
        with pytest.raises(LianjianError, match="已有抽取"):
            draw_freeze.freeze(session, engine.settings, campaign, campaign.plan, pool, engine.clock())
    assert only_draw(district).serial == 1


def draws_pool(session, district: District, campaign: Campaign):
    from engine.inspection.pool import build_pool

    return build_pool(session, district.engine.settings, campaign, campaign.plan, district.engine.clock())


def test_an_annulled_draw_stays_visible_with_its_reason(district: District) -> None:
    district.freeze()
    district.draw()
    engine, draw_id = district.engine, only_draw(district).draw_id
    with engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        with pytest.raises(InvalidInput):
            draws.annul(session, engine.settings, draw, " ", "演示·负责人", engine.clock())
        draws.annul(session, engine.settings, draw, "抽查范围有误，应为餐饮单位", "演示·负责人", engine.clock())
        with pytest.raises(Conflict):
            draws.annul(session, engine.settings, draw, "再次作废", "演示·负责人", engine.clock())
    report = verify(public_record(district, draw_id))
    assert failed(report) == [] and any("作废：抽查范围有误" in note for note in report.notes)
    assert "result.json" not in public_record(district, draw_id)


def test_removed_objects_are_substituted_and_a_recused_inspector_replaced_by_the_draws_rule(
    district: District,
) -> None:
    district.freeze()
    district.draw()
    draw_id = only_draw(district).draw_id
    with district.engine.read() as session:
        before = {o.uscc: o.rank for o in drawn_objects(records.draw(session, "370105", draw_id))}
        pairs_before = assignments(records.draw(session, "370105", draw_id))
    victim = min(before, key=before.__getitem__)
    removal = {"uscc": victim, "reason": "已注销、吊销或者迁出", "evidence": "登记机关证明"}
    district.do("organ_approval", "head-SCJG", {"decision": "同意", "removals": [removal]}, "SCJG")
    for organ in ("YJJ", "WJJ"):
        district.do("organ_approval", f"head-{organ}", {"decision": "同意"}, organ)
    with district.engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        after = {o.uscc: o.rank for o in drawn_objects(draw)}
        (added,) = set(after) - set(before)
        assert set(before) - set(after) == {victim} and after[added] == len(before) + 1
        pairs = assignments(draw)
        assert all(pairs[key] == pair for key, pair in pairs_before.items() if key[0] != victim)
        assert session.scalar(sa.select(sa.func.count()).select_from(Inspection)) == len(before)
    assert failed(verify(full_record(district, draw_id))) == []
    from engine.inspection.draw_changes import replace_inspector

    with district.engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        key = next(iter(pairs))
        successor = replace_inspector(
            session, district.engine.settings, draw, *key, pairs[key][0], "与负责人有亲属关系", None,
            district.engine.clock(),
        )  # fmt: skip
        assert successor is not None and successor.inspector not in pairs[key]
    with district.engine.read() as session:
        now_pair = assignments(records.draw(session, "370105", draw_id), key[0])[key]
        assert now_pair == [successor.inspector, pairs[key][1]]
    assert failed(verify(full_record(district, draw_id))) == []


def test_what_the_public_sees_grows_with_the_task_and_never_tells_strata_or_pairs(district: District) -> None:
    district.freeze(quota="按风险等级")
    draw_id = only_draw(district).draw_id
    during = [public_record(district, draw_id)]
    district.draw()
    during.append(public_record(district, draw_id))
    for record in during:
        assert set(record) == {"commitment.json", "log.json", "log.tsv"}
        assert failed(verify(record)) == []
        assert "MA000" not in "".join(record.values())
    with district.engine.database.write() as session:
        session.execute(sa.update(Campaign).values(archived_at=district.engine.clock()))
    after = public_record(district, draw_id)
    assert failed(verify(after)) == []
    everything = full_record(district, draw_id)
    result = json.loads(everything["result.json"])
    assert after["inspected.tsv"].split() == sorted(i for ids in result["drawn"].values() for i in ids)
    text = "".join(after.values())
    assert result["key"] and result["key"] not in text
    assert not any(code in text for pair in result["assignments"].values() for code in pair)
    drawn = set(after["inspected.tsv"].split())
    names = [line.split("\t")[0] for line in everything["candidates.tsv"].splitlines()]
    assert not any(name in text for name in names if name not in drawn)
    same_in_the_browser(*during, after, everything)


def test_an_open_draw_shows_its_objects_at_once_and_the_pairs_only_after_the_task(district: District) -> None:
    district.freeze(disclosure="open")
    draw_id = only_draw(district).draw_id
    assert "candidates.tsv" not in public_record(district, draw_id)
    district.draw()
    during = public_record(district, draw_id)
    report = verify(during)
    assert report.level == "objects" and failed(report) == []
    pairs = json.loads(full_record(district, draw_id)["result.json"])["assignments"]
    assert not any(code in "".join(during.values()) for pair in pairs.values() for code in pair)
    with district.engine.database.write() as session:
        session.execute(sa.update(Campaign).values(archived_at=district.engine.clock()))
    after = public_record(district, draw_id)
    report = verify(after)
    assert report.level == "auditor" and failed(report) == []
    same_in_the_browser(during, after)


def test_an_open_draw_by_risk_grade_is_refused_before_anything_is_approved(district: District) -> None:
    district.open_campaign()
    with pytest.raises(InvalidInput) as refused:
        district.approve_plan(disclosure="open", quota="按风险等级")
    assert "disclosure" in refused.value.fields


def test_a_drawn_firm_verifies_its_own_proof_and_an_undrawn_one_gets_none(district: District) -> None:
    district.freeze()
    district.draw()
    draw_id = only_draw(district).draw_id
    engine = district.engine
    with engine.read() as session:
        draw = records.draw(session, "370105", draw_id)
        standing = {o.uscc for o in drawn_objects(draw)}
        proofs = disclosure.door_proofs(session, engine.settings, draw, standing, engine.clock())
        outsider = next(f"91370105MA{n:08d}" for n in range(400) if f"91370105MA{n:08d}" not in standing)
        with pytest.raises(LianjianError):
            disclosure.door_proof(session, engine.settings, draw, outsider, engine.clock())
    for text in proofs.values():
        report = verify({"proof.json": text})
        assert report.level == "door" and failed(report) == []
        assert not any(other in text for other in standing - {json.loads(text)["id"]})
    same_in_the_browser(*({"proof.json": text} for text in proofs.values()))
    moved = json.loads(proofs[min(proofs)])
    digests = {"salt": "0" * 64, "threshold": "0" * 64, "seed": "1" * 64, "merkle": "2" * 64}
    changes = {"stratum": "S9", "index": moved["index"] + 1, "count": moved["count"] + 1, **digests}
    forged = [{"proof.json": json.dumps({**moved, key: value})} for key, value in changes.items()]
    assert not any(verify(files).ok for files in forged)
    assert not any(report["ok"] for report in in_the_browsers_program(forged))


def test_handing_the_record_to_an_auditor_is_itself_in_the_public_log(district: District) -> None:
    district.freeze()
    district.draw()
    engine, draw_id = district.engine, only_draw(district).draw_id
    with engine.database.write() as session:
        draw = draws.locked(session, "370105", draw_id)
        with pytest.raises(InvalidInput):
            disclosure.hand_to_auditor(session, engine.settings, draw, "区纪委监委", "", engine.clock())
        files = disclosure.hand_to_auditor(session, engine.settings, draw, "区纪委监委", "年度核验", engine.clock())
    assert failed(verify(files)) == []
    assert "audit\tCN-370105-SCJG-2026-0001\t区纪委监委\t年度核验" in public_record(district, draw_id)["log.tsv"]


def test_too_few_inspectors_are_said_in_words_before_the_lists_are_frozen(district: District) -> None:
    district.open_campaign()
    district.approve_plan()
    away = [{"inspector": f"WJJ-{n:03d}", "reason": "请假"} for n in range(6)]
    with pytest.raises(InvalidInput) as refused:
        district.do("gate_check", "officer-SCJG", {"confirmed": True, "absences": away})
    assert "卫生健康局" in refused.value.message and "缺" in refused.value.message
    district.do("gate_check", "officer-SCJG", {"confirmed": True, "absences": away[:2]})
    people = full_record(district, only_draw(district).draw_id)["inspectors.tsv"]
    assert "WJJ-000" not in people and "WJJ-003" in people


def test_the_gate_names_wrong_exclusions(district: District) -> None:
    district.open_campaign()
    district.approve_plan()
    unknown = {"uscc": "91370105MA00000049", "reason": "已注销或者迁出", "evidence": "登记信息"}
    with pytest.raises(InvalidInput) as refused:
        district.do("gate_check", "officer-SCJG", {"confirmed": True, "exclusions": [unknown]})
    assert list(refused.value.fields) == ["exclusions[0].uscc"]


def test_firms_at_the_frequency_cap_are_not_candidates(district: District) -> None:
    now = district.engine.clock()
    with district.engine.database.write() as session:
        for n, (ended, closed) in enumerate([(now, now), (now, now), (None, None)]):
            session.add(
                Inspection(
                    district_id="370105", number=f"earlier/{n}", campaign="SCJG-抽查-2026-0000", draw_id="earlier",
                    uscc="91370105MA00000010" if n < 2 else "91370105MA00000011", object={}, departments=["SCJG"],
                    visits_ended_at=ended, closed_at=closed,
                )
            )  # fmt: skip
    district.freeze()
    record = full_record(district, only_draw(district).draw_id)
    excluded = dict(line.split("\t") for line in record["exclusions.tsv"].splitlines())
    assert excluded["91370105MA00000010"] == "本年度已检查 2 次，达到年度频次上限 1 次"
    assert excluded["91370105MA00000011"] == "已列入抽查任务 SCJG-抽查-2026-0000，尚未检查"


def test_the_officer_sees_the_gate_before_freezing(district: District) -> None:
    district.open_campaign()
    district.approve_plan()
    task = district.task("gate_check")
    with district.engine.read() as session:
        view = district.engine.task_view(session, session.get_one(UserTask, task.id))
    titles = [fact["title"] for fact in view.context["facts"]]
    assert {"候选名单", "不列入候选的对象", "部门人员"} <= set(titles)
