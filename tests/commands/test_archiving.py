"""Archiving by commands on both databases: numbers, blocks, proofs, and what may not be done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.start_process import StartProcess
from engine.db import Database
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.archive_models import CaseFile, CaseFileBlock
from engine.inspection.archives.commands import BLOCK, ArchiveCase
from engine.inspection.archives.job import build_case_file
from engine.inspection.archives.rules import rules
from engine.inspection.archives.verify import verify
from engine.inspection.facts import context_provider
from engine.inspection.installation import roles, services
from engine.models import User, UserTask
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from tests.conftest import Clock

NOTE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test">
  <process id="note" name="便函" isExecutable="true">
    <laneSet id="lanes"><lane id="officer" name="承办人"><flowNodeRef>write</flowNodeRef></lane></laneSet>
    <startEvent id="begin" name="开始"/><userTask id="write" name="起草便函"/><endEvent id="finish" name="办结"/>
    <sequenceFlow id="a" sourceRef="begin" targetRef="write"/>
    <sequenceFlow id="b" sourceRef="write" targetRef="finish"/>
  </process>
</definitions>"""
ROW = {
    "code": "note", "name": "便函卷", "letters": "BH", "retention": "永久", "years": None,
    "number": "{department}-{letters}·{year}-{term}-{serial:04d}", "requires": [
        {"process": "note", "element": "write", "title": "便函", "condition": "true", "always": True}],
    "documents": [
        {"process": "note", "template": "memo", "title": "便函正本",
         "when": {"element": "write", "condition": "sent = true"}}],
    "effective_from": "2019-01-01", "effective_to": None, "source": "测试",
}  # fmt: skip


