"""Document numbers: gapless, assigned once, never used again, also with two issuers at once; bytes kept as issued."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.actor import Actor
from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.save_draft import SaveDraft
from engine.commands.start_process import StartProcess
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound, ServiceTaskFailed
from engine.history import verify
from engine.inspection import official_documents as documents
from engine.inspection.attach_signed_copy import AttachSignedCopy
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.inspection.issue_document import IssueDocument, ReissueDocument
from engine.inspection.void_document import VoidDocument
from engine.models import Attachment, Department, HistoryEvent, ProcessInstance, User, UserTask
from engine.process_engine import ProcessEngine

LINT = Path(__file__).resolve().parents[1] / "lint"
NOTICE = """{"id": "notice", "title": "行政检查通知书", "code": "检通", "blocks": [
  {"type": "text", "text": "事项{case.number}：{steps.work.note}", "indent": false},
  {"type": "closing", "on": "document.issued_on"}]}"""
RECEIPT = """{"id": "receipt", "title": "送达回证", "code": "送达", "several": true, "blocks": [
  {"type": "form", "rows": [[{"label": "送达机关", "value": "organ.name"}]]}]}"""
FORM = """{"type": "default", "schemaVersion": 16, "id": "approval", "title": "办理", "components": [
  {"type": "textfield", "key": "note", "label": "说明"}]}"""


def person(engine: ProcessEngine, name: str, department: str, role: str) -> Actor:
    with engine.database.write() as session:
        user = User(
            district_id="370105", login=f"{name}-{department}", name=name, department=department, password_hash="",
            created_at=engine.clock(),
        )  # fmt: skip
        session.add(user)
        session.flush()
        return Actor(user.id, name, department, frozenset({f"{department}/{role}"}))


@pytest.fixture
def office(engine: ProcessEngine) -> ProcessEngine:
    """A system with a process whose one step names a notice and a receipt."""
    with engine.database.write() as session:
        session.add_all(
            Department(district_id="370105", code=code, name=name)
            for code, name in (("SCJG", "天桥区市场监督管理局"), ("WJJ", "天桥区卫生健康局"), ("XX", "没有代字的机关"))
        )
    text = (
        (LINT / "known-documents" / "valid.bpmn").read_text(encoding="utf-8").replace('"notice"', '"notice, receipt"')
    )
    bundle = {
        "sample.bpmn": text, "forms/approval.json": FORM, "documents/notice.json": NOTICE,
        "documents/receipt.json": RECEIPT,
    }  # fmt: skip
    engine.execute(Deploy("sample", bundle), actor=Actor.system())
    return engine


def start(engine: ProcessEngine, key: str, department: str = "SCJG") -> str:
    command = StartProcess("sample", key, {}, title=f"检查{key}", department=department)
    instance_id: str = engine.execute(command, actor=Actor.system())
    return instance_id


def numbers(engine: ProcessEngine, template: str = "notice") -> list[tuple[str, str]]:
    with engine.read() as session:
        rows = session.execute(
            sa.select(OfficialDocument.number, OfficialDocument.state)
            .where(OfficialDocument.template == template)
            .order_by(OfficialDocument.series, OfficialDocument.serial)
        )
        return [(number, state) for number, state in rows]


def test_a_document_goes_from_draft_to_number_to_version_to_void(office: ProcessEngine, clock: Any) -> None:
    officer, inspector = person(office, "张三", "SCJG", "承办人"), person(office, "李四", "SCJG", "执法检查人员")
    stranger = person(office, "王五", "WJJ", "承办人")
    case = start(office, "A-1")
    with office.read() as session:
        task = session.scalars(sa.select(UserTask)).one()
    office.execute(ClaimTask(task.id), actor=officer)
    office.execute(SaveDraft(task.id, {"note": "草稿里的话"}), actor=officer)

    with pytest.raises(NotFound):
        office.execute(IssueDocument(case, "notice", "SCJG"), actor=stranger)
    with pytest.raises(NotFound, match="没有这份文书"):
        office.execute(IssueDocument(case, "nothing", "SCJG"), actor=officer)
    with pytest.raises(NotFound, match="没有这份文书"):
        office.execute(
            IssueDocument(case, "notice", "WJJ"),
            actor=Actor(None, "王五", "", frozenset({"WJJ/承办人", "SCJG/承办人"})),
        )
    with pytest.raises(Forbidden, match="出具机关"):
        office.execute(IssueDocument(case, "notice", "SCJG"), actor=person(office, "赵六", "SCJG", "机关负责人"))
    document_id = office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
    assert numbers(office) == [("济天市监检通〔2026〕1号", "issued")]
    with pytest.raises(Conflict, match="济天市监检通〔2026〕1号"):
        office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
    with pytest.raises(Conflict, match="没有变动"):
        office.execute(ReissueDocument(document_id, "更正"), actor=officer)

    clock.advance(days=1)
    office.execute(CompleteTask(task.id, 2, {"note": "提交的话"}), actor=officer)
    with pytest.raises(InvalidInput, match="原因"):
        office.execute(ReissueDocument(document_id, " "), actor=officer)
    assert office.execute(ReissueDocument(document_id, "更正说明"), actor=inspector) == 2
    scan = AttachSignedCopy(document_id, "2026-03-03", "周局长", "签字.pdf", "application/pdf", b"%PDF-1.4")
    attachment = office.execute(scan, actor=officer)
    with pytest.raises(InvalidInput) as wrong:
        office.execute(AttachSignedCopy(document_id, "2026-03-04", " ", "a.txt", "text/plain", b"x"), actor=officer)
    assert set(wrong.value.fields) == {"signed_by", "signed_on", "file"}
    with pytest.raises(InvalidInput, match="空的"):
        office.execute(
            AttachSignedCopy(document_id, "2026-03-03", "周", "a.pdf", "application/pdf", b""), actor=officer
        )

    with office.read() as session:
        row = documents.find(session, "370105", document_id)
        first, second = documents.versions(session, row)
        for version in (first, second):
            assert version.pdf.startswith(b"%PDF") and hashlib.sha256(version.pdf).hexdigest() == version.pdf_sha256
        assert first.pdf != second.pdf and (second.reason, second.made_by_name) == ("更正说明", "李四")
        assert [kept.id for kept in documents.scans(session, row)] == [attachment]
        assert session.get_one(Attachment, attachment).meta["signed_by"] == "周局长"
        bodies = session.scalars(
            sa.select(HistoryEvent.body).where(HistoryEvent.kind.in_(("document-issued", "document-reissued")))
        ).all()
        assert first.pdf_sha256 in bodies[0] and second.pdf_sha256 in bodies[1]

    with pytest.raises(Forbidden, match="科室负责人"):
        office.execute(VoidDocument(document_id, "写错"), actor=inspector)
    office.execute(VoidDocument(document_id, "编错了种类"), actor=officer)
    for command in (VoidDocument(document_id, "再作废"), ReissueDocument(document_id, "再出具"), scan):
        with pytest.raises(Conflict, match="已经作废"):
            office.execute(command, actor=officer)
    office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
    assert numbers(office) == [("济天市监检通〔2026〕1号", "voided"), ("济天市监检通〔2026〕2号", "issued")]
    with office.read() as session:
        assert verify(session, "370105").problems == []


def test_a_document_is_issued_only_when_it_fits_and_not_after_the_case_is_over(office: ProcessEngine) -> None:
    """The template's ``when`` decides; once the case is over only the document of its last step is still made."""
    text = (LINT / "known-documents" / "valid.bpmn").read_text(encoding="utf-8").replace('"sample"', '"pair"')
    text = text.replace('"notice"', '"notice, refusal"').replace('sourceRef="work"', 'sourceRef="sign"')
    first = text[text.index("<bpmn:userTask") : text.index("</bpmn:userTask>") + len("</bpmn:userTask>")]
    second = first.replace('id="work"', 'id="sign"').replace('"notice, refusal"', '"receipt"').replace("f1<", "f3<")
    text = text.replace(first, first.replace("f2<", "f3<") + second)
    text = text.replace("<bpmn:flowNodeRef>", "<bpmn:flowNodeRef>sign</bpmn:flowNodeRef><bpmn:flowNodeRef>", 1)
    text = text.replace('<bpmn:sequenceFlow id="f2"', '<bpmn:sequenceFlow id="f3" sourceRef="work" targetRef="sign"/>'
                        '<bpmn:sequenceFlow id="f2"')  # fmt: skip
    fitting = NOTICE.replace('"blocks"', '"when": "steps.work.note = \\"处罚\\"", "blocks"')
    refusal = fitting.replace('"notice"', '"refusal"').replace("= ", "!= ").replace("通知书", "不予通知书")
    bundle = {
        "pair.bpmn": text, "forms/approval.json": FORM, "documents/notice.json": fitting,
        "documents/refusal.json": refusal, "documents/receipt.json": RECEIPT,
    }  # fmt: skip
    office.execute(Deploy("pair", bundle), actor=Actor.system())
    officer = person(office, "张三", "SCJG", "承办人")
    case = office.execute(StartProcess("pair", "P-1", {}, title="两步", department="SCJG"), actor=Actor.system())
    with pytest.raises(Conflict, match=r"填写的内容不符.*暂存或者提交"):
        office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
    for note in ("处罚", "签"):
        with office.read() as session:
            task = session.scalars(sa.select(UserTask).where(UserTask.state == "open")).one()
        office.execute(ClaimTask(task.id), actor=officer)
        if note == "签":
            with pytest.raises(Conflict, match="填写的内容不符"):
                office.execute(IssueDocument(case, "refusal", "SCJG"), actor=officer)
            notice = office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
            office.execute(VoidDocument(notice, "重编"), actor=officer)
        with office.read() as session:
            version = session.get_one(UserTask, task.id).version
        office.execute(CompleteTask(task.id, version, {"note": note}), actor=officer)
    with pytest.raises(Conflict, match=r"已经办结，不再新出具.*新版本.*归档时写明原因"):
        office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
    office.execute(IssueDocument(case, "receipt", "SCJG"), actor=officer)
    with office.database.write() as session:
        session.get_one(ProcessInstance, case).status = "terminated"
    with pytest.raises(Conflict, match="已经终止，不再新出具"):
        office.execute(IssueDocument(case, "receipt", "SCJG"), actor=officer)
    assert [n for n, _ in numbers(office)] == ["济天市监检通〔2026〕1号"]


