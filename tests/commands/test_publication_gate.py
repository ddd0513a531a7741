"""The gate to the public: what is protected never passes it, and what passed stays accountable."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.corrections import OpenCorrection, ReviewWithheld
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Publication
from engine.inspection.open_follow_up import OpenFollowUp
from engine.inspection.province import BeginPush, Receipt, RecordPushTrouble, RecordReceipt, next_wait
from engine.inspection.province_by_hand import EnterPaperReceipt
from engine.inspection.public_fields import visible
from engine.inspection.publication_models import PublicationCorrection, WithheldPublication
from engine.inspection.visit_models import FindingCorrection
from engine.models import HistoryEvent, ProcessInstance
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import Clock
from tests.support.publication_gate import CASE, PART, PLANTED, USCC, Gate, mini_diagram

CELL = "检查结果 / 第1项"


@pytest.fixture
def gate(engine: ProcessEngine) -> Gate:
    return Gate(engine)


def crawl(client: FlaskClient, only: str = "") -> str:
    """Everything anybody can reach from the public home, feeds and files included; or what matches ``only``."""
    seen: dict[str, str] = {}
    waiting = ["/public"]
    while waiting:
        path = waiting.pop()
        if path in seen or (only and path != "/public" and not re.search(only, path)):
            continue
        response = client.get(path)
        assert response.status_code == 200, path
        seen[path] = response.get_data().decode("utf-8", "replace")  # exports are not text
        waiting += [a.replace("&amp;", "&") for a in re.findall(r'href="(/public[^"#]*)"', seen[path])]
    assert {"/public/results", "/public/results.json", "/public/results.xml", "/public/penalties.json"} <= set(seen)
    return "\n".join(
        [
            *seen.values(),
            *(json.dumps(json.loads(t), ensure_ascii=False) for p, t in seen.items() if p.endswith(".json")),
        ]
    )


#: Where results and penalties are shown.
ENTRIES = "/public/(results|penalties|publications)"


def leaks(text: str) -> list[str]:
    return [name for name, words in PLANTED.items() if words in text]


def test_planted_data_reaches_no_public_page_feed_search_or_report_and_the_officer_sees_where_it_was(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.start("department-inspection", PART)
    context = gate.context("publication_preview")
    shown = context["publication"]
    lines = {line["label"]: line for line in shown["lines"]}
    assert lines["住所"]["public"] is None and PLANTED["home"] in str(lines["住所"]["original"])
    assert lines["信用风险等级"]["public"] is None and lines["检查人员"]["public"] is None
    masked = {words for words, hidden in lines["处理情况"]["original"] if hidden}
    assert {PLANTED["identity"], PLANTED["mobile wide"], PLANTED["bank"], PLANTED["mobile apart"]} <= masked
    offered = {hit["found"]: hit["kind"] for hit in context["hits"]}
    assert PLANTED["landline"] in offered and PLANTED["present"] in offered and PLANTED["identity"] not in offered
    assert leaks(json.dumps(shown["content"], ensure_ascii=False)) == []
    assert context["redact_name"] == "隐去姓名" and shown["content"]["检查对象"] == "济南植入王某小吃店"

    with pytest.raises(InvalidInput) as refused:
        gate.do("publication_preview", "officer", **gate.masked(hits=[], masks=[{"text": "没有的字", "why": "试试"}]))
    assert len(refused.value.fields["hits"]) == len(offered) and "没有的字" in refused.value.fields["masks"][0]
    # "keep" cannot bring back what may never be released
    forged = [{**h, "choice": "隐去"} for h in context["hits"]] + [
        {"found": PLANTED["identity"], "kind": "x", "where": "y", "choice": "保留", "why": "想公开"}
    ]
    gate.do("publication_preview", "officer", **gate.masked(hits=forged, masks=[{"text": "责令改正", "why": "试多隐"}]))
    assert "责令改正" not in gate.publication().content["处理情况"]
    clock.advance(hours=1)
    gate.do("second_signoff", "head", decision="退回", return_reason="处理情况应当公开。")
    gate.do("publication_preview", "both", **gate.masked(masks=[]))
    again = gate.context("second_signoff")["publication"]
    assert again["again"] and [c["label"] for c in again["changes"]] == ["处理情况"]
    with pytest.raises(Forbidden):
        gate.do("second_signoff", "both", decision="同意")
    gate.do("second_signoff", "head", decision="同意")
    gate.publish("administrative-penalty", CASE)

    row = gate.publication()
    assert row.state == "published" and row.content["处理情况"].startswith("责令改正，店主身份证［已隐去］")
    pushes = [
        engine.execute(BeginPush(gate.publication(kind).id), actor=Actor.system()) for kind in ("result", "penalty")
    ]
    assert [leaks(json.dumps(push, ensure_ascii=False)) for push in pushes] == [[], []]
    public = create_app(engine.settings, engine).test_client()
    assert leaks(crawl(public)) == []
    assert row.title in public.get(f"/public/results?q={USCC[:10].lower()}").text
    for words in PLANTED.values():
        assert row.title not in public.get("/public/results", query_string={"q": words}).text
    # What a later table closes is gone at once, whatever was released.
    with engine.database.write() as session:
        stored = session.get_one(Publication, row.id)
        stored.content = {**stored.content, "联系电话": PLANTED["mobile"], "检查结果": [f"电话 {PLANTED['mobile']}"]}
    assert leaks(crawl(public, ENTRIES)) == []


def test_a_correction_and_a_withdrawal_leave_a_trail_and_the_platform_is_told(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.publish()
    row = gate.publication()
    first = engine.execute(BeginPush(row.id), actor=Actor.system())
    engine.execute(RecordReceipt(row.id, Receipt("SD-1", None)), actor=Actor.system())
    with pytest.raises(Forbidden):
        engine.execute(OpenCorrection(row.id, "更正"), actor=gate.who("other"))
    number = engine.execute(OpenCorrection(row.id, "更正", origin="异议-1"), actor=gate.who("officer"))
    with pytest.raises(Conflict, match=number):
        engine.execute(OpenCorrection(row.id, "撤回"), actor=gate.who("officer"))
    asked = {"action": "提交", "kind": "更正", "cause": "wrong", "reason": "类别选错，按检查记录更正。"}
    for faulty, where in (
        ({"changes": [{"cell": CELL, "new": "发现问题已责令改正"}]}, "changes[0].new"),
        ({"changes": [{"cell": CELL, "new": f"电话{PLANTED['mobile']}"}]}, "changes[0].new"),
        ({"changes": [{"cell": CELL, "new": "未发现问题"}], "cause": "annulled"}, "cause"),
        ({"changes": [{"cell": CELL, "new": "未发现问题"}], "reason": f"找{PLANTED['mobile']}"}, "reason"),
    ):
        with pytest.raises(InvalidInput) as refused:
            gate.do("apply", "officer", **{**asked, **faulty})
        assert where in refused.value.fields
    # What is public says what was found: a wrong finding is corrected by its own organ, and by nobody else, first.
    with pytest.raises(InvalidInput, match="与检查结论不一致"):
        gate.do("apply", "officer", **asked, changes=[{"cell": CELL, "new": "未发现问题"}])
    with engine.read() as session:
        part = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == PART)).one()
    for stranger in ("other", "chief"):
        with pytest.raises((Forbidden, NotFound)):
            engine.execute(OpenFollowUp(part.id, "finding-correction"), actor=gate.who(stranger))
    engine.execute(OpenFollowUp(part.id, "finding-correction"), actor=gate.who("officer"))
    (line,) = gate.context("propose")["findings"]
    same = {"action": "提交", "cause": "异议核实", "reason": "票据经核实真实，原认定有误。", "findings": [line]}
    with pytest.raises(InvalidInput) as refused:
        other = {**same, "findings": [{**line, "handling": "责令改正"}]}
        gate.do("propose", "inspector", **other, outcome="未发现问题")
    assert set(refused.value.fields) == {"outcome"}
    clean = {"item": line["item"], "name": line["name"], "problem": "否", "note": "票据经核实真实。"}
    gate.do("propose", "inspector", **{**same, "findings": [clean]}, outcome="未发现问题")
    with engine.read() as session:
        assert session.scalars(sa.select(Finding)).one().problem  # nothing changes before the review
    gate.do("review", "head", decision="同意")
    with engine.read() as session:
        finding = session.scalars(sa.select(Finding)).one()
        kept = {row.item: row for row in session.scalars(sa.select(FindingCorrection))}
        assert not finding.problem and finding.category == "1"
        assert kept["SCJG-001"].old["note"] == PLANTED["note"] and kept[""].old["category"] == "6"
        assert kept["SCJG-001"].proposed_by == "检查庚" and kept["SCJG-001"].reviewed_by == "科长乙"
        assert session.scalars(sa.select(DepartmentInspection)).one().conclusion == {}
    told = {"told_on": clock.now.date().isoformat(), "method": "当面告知", "recipient": "王氏"}
    gate.do("tell", "officer", **told)
    # The application under way is given what follows for the public.
    wanted = gate.context("apply")["correction_changes"]
    assert {"cell": CELL, "new": "未发现问题"} in wanted and {"检查事项", "检查结果"} == {
        change["cell"].split(" / ")[0] for change in wanted
    }
    gate.do("apply", "officer", **asked, changes=wanted)
    gate.do("section_check", "head", decision="同意")
    clock.advance(days=1)
    gate.do("head_approval", "chief", decision="同意")
    public = create_app(engine.settings, engine).test_client()
    page = public.get(f"/public/publications/{row.id}").text
    assert "<del>发现问题已责令改正</del> → <ins>未发现问题</ins>" in page and "类别选错" in page and "SD-1" in page
    second = engine.execute(BeginPush(row.id), actor=Actor.system())
    assert (first["action"], second["action"], second["release"]) == ("publish", "correct", 2)
    assert first["key"] != second["key"] and second["content"]["检查结果"] == ["未发现问题"]
    feed = public.get("/public/results.json").get_json()["items"][0]
    assert feed["date_modified"] and feed["_lianjian"]["content"]["检查结果"] == ["未发现问题"]

    engine.execute(OpenCorrection(row.id, "撤回"), actor=gate.who("officer"))
    gate.do("apply", "officer", action="提交", kind="撤回", cause="annulled", reason="检查结论已被撤销。")
    gate.do("section_check", "head", decision="同意")
    gate.do("head_approval", "chief", decision="同意")
    page = public.get(f"/public/publications/{row.id}").text
    assert "本条公示已撤回" in page and "检查结论已被撤销" in page and "<del>" not in page
    assert row.title not in page and USCC not in page and "未发现问题" not in page
    assert row.title not in crawl(public, ENTRIES)
    third = engine.execute(BeginPush(row.id), actor=Actor.system())
    assert (third["action"], third["content"]["公示种类"]) == ("withdraw", "抽查结果")
    with engine.read() as session:
        stages = [json.loads(e.body)["stage"] for e in session.scalars(
            sa.select(HistoryEvent).where(HistoryEvent.kind == "publication-stage").order_by(HistoryEvent.id)
        )]  # fmt: skip
        states = list(session.scalars(sa.select(PublicationCorrection.state)))
    assert stages == ["preview", "published", "corrected", "withdrawn"] and states == ["已生效", "已生效"]
    with pytest.raises(Conflict):
        engine.execute(OpenCorrection(row.id, "更正"), actor=gate.who("officer"))


def test_a_leak_is_corrected_without_repeating_it_and_a_refused_application_changes_nothing(
    engine: ProcessEngine, gate: Gate
) -> None:
    gate.publish()
    row = gate.publication()
    engine.execute(OpenCorrection(row.id), actor=gate.who("officer"))
    gate.do("apply", "officer", action="提交", kind="更正", cause="protected", reason="公示了不应公开的文字。",
            changes=[{"cell": "处理情况", "new": "责令改正。"}])  # fmt: skip
    gate.do("section_check", "head", decision="同意")
    gate.do("head_approval", "chief", decision="同意")
    page = create_app(engine.settings, engine).test_client().get(f"/public/publications/{row.id}").text
    assert "原来的文字不再显示" in page and "店主" not in page and "责令改正。" in page
    for values, state in (
        ({"action": "撤销申请"}, "已撤销"),
        ({"action": "提交", "kind": "撤回", "cause": "mistaken", "reason": "对象录错。"}, "未同意"),
    ):
        engine.execute(OpenCorrection(row.id, "撤回"), actor=gate.who("officer"))
        gate.do("apply", "officer", **values)
        if state == "未同意":
            gate.do("section_check", "head", decision="同意")
            gate.do("head_approval", "chief", decision="不同意", return_reason="对象没有录错。")
        with engine.read() as session:
            last = session.scalars(sa.select(PublicationCorrection).order_by(PublicationCorrection.id.desc())).first()
            assert last is not None and last.state == state
    assert gate.publication().state == "published"


def test_withholding_needs_a_ground_a_second_person_and_a_day_on_which_it_comes_back(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.start("department-inspection", PART)
    closed = {
        "decision": "不予公开",
        "legal_ground": "trade-secret",
        "ground_note": "配方属于商业秘密，隐去后无法说明。",
    }
    for day in ("2026-03-02", "2028-01-01"):
        with pytest.raises(InvalidInput) as refused:
            gate.do("publication_preview", "officer", **closed, review_on=day)
        assert "12 个月" in refused.value.fields["review_on"][0]
    gate.do("publication_preview", "officer", **closed, review_on="2026-06-01")
    facts = gate.context("second_signoff")
    assert facts["publication"]["withholding"] and "第十五条" in str(facts["facts"])
    gate.do("second_signoff", "head", decision="同意")
    row = gate.publication()
    public = create_app(engine.settings, engine).test_client()
    assert row.state == "withheld" and public.get(f"/public/publications/{row.id}").status_code == 404
    with engine.read() as session:
        held = session.scalars(sa.select(WithheldPublication)).one()
        instance = session.scalars(
            sa.select(ProcessInstance.id).where(ProcessInstance.process_key == "withholding-review")
        ).one()
    assert (held.decided_by, held.approved_by, str(held.review_on)) == ("承办甲", "科长乙", "2026-06-01")
    clock.travel("2026-06-01T08:00:00")
    engine.execute(FireTimers(instance), actor=Actor.system())
    gate.do("review", "officer", **closed, review_on="2026-12-01")
    gate.do("second_signoff", "head", decision="同意")
    with pytest.raises(Forbidden):
        engine.execute(ReviewWithheld(row.id, "第三方同意公开"), actor=gate.who("other"))
    engine.execute(ReviewWithheld(row.id, "第三方同意公开"), actor=gate.who("watch"))
    context = gate.context("review")
    gate.do("review", "officer", decision="公示", redact_name="照常公示", checked=True, hits=context["hits"])
    gate.do("second_signoff", "head", decision="同意")
    with engine.read() as session:
        held = session.scalars(sa.select(WithheldPublication)).one()
        part = session.scalars(sa.select(DepartmentInspection)).one()
    assert held.ended_at is not None and held.reviews == 2 and part.state == "已公示"
    assert gate.publication().state == "published" and leaks(crawl(public, ENTRIES)) == []


def test_a_failed_report_shows_the_next_attempt_and_ends_with_a_receipt_on_paper(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.publish()
    row = gate.publication()
    engine.execute(BeginPush(row.id), actor=Actor.system())
    engine.execute(RecordPushTrouble(row.id, "无法连接省平台", final=False), actor=Actor.system())
    shown = gate.publication()
    assert shown.push_error == "无法连接省平台" and shown.next_push_at is not None
    assert (shown.next_push_at - clock()).total_seconds() == 1
    assert [next_wait(n) for n in (1, 3, 4, 8, 19, 20)] == [1.0, 9.0, 60, 300, 9.0, None]
    with pytest.raises(InvalidInput) as refused:
        engine.execute(EnterPaperReceipt(row.id, "", "2026-03-01", "x"), actor=gate.who("officer"))
    assert set(refused.value.fields) == {"number", "received_on", "note"}
    with pytest.raises(Forbidden):
        engine.execute(EnterPaperReceipt(row.id, "纸1", "2026-03-02", "现场报送，回执存档"), actor=gate.who("other"))
    engine.execute(EnterPaperReceipt(row.id, "纸1", "2026-03-02", "现场报送，回执存档"), actor=gate.who("officer"))
    assert gate.publication().receipt == "纸1（纸质回执）" and gate.publication().next_push_at is None
    assert engine.execute(BeginPush(row.id), actor=Actor.system()) is None


def test_a_penalty_previewed_before_previews_were_kept_is_published_masked_or_withheld(
    engine: ProcessEngine, gate: Gate
) -> None:
    files = {"administrative-penalty.bpmn": mini_diagram("administrative-penalty", "publish-penalty").replace(
        '<spiffworkflow:property name="on_submit" value="prepare-publication"/>', ""
    )}  # fmt: skip
    old = json.loads((engine.settings.form_dir / "publication-preview.json").read_text("utf-8"))
    old["components"] = [c for c in old["components"] if c.get("key") in ("decision", "checked")] + [
        {"type": "textfield", "key": key, "label": "旧表"} for key in ("legal_ground", "ground_note")
    ]
    signoff = (engine.settings.form_dir / "second-signoff.json").read_text("utf-8")
    files |= {"forms/publication-preview.json": json.dumps(old), "forms/second-signoff.json": signoff}
    engine.execute(Deploy("administrative-penalty", files), actor=Actor.system())
    gate.start("administrative-penalty", CASE)
    ground = "行政处罚法第四十八条：不具有一定社会影响"
    gate.do("publication_preview", "officer", decision="不予公开", legal_ground=ground, ground_note="影响轻微。")
    gate.do("second_signoff", "head", decision="同意")
    row = gate.publication("penalty")
    with engine.read() as session:
        held = session.scalars(sa.select(WithheldPublication)).one()
    assert (row.state, held.article, str(held.review_on)) == ("withheld", ground, "2026-09-02")
    assert leaks(json.dumps(row.content, ensure_ascii=False)) == []


def test_a_published_penalty_names_the_goods_taken_and_the_duties_imposed(engine: ProcessEngine, gate: Gate) -> None:
    goods, terms = "散装食用油三桶", f"自送达之日起停业三十日，店主电话{PLANTED['mobile']}"
    kinds = ["罚款", "没收非法财物", "责令停产停业"]
    duties = [{"kind": "责令停产停业", "content": terms}]
    with engine.database.write() as session:
        case = session.scalars(sa.select(FollowUp).where(FollowUp.number == CASE)).one()
        decided = {**case.facts["decision"], "kinds": kinds, "goods": goods, "terms": terms, "duties": duties}
        case.facts = {**case.facts, "decision": decided}
    gate.publish("administrative-penalty", CASE)
    row = gate.publication("penalty")
    assert row.content["没收的财物"] == goods
    assert row.content["其他义务"].startswith("责令停产停业：自送达之日起停业三十日，店主电话［已隐去］")
    public = create_app(engine.settings, engine).test_client()
    feed = public.get("/public/penalties.json").get_json()["items"]
    for shown in (public.get(f"/public/publications/{row.id}").text, json.dumps(feed, ensure_ascii=False)):
        assert goods in shown and "停业三十日" in shown and leaks(shown) == []


def test_a_penalty_says_the_act_decided_not_the_suspicion_and_the_result_leads_to_it_once_it_is_public(
    engine: ProcessEngine, gate: Gate
) -> None:
    with engine.database.write() as session:
        case = session.scalars(sa.select(FollowUp).where(FollowUp.number == CASE)).one()
        decided = {**case.facts["decision"], "facts": "未按规定贮存食品，有现场笔录。", "amount": 5000}
        case.facts = {"filing": {"cause": "涉嫌未按规定贮存食品案"}, "decision": decided}
    gate.publish("department-inspection", PART)
    result, public = gate.publication("result"), create_app(engine.settings, engine).test_client()
    address = f"/public/publications/{result.id}"
    assert "作出的行政处罚" not in public.get(address).text
    gate.publish("administrative-penalty", CASE)
    row = gate.publication("penalty")
    page = public.get(f"/public/publications/{row.id}").text
    assert row.content["违法行为"] == decided["facts"] and "涉嫌" not in page
    assert "当事人" in row.content and "检查对象" not in row.content
    assert "<dt>罚款数额</dt><dd>5,000 元</dd>" in page and "5,000 元" in public.get("/public/penalties").text
    assert f'href="/public/publications/{row.id}"' in public.get(address).text
    earlier = {"检查对象": "济南示例商行", "决定书文号": "济天市监处罚〔2025〕1号"}  # the label of then
    today = engine.clock().astimezone(engine.settings.timezone).date()
    assert visible(engine.settings, "penalty", "企业", earlier, today) == earlier
