"""The chain page: one tree from the plan to the last follow-up, within the reader's scope, in few statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.set_deadline import SetDeadline
from engine.db import new_id
from engine.inspection.chains.chain import chain_of
from engine.inspection.demo.follow_ups import show_follow_ups
from engine.inspection.document_models import OfficialDocument
from engine.inspection.models import FollowUp
from engine.models import DeadlineReminder, Incident, InstanceDepartment, ProcessInstance
from engine.web.app import create_app
from tests.support.limits import LEAD, LimitDistrict
from tests.support.pages import Browser, District
from tests.support.planted import readable


@pytest.fixture
def pages(limits: LimitDistrict) -> District:
    """The district of the tests of limits behind a web application."""
    app = create_app(limits.engine.settings, limits.engine)
    return District(app, limits.engine, limits.office, "SCJG-抽查-2026-0001", limits.clock)


def statements(limits: LimitDistrict, actor: Actor, number: str) -> tuple[int, int]:
    """How many cases the chain has and how many statements reading it took."""
    counted: list[str] = []
    engine = limits.engine.database.engine

    def count(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        counted.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        with limits.engine.read() as session:
            chain = chain_of(session, limits.engine.settings, actor, number, limits.clock.now)
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)
    return len(list(chain.walk())), len(counted)


def officer(pages: District, login: str) -> Browser:
    return pages.sign_in(login)


def test_the_chain_leads_from_the_campaign_to_every_follow_up_with_deadlines_and_who_was_told(
    limits: LimitDistrict, pages: District
) -> None:
    part = limits.part
    order = limits.open("rectification")
    limits.clock.advance(hours=1)
    limits.do(order, "issue_order", {
        "content": "立即维修冷藏柜，使温度符合食品安全规定。", "mode": "限期改正", "term": "指定日期",
        "deadline": "2026-03-31", "term_reason": "更换设备需要采购。",
        "delivery": "当场交付", "served_on": "2026-03-02", "method": "直接送达", "receiver": "王示例",
        "rights_told": True,
    })  # fmt: skip
    browser = officer(pages, f"{LEAD.lower()}-officer")
    for number in (pages.campaign, part.rpartition("/")[0], part, order):
        page = browser.text(f"/chain/{number}")
        assert "来龙去脉" in page and f"{part}/责令改正" in page
        assert page.count('aria-current="true"') >= 1
    page = browser.text(f"/chain/{order}")
    assert "等待" in page and "收取整改报告" in page and "抽查结果录入和公示" in page
    told = page[page.index('id="told"') :]
    # Served on a day without an hour: it stands where it was entered, after what was told that morning.
    assert told.index("现场检查笔录") < told.index("责令改正通知书") and "王示例" in told
    pdf = browser.get(f"/chain.pdf/{order}")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")
    book = browser.get(f"/chain.xlsx/{order}")
    assert book.status_code == 200 and book.data.startswith(b"PK")
    assert browser.get("/chain/nothing/at/all").status_code == 404


def test_a_restricted_case_is_not_told_of_and_what_came_of_it_hangs_on_the_next_case_upwards(
    limits: LimitDistrict, pages: District
) -> None:
    secret = limits.open("rectification")
    child = limits.open("rectification", secret)
    with limits.engine.database.write() as session:
        hidden = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == secret)).one()
        hidden.restricted = True
        session.execute(sa.delete(InstanceDepartment).where(InstanceDepartment.instance_id == hidden.id))
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == secret)).one()
        row.state = "只有专案组知道的状态"
    page = officer(pages, f"{LEAD.lower()}-deputy").text(f"/chain/{limits.part}")
    assert "只有专案组知道的状态" not in page and page.count('chain-kind">责令改正') == 1
    answers = [officer(pages, f"{LEAD.lower()}-deputy").get(f"/chain/{key}") for key in (secret, "nothing/at/all")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("没有找到这项工作，可能编号有误，或不属于您所在的部门。" in answer.text for answer in answers)
    assert "只有专案组知道的状态" in officer(pages, "supervisor").text(f"/chain/{child}")


def test_nothing_a_department_reads_differs_by_a_transfer_it_may_not_know_of(
    limits: LimitDistrict, pages: District
) -> None:
    """Neither figures, nor lists, choices, filters, reminders, exports or the administrator's pages."""
    limits.open("rectification")
    limits.deploy("crime-transfer", "administrative-penalty")
    lists = (f"/campaigns/{pages.campaign}", f"/campaigns/{pages.campaign}/summary", f"/chain/{pages.campaign}",
             f"/chain/{limits.part}", f"/chain.xlsx/{limits.part}", f"/inspections/{limits.part.rpartition('/')[0]}",
             "/processes", "/processes/crime-transfer", "/deadlines", "/deadlines?name=crime-transfer",
             "/deadlines?name=transfer-decision&colour=red", "/documents", "/board", "/board.csv", "/held-items",
             "/inbox", "/inbox/done", "/publications", "/leads", "/credit.csv", "/archives",
             "/enforcement")  # fmt: skip
    readers = {"scjg-deputy": lists, "wjj-section": lists}
    readers["admin"] = ("/admin/incidents", "/processes", "/deadlines", "/admin/calendar")
    with limits.engine.read() as session:
        uscc = session.scalars(sa.select(FollowUp.uscc)).first()
    readers["scjg-officer"] = (*lists, f"/objects/{uscc}")
    signed_in = {login: officer(pages, login) for login in readers}

    def read() -> dict[tuple[str, str], str]:
        return {
            (login, path): re.sub(
                r'csrf[-_]token" (content|value)="[^"]+|nonce="[^"]+|<dcterms:.*</dcterms:modified>', "",
                readable(answer.data, answer.content_type or ""),
            )
            for login, paths in readers.items()
            for path in paths
            for answer in [signed_in[login].get(path)]
            if answer.status_code == 200
        }  # fmt: skip

    before = read()
    assert len(before) > 50
    number = limits.open("crime-transfer")
    with limits.engine.read() as session:
        case = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == number)).one()
    assert case.restricted
    limits.engine.execute(
        SetDeadline(number, "transfer-decision", department="SCJG", stream=case.id), actor=Actor.system()
    )
    deadline = limits.deadline(number, "transfer-decision")
    assert deadline.instance_id == case.id
    with limits.engine.database.write() as session:
        common = {"district_id": case.district_id, "instance_id": case.id}
        for role in ("分管负责人", "承办人"):
            session.add(DeadlineReminder(
                id=new_id(), district_id=case.district_id, deadline_id=deadline.id, percent=50, due_at=deadline.due_at,
                recipient=f"SCJG/{role}", sent_at=limits.clock.now,
            ))  # fmt: skip
        session.add(OfficialDocument(
            id=new_id(), **common, business_key=number, department="SCJG", template="crime-transfer-letter",
            title="案件移送书", subject="当事人", number="济天市监移〔2026〕1号", series="移", year=2026, serial=1,
            issued_at=limits.clock.now,
        ))  # fmt: skip
        session.add(Incident(
            id=new_id(), **common, business_key=number, element_id="designate",
            kind="service_task", message="没有找到专案组", detail={}, created_at=limits.clock.now,
        ))  # fmt: skip
    after = read()
    told = after.pop(("admin", "/admin/incidents"))
    assert "限定知悉范围" in told and number not in told and "专案组" not in told and "designate" not in told
    before.pop(("admin", "/admin/incidents"))
    assert [where for where in before if before[where] != after.get(where)] == [] and len(before) == len(after)