def test_each_organ_kind_and_year_has_a_series_of_its_own(office: ProcessEngine, clock: Any) -> None:
    own, other = person(office, "张三", "SCJG", "承办人"), person(office, "王五", "WJJ", "承办人")
    a, b, c = start(office, "B-1"), start(office, "B-2", "WJJ"), start(office, "B-3", "XX")
    for _ in range(2):
        office.execute(IssueDocument(a, "receipt", "SCJG"), actor=own)
    office.execute(IssueDocument(b, "notice", "WJJ"), actor=other)
    office.execute(IssueDocument(a, "notice", "SCJG"), actor=own)
    clock.travel("2026-12-31T23:59:00")
    office.execute(IssueDocument(a, "receipt", "SCJG"), actor=own)
    clock.travel("2027-01-01T00:01:00")
    office.execute(IssueDocument(a, "receipt", "SCJG"), actor=own)
    with pytest.raises(ServiceTaskFailed, match="没有“XX”的机关代字"):
        office.execute(IssueDocument(c, "notice", "XX"), actor=person(office, "钱七", "XX", "承办人"))
    assert [n for n, _ in numbers(office)] == ["济天市监检通〔2026〕1号", "济天卫健检通〔2026〕1号"]
    assert [n for n, _ in numbers(office, "receipt")] == [
        "济天市监送达〔2026〕1号", "济天市监送达〔2026〕2号", "济天市监送达〔2026〕3号", "济天市监送达〔2027〕1号",
    ]  # fmt: skip