@pytest.fixture
def office(database: Database, settings: Settings, clock: Clock, tmp_path: Path) -> ProcessEngine:
    """An engine whose table archives the process ``note``."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "archive.json").write_text(json.dumps({"rows": [ROW]}))
    (tmp_path / "tables" / "duty-to-tell.json").write_text(json.dumps({"rows": []}))
    found = replace(settings, process_dir=tmp_path)
    engine = ProcessEngine(
        database, found, services(), form_context=context_provider(found), roles=roles(), clock=clock
    )  # fmt: skip
    engine.execute(Deploy("note", {"note.bpmn": NOTE}), actor=Actor.system())
    return engine


def officer(engine: ProcessEngine, login: str, department: str = "SCJG") -> Actor:
    with engine.database.write() as session:
        user = User(
            district_id=engine.settings.district_id, login=login, name="张敏", department=department,
            password_hash="-", created_at=engine.clock(),
        )  # fmt: skip
        session.add(user)
        session.flush()
        return Actor(user.id, user.name, department, frozenset({f"{department}/承办人"}))


def test_a_case_is_numbered_kept_in_blocks_and_verified(office: ProcessEngine, tmp_path: Path) -> None:
    me, stranger = officer(office, "zhang"), officer(office, "li", "WJJ")
    found = []
    for key in ("便函-1", "便函-2"):
        found.append(office.execute(StartProcess("note", key, {}, title=key, department="SCJG"), actor=me))
        with office.read() as session:
            task = session.scalars(sa.select(UserTask).where(UserTask.business_key == key)).one()
        # Larger than a block even when compressed: what is kept comes back piece by piece.
        noise = b"".join(hashlib.sha256(f"{key}{n}".encode()).digest() for n in range(40_000))
        office.execute(AddAttachment(task.id, "files", "底稿.pdf", "application/pdf", noise), actor=me)
        with pytest.raises(Conflict, match="还没有办结"):
            office.execute(ArchiveCase(found[-1]), actor=me)
        office.execute(CompleteTask(task.id, task.version, {}), actor=me)
    with pytest.raises(Forbidden, match="主办部门的承办人"):
        office.execute(ArchiveCase(found[0]), actor=replace(stranger, groups=frozenset({"WJJ/监管督查"})))
    files = [office.execute(ArchiveCase(instance), actor=me) for instance in found]
    with pytest.raises(Conflict, match="已经归档"):
        office.execute(ArchiveCase(found[0]), actor=me)
    with pytest.raises(Conflict):  # archived means read-only: nothing more is taken by its tasks
        office.execute(AddAttachment(task.id, "files", "后补.pdf", "application/pdf", b"%PDF"), actor=me)
    for case_file in files:
        build_case_file(office, {"case_file": case_file})
    build_case_file(office, {"case_file": files[1]})  # a job may run again
    with office.read() as session:
        rows = session.scalars(sa.select(CaseFile).order_by(CaseFile.archive_number)).all()
        assert [(r.archive_number, r.state, r.keep_until, r.missing) for r in rows] == [
            (f"SCJG-BH·2026-Y-000{n}", "ready", None, []) for n in (1, 2)
        ]
        for row in rows:
            blocks = session.scalars(
                sa.select(CaseFileBlock.content)
                .where(CaseFileBlock.case_file_id == row.id, CaseFileBlock.kind == "zip")
                .order_by(CaseFileBlock.position)
            ).all()
            assert len(blocks) == 2 and len(blocks[0]) == BLOCK
            kept = tmp_path / "case.zip"
            kept.write_bytes(b"".join(blocks))
            assert hashlib.sha256(kept.read_bytes()).hexdigest() == row.zip_sha256
            report = verify(kept)
            assert report.problems == [] and report.files == 3


def test_a_document_is_missed_only_on_its_occasion(office: ProcessEngine) -> None:
    me = officer(office, "zhang")
    for key, values in (("便函-1", {"sent": False}), ("便函-2", {"sent": True})):
        instance = office.execute(StartProcess("note", key, {}, title=key, department="SCJG"), actor=me)
        with office.read() as session:
            task = session.scalars(sa.select(UserTask).where(UserTask.business_key == key)).one()
        office.execute(CompleteTask(task.id, task.version, values), actor=me)
        if values["sent"]:
            with pytest.raises(InvalidInput, match="材料不齐"):
                office.execute(ArchiveCase(instance), actor=me)
        office.execute(ArchiveCase(instance, reason="正本已寄出。" if values["sent"] else ""), actor=me)
    with office.read() as session:
        files = session.scalars(sa.select(CaseFile).order_by(CaseFile.archive_number)).all()
        assert [file.missing for file in files] == [[], ["缺少《便函正本》"]]


def test_a_penalty_file_is_asked_for_what_its_course_calls_for(settings: Settings) -> None:
    rule = rules(settings, date(2026, 3, 2))["administrative-penalty"]

    def called_for(**submitted: dict[str, str]) -> set[str]:
        return {due.template for due in rule.documents if due.when.arose(submitted)}

    filed = {"approve_filing": {"decision": "立案"}}
    assert called_for(approve_filing={"decision": "不予立案"}) == set()
    assert called_for(**filed) == {"filing-approval"}
    decided = {"filing-approval", "investigation-report", "legal-review-opinion"}
    for right, notice in (("否", "penalty-notice"), ("是", "hearing-right-notice")):
        found = called_for(**filed, notice={"hearing_right": right}, decide={"decision": "处罚"})
        assert found == {*decided, notice, "penalty-decision"}
    assert called_for(**filed, decide={"decision": "不予处罚"}) == {*decided, "no-penalty-decision"}
    assert called_for(transfer={"receiver_kind": "其他机关"}) == {"case-transfer-letter"}
    handed, posted = (need for need in rule.requires if need.process == "document-service")
    in_person: dict[str, Any] = {"mode": "direct", "result": "已送达", "receipt": [], "paper": None}
    assert not handed.met_by(in_person) and handed.met_by({**in_person, "receipt": ["1"]})
    assert handed.met_by({**in_person, "signature": "data:"}) and handed.met_by({**in_person, "mode": "post"})
    assert not posted.met_by({"receipt": []}) and posted.met_by({"receipt": ["1"]})
    assert called_for(file_application={}) == {"court-application"}