def test_another_department_sees_the_part_of_its_own_and_of_the_others_no_more_than_the_state(
    limits: LimitDistrict, pages: District
) -> None:
    order = limits.open("rectification")
    page = officer(pages, "wjj-officer").text(f"/chain/{limits.part.rpartition('/')[0]}")
    assert "不在您的查看范围内" in page and "责令改正" not in page
    assert officer(pages, "wjj-officer").get(f"/chain/{order}").status_code == 404
    assert officer(pages, "yjj-officer").get(f"/chain/{limits.part}").status_code == 404


def test_a_newcomer_finds_leads_and_follow_ups_in_different_states(limits: LimitDistrict, pages: District) -> None:
    assert show_follow_ups(limits.engine) == 0  # nothing while the processes are not deployed
    limits.deploy("case-lead", "rectification", "administrative-penalty", "document-service")
    assert (show_follow_ups(limits.engine), show_follow_ups(limits.engine)) == (5, 0)
    browser = officer(pages, "zjj-officer")
    assert "ZJJ-线索-2026-0001" in browser.text("/leads")
    page = browser.text("/chain/ZJJ-线索-2026-0002/rectification")
    assert "改正中" in page and "收取整改报告" in page and "演示·项目经理" in page
    page = browser.text("/chain/ZJJ-线索-2026-0004/penalty")
    assert "听取陈述申辩" in page and "陈述" in page
    todo = browser.text("/inbox")
    assert "立案审批" in officer(pages, "zjj-head").text("/inbox")
    assert "听取陈述申辩" in todo and "收取整改报告" in todo and "决定是否受理" in todo


def test_a_chain_of_fifty_follow_ups_takes_as_many_statements_as_a_short_one(limits: LimitDistrict) -> None:
    reader = limits.office.login(f"{LEAD.lower()}-officer")
    limits.open("rectification")
    cases, few = statements(limits, reader, limits.part)
    with limits.engine.database.write() as session:
        row = session.scalars(sa.select(FollowUp)).first()
        assert row is not None
        model = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == row.number)).one()
        for n in range(49):
            number = f"{row.number}/more-{n}"
            session.add(
                FollowUp(**{c.key: getattr(row, c.key) for c in sa.inspect(FollowUp).columns if c.key != "id"}
                         | {"id": new_id(), "number": number, "origin": row.number})
            )  # fmt: skip
            copy = ProcessInstance(
                **{c.key: getattr(model, c.key) for c in sa.inspect(ProcessInstance).columns if c.key != "id"}
                | {"id": new_id(), "business_key": number}
            )
            session.add(copy)
            session.flush()
            session.add(InstanceDepartment(district_id=copy.district_id, instance_id=copy.id, department=LEAD))
    more, many = statements(limits, reader, limits.part)
    assert more == cases + 49
    assert many == few <= 30