def test_issuers_at_once_share_a_series_without_a_gap(office: ProcessEngine) -> None:
    """Each of several issues for cases of its own, starting with the very first number of the series."""
    officers = [person(office, name, "SCJG", "承办人") for name in ("甲", "乙", "丙")]
    cases = [[start(office, f"C-{who}-{n}") for n in range(3)] for who in range(len(officers))]
    gate = threading.Barrier(len(officers))
    failed: list[Exception] = []

    def issue(who: int) -> None:
        gate.wait()
        for case in cases[who]:
            try:
                office.execute(IssueDocument(case, "notice", "SCJG"), actor=officers[who])
            except Exception as error:  # reported by the test below
                failed.append(error)

    threads = [threading.Thread(target=issue, args=(who,)) for who in range(len(officers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [n for n, _ in numbers(office)] == [f"济天市监检通〔2026〕{n}号" for n in range(1, 10)]


def test_two_who_issue_the_same_document_at_once_give_it_one_number(office: ProcessEngine) -> None:
    officers = [person(office, name, "SCJG", "承办人") for name in ("甲", "乙")]
    case, gate = start(office, "D-1"), threading.Barrier(2)
    outcome: list[str] = []

    def issue(actor: Actor) -> None:
        gate.wait()
        try:
            office.execute(IssueDocument(case, "notice", "SCJG"), actor=actor)
            outcome.append("issued")
        except Conflict:
            outcome.append("conflict")

    threads = [threading.Thread(target=issue, args=(actor,)) for actor in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome) == ["conflict", "issued"]
    assert numbers(office) == [("济天市监检通〔2026〕1号", "issued")]
    office.execute(IssueDocument(start(office, "D-2"), "notice", "SCJG"), actor=officers[0])
    assert numbers(office)[-1][0] == "济天市监检通〔2026〕2号"  # the loser gave its number back


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["issue", "again", "void", "fail"]), min_size=4, max_size=12))
def test_whatever_is_issued_voided_or_fails_numbers_run_from_one_without_gap(
    office: ProcessEngine, steps: list[str]
) -> None:
    with office.database.write() as session:
        for table in (Attachment, OfficialDocumentVersion, OfficialDocument):
            session.execute(sa.delete(table))
        session.execute(sa.text("DELETE FROM number_series"))
    with office.read() as session:
        run = session.scalar(sa.select(sa.func.count()).select_from(UserTask)) or 0
    officer = Actor(None, "张三", "SCJG", frozenset({"SCJG/承办人"}))
    case, standing, count = start(office, f"E-{run}"), "", 0
    for step in steps:
        if step == "void" and standing:
            office.execute(VoidDocument(standing, "作废原因"), actor=officer)
            standing = ""
        elif step == "issue" and not standing:
            standing = office.execute(IssueDocument(case, "notice", "SCJG"), actor=officer)
            count += 1
        elif step in ("fail", "again"):
            with pytest.raises(LianjianError):
                key = "notice" if standing and step == "again" else "nothing"
                office.execute(IssueDocument(case, key, "SCJG"), actor=officer)
    assert [n for n, _ in numbers(office)] == [f"济天市监检通〔2026〕{n}号" for n in range(1, count + 1)]
    assert sum(state == "issued" for _, state in numbers(office)) == bool(standing)
