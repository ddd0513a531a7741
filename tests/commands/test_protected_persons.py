"""A person's number, home and name, and who reported, do not become public, whatever was entered where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.db import new_id
from engine.errors import Conflict, InvalidInput, NotFound
from engine.inspection import jobs, public_fields, publication, publication_sources
from engine.inspection.item_models import StagedFile
from engine.inspection.lead_import import ImportLeads, StageLeads
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import FollowUp
from engine.inspection.publication import Choices, Preview
from engine.process_engine import ProcessEngine
from tests.commands.test_case_leads import (  # noqa: F401
    DESK,
    NAME,
    OK,
    ON_SQLITE,
    accepted,
    faults,
    found,
    office,
    register,
    step,
    today,
)
from tests.support.journey import Office

IDENTITY, HOME, PERSON = "370105198803072316", "示例小区3号楼2单元501", "李示例"


def previewed(engine: ProcessEngine, subject: dict[str, Any], decision: dict[str, Any], root: str = "") -> Preview:
    """A penalty that came of a lead, as the officer sees it before it becomes public."""
    row = FollowUp(
        district_id=engine.settings.district_id, number="SCJG-线索-2026-0001/penalty", department="SCJG",
        kind="administrative-penalty", root_kind="case-lead", root=root, origin=root, subject=subject,
        facts={"decision": {"decided_on": "2026-03-02", "kinds": ["罚款"], **decision}},
    )  # fmt: skip
    with engine.read() as session:
        source = publication_sources.of_penalty(session, engine.settings, row)
    return publication.prepare(engine.settings, source, Choices(), engine.clock().date())


@ON_SQLITE
@pytest.mark.parametrize(
    ("kind", "decided"),
    [("个人", ""), ("", ""), ("", "个人"), ("企业", "个人")],
    ids=["lead", "none", "decision", "two"],
)
def test_a_person_is_published_as_one_however_the_kind_was_said(engine: ProcessEngine, kind: str, decided: str) -> None:
    subject = {"name": PERSON, "uscc": IDENTITY, "address": HOME, "subject_kind": kind}
    content = previewed(engine, subject, {"subject_kind": decided}).content
    assert content["当事人"] == "李某某"
    assert not any(words in str(content) for words in (PERSON, IDENTITY, HOME))


@ON_SQLITE
def test_an_identity_number_typed_for_a_code_is_taken_out_and_a_code_of_digits_stays(engine: ProcessEngine) -> None:
    subject = {"name": "示例店（虚构）", "uscc": IDENTITY, "address": "示例路1号", "subject_kind": "企业"}
    decision = {"document_number": f"罚〔2026〕1号（{IDENTITY}）"}
    preview = previewed(engine, subject, decision)
    assert IDENTITY not in str(preview.content) and "统一社会信用代码中的身份证号码" in preview.redacted
    on = engine.clock().date()
    shown = public_fields.visible(engine.settings, "penalty", "企业", {"统一社会信用代码": IDENTITY}, on)
    assert IDENTITY not in str(shown)
    digits = "911101081000000166"
    assert previewed(engine, {**subject, "uscc": digits}, {}).content["统一社会信用代码"] == digits


@ON_SQLITE
def test_a_lead_about_somebody_the_registry_does_not_know_says_of_what_kind(office: Office) -> None:  # noqa: F811
    typed = {"uscc": "", "subject_name": "示例摊点（虚构）", "subject_address": "示例路1号"}
    with pytest.raises(InvalidInput) as refused:
        register(office, **typed)
    assert set(refused.value.fields) == {"subject_kind"}
    with pytest.raises(InvalidInput) as refused:
        register(office, **{**typed, "uscc": IDENTITY, "subject_kind": "个人"})
    assert set(refused.value.fields) == {"uscc"}
    number = register(office, **typed, subject_kind="个人")
    with office.engine.read() as session:
        assert session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one().subject["subject_kind"]

    # The check may show that a firm is a person; where the registry's word is known, that one stands.
    number = register(office)
    accepted(office, number)
    step(office, number, "plan_check", DESK)
    person = {"subject_name": PERSON, "subject_kind": "个人"}
    wrong = found(office, "no-violation", uscc=IDENTITY, **person)
    assert faults(office, number, "verify", wrong) == {"uscc"}
    step(office, number, "verify", found(office, "no-violation", uscc="", **person))
    with office.engine.read() as session:
        row = session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one()
    assert (row.subject["subject_kind"], row.uscc) == ("个人", "")


@ON_SQLITE
def test_who_reported_is_kept_out_of_every_later_text_and_of_what_is_published(office: Office) -> None:  # noqa: F811
    number = register(office)
    told = {"told_on": today(office).isoformat(), "told_how": "电话"}
    wide = "０５３１ 0000-0000"  # the number of the contact, in another dress
    away = {"decision": "移送有权机关", "reason": f"{NAME}反映的事项不属于本部门。"}
    assert faults(office, number, "accept", away) == {"reason"}
    accepted(office, number)
    step(office, number, "plan_check", DESK)
    for who in (NAME, wide):
        said = found(office, "other-organ", facts=f"经向{who}核实，所述属实，商品已经下架。")
        assert faults(office, number, "verify", said) == {"facts"}
    step(office, number, "verify", found(office, "other-organ"))

    # A lead joined later, whose reporter the facts happen to name, is handed on without the name.
    with office.engine.database.write() as session:
        row = session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one()
        row.facts = {**row.facts, "verification": {**row.facts["verification"], "facts": f"{NAME}所述属实。"}}
    step(office, number, "section_review", OK)
    step(office, number, "head_decide", OK)
    given = {
        "receiver_kind": "本系统的部门", "receiver": "WJJ", "reason": "属于卫生健康部门职责。",
        "sent_on": today(office).isoformat(), **told,
    }  # fmt: skip
    assert faults(office, number, "transfer", {**given, "reason": f"请联系{NAME}。"}) == {"reason"}
    step(office, number, "transfer", given)
    with office.engine.read() as session:
        handed = session.scalars(sa.select(CaseLead).where(CaseLead.handed_from == number)).one()
        assert "［已隐去］所述属实" in handed.content and NAME not in handed.content

    subject = {"name": "示例店（虚构）", "uscc": "", "address": "示例路1号", "subject_kind": "企业"}
    decision = {"facts": f"{NAME}举报，电话{wide}，经查属实。", "document_number": f"罚〔2026〕1号{NAME}"}
    preview = previewed(office.engine, subject, decision, number)
    shown = str((preview.content, preview.lines, preview.open_hits))
    assert "［已隐去］举报" in shown and NAME not in shown and wide not in shown


def test_a_platforms_number_is_entered_once_and_names_the_lead_to_its_own_department(office: Office) -> None:  # noqa: F811
    number = register(office, platform_number="12315-7")
    with pytest.raises(Conflict, match=number):
        register(office, platform_number="12315-7")
    with pytest.raises(Conflict, match="由其他部门登记") as refused:
        register(office, "wjj-officer", department="WJJ", platform_number="12315-7")
    assert number not in str(refused.value)
    # Two at once, when neither saw the other before it wrote.
    with pytest.raises(sa.exc.IntegrityError), office.engine.database.write() as session:
        row = session.scalars(sa.select(CaseLead).where(CaseLead.number == number)).one()
        values = {c.name: getattr(row, c.name) for c in CaseLead.__table__.columns}
        session.execute(sa.insert(CaseLead).values(values | {"id": new_id(), "number": "SCJG-线索-2026-0099"}))
    for _ in range(2):
        register(office)  # without a number as often as there are


@ON_SQLITE
def test_a_platforms_file_nobody_confirmed_is_gone_after_a_day(office: Office) -> None:  # noqa: F811
    officer, text = office.login("scjg-officer"), "登记编号,收到日期,事由,举报内容\n".encode()
    old = office.engine.execute(StageLeads("a.csv", text), actor=officer)
    with office.engine.database.write() as session:
        session.execute(sa.update(StagedFile).values(at=office.engine.clock() - timedelta(days=1, minutes=1)))
    with pytest.raises(NotFound):
        office.engine.execute(ImportLeads(old), actor=officer)
    new = office.engine.execute(StageLeads("b.csv", text), actor=officer)
    jobs.drop_staged_leads(office.engine, {})
    with office.engine.read() as session:
        assert list(session.scalars(sa.select(StagedFile.id))) == [new]
