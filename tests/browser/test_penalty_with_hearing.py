"""A whole ordinary penalty with a hearing, from filing to closing, by everybody at their browsers (R41, R46)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from engine.inspection.models import Publication
from engine.models import User, UserRole
from tests.support import penalty_case as case
from tests.support.limits import LEAD, LimitDistrict
from tests.support.live_app import served
from tests.support.people import People, fill, submit
from tests.support.running import Running

if TYPE_CHECKING:
    from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

PROPOSED, DECIDED = 120000, 100000


class Case:
    """The penalty case and those who work on it."""

    def __init__(self, people: People, limits: LimitDistrict) -> None:
        self.people, self.limits = people, limits
        self.number = limits.open("administrative-penalty")
        self.handlers = case.officers(limits.engine, LEAD)

    @property
    def today(self) -> str:
        return self.limits.clock.now.date().isoformat()

    def step(self, element: str, values: dict[str, Any], under: str = "") -> None:
        """Submit a step of the case, or of what follows it (``under``: the rest of its number)."""
        self.people.do(self.task(element, under), values)

    def task(self, element: str, under: str = "") -> Any:
        key = f"{self.number}/{under}" if under else self.number
        found = [task for task in self.people.open_tasks(element) if task.business_key == key]
        assert found, f"{element} is not open in {key} but {sorted(self.limits.steps(self.number))}"
        return found[0]

    def travel(self, moment: str) -> None:
        """Days later everybody signs in again."""
        self.limits.clock.travel(moment)
        self.limits.run_timers()
        self.people.sign_in_again()

    def deliver(self, under: str) -> None:
        """Hand a document over, signed for on the screen."""
        values = case.served(self.today, self.handlers, [])
        del values["receipt"]
        self.step("deliver", {**values, "signed": "屏幕签名", "signature": "__sign__"}, under)

    def discuss(self, values: dict[str, Any]) -> None:
        """The organ's heads stand there already; further members have a row added."""
        page = self.people.open(self.task("collective_discussion"))
        while page.locator(f'[name="members-{len(values["members"]) - 1}-name"]').count() == 0:
            page.locator('button[name="_add"][value="members"]').click()
            page.wait_for_load_state()
        fill(page, values)
        submit(page)

    def of_role(self, role: str) -> list[str]:
        with self.limits.engine.read() as session:
            return list(
                session.scalars(
                    sa.select(User.id)
                    .join(UserRole, UserRole.user_id == User.id)
                    .where(UserRole.department == LEAD, UserRole.role == role, User.id.not_in(self.handlers))
                    .order_by(User.login)
                )
            )


def test_a_penalty_is_filed_heard_decided_served_published_paid_and_closed(
    limits: LimitDistrict, watched: Watched, tmp_path: Path
) -> None:
    limits.deploy("administrative-penalty")
    with served(limits.engine) as url:
        at = Case(People(Running(url, tmp_path, limits.engine.database, {}), watched), limits)
        until_the_notice(at)
        the_hearing(at)
        until_the_decision(at)
        until_the_closing(at)
    row = limits.follow_up(at.number)
    assert (row.state, row.closed_at is not None) == ("已处罚", True)
    assert limits.steps(at.number) == frozenset()
    with limits.engine.read() as session:
        public = session.scalars(sa.select(Publication).where(Publication.kind == "penalty")).one()
    assert public.content["罚款数额（元）"] == DECIDED


def until_the_notice(at: Case) -> None:
    at.step("file_case", case.filing(at.handlers))
    at.step("approve_filing", {"decision": "立案"})
    at.step("investigate", case.investigation(at.today))
    at.step("write_report", case.report(PROPOSED, grave="是"))
    at.step("legal_review", case.REVIEW)
    at.discuss(case.discussion(f"{at.today}T09:00", PROPOSED))
    page = at.people.open(at.task("notice"))
    assert "应当告知听证权利" in page.inner_text("main")
    fill(page, case.notice(PROPOSED, "否"))
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_selector(".error-summary")
    assert "应当告知听证权利" in page.inner_text(".error-summary")
    at.step("notice", case.notice(PROPOSED, "是"))
    at.deliver("service-1")


def the_hearing(at: Case) -> None:
    at.step("hear_statement", case.statement(at.today, "要求听证"))
    under = "hearing-1"
    at.step(
        "review_request",
        {"told_on": at.today, "requested_on": at.today, "requester": "演示负责人", "way": "书面", "decision": "受理"},
        under,
    )
    assert at.limits.deadline(at.number, "decision").due_at is None
    chair, recorder = at.of_role("法制审核人员")[0], at.of_role("科室负责人")[0]
    at.step("appoint", {"chair": chair, "recorder": recorder}, under)
    at.step("schedule", {"held_at": "2026-03-16T09:30", "place": "三楼听证室", "way": "公开"}, under)
    at.deliver("hearing-1/service-1")
    at.travel("2026-03-16T11:00")
    at.step(
        "hold",
        {
            "action": "举行听证", "began_at": "2026-03-16T09:30", "ended_at": "2026-03-16T10:30",
            "attendance": [{"name": "演示负责人", "role": "当事人"}, {"name": "演示办案人员", "role": "办案人员"}],
            "rights_told": True, "investigator_case": "陈述违法事实、证据和处罚建议。",
            "party_case": "货值认定有误，请求从轻。", "questions": "双方对货值进行质证。",
            "closing_investigator": "坚持认定的事实。", "closing_party": "请求从轻处罚。", "signing": "拒绝签名",
            "refused_signing": "当事人阅读后拒绝签名。",
        },
        under,
    )  # fmt: skip
    at.step(
        "write_report",
        {"course": "听证按通知的时间地点公开举行。", "dispute": "货值的认定。", "opinion": "变更拟处罚",
         "grounds": "部分货值证据不足。", "chair_signature": "__sign__"},
        under,
    )  # fmt: skip
    assert at.limits.deadline(at.number, "decision").due_at is not None


def until_the_decision(at: Case) -> None:
    review = {
        "items": [{"claim": "货值认定有误", "adopted": "部分采纳", "reason": "一袋没有销售。"}], "change": "变更拟处罚",
        "proposal": "给予行政处罚", "kinds": ["罚款"], "opinion": "部分采纳，罚款减为十万元。",
    }  # fmt: skip
    page = at.people.open(at.task("review_statement"))
    fill(page, {**review, "amount": PROPOSED + 1})
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_selector(".error-summary")
    assert "不得因当事人陈述、申辩给予更重的处罚" in page.inner_text("main")
    at.step("review_statement", {**review, "amount": DECIDED})
    at.step("legal_review", case.REVIEW)
    at.discuss(case.discussion(f"{at.today}T10:00", DECIDED))
    at.step("decide", case.decision(DECIDED, at.today))
    at.step("issue_decision", case.WRITTEN)
    at.deliver("service-2")


def until_the_closing(at: Case) -> None:
    at.step("publication_preview", {"decision": "公示", "redact_name": "照常公示", "checked": True})
    at.step("second_signoff", case.AGREED)
    paid = {
        "action": "登记缴款", "purpose": "罚款", "amount": DECIDED, "paid_on": at.today, "receipt_number": "鲁财 0001",
        "way": "代收银行",
    }  # fmt: skip
    at.step("collect", paid, "enforcement")
    at.step("closing_report", case.CLOSING)
    at.step("approve_closing", case.AGREED)
