"""A crime transfer refused, reviewed and brought before the procuratorate, by everybody at their browsers (R42)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from engine.models import ProcessInstance, User
from tests.support.limits import LEAD, LimitDistrict
from tests.support.live_app import served
from tests.support.people import People, fill
from tests.support.running import Running

if TYPE_CHECKING:
    from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

NOW, TODAY = "2026-03-02 10:00", "2026-03-02"


def test_a_transfer_is_refused_reviewed_and_filed_after_the_procuratorate_was_asked(
    limits: LimitDistrict, watched: Watched, tmp_path: Path
) -> None:
    limits.deploy("crime-transfer", "administrative-penalty")
    receipt = tmp_path / "回执.png"
    receipt.write_bytes(b"\x89PNG\r\n\x1a\nreceipt")
    with served(limits.engine) as url:
        people = People(Running(url, tmp_path, limits.engine.database, {}), watched)
        number = opened(people, limits)

        def step(element: str, values: dict[str, Any]) -> None:
            task = people.open_tasks(element, business_key=number)
            assert task, f"{element} is not open but {sorted(limits.steps(number))}"
            people.do(task[0], values)

        group = members(people)
        step("designate", {"members": group, "reason": "销售金额达到立案追诉标准。"})
        report(people, number)
        step("chief_decision", {"decision": "批准移送", "reason": "同意移送公安机关。"})
        hand_over(people, number)
        page = people.open(people.open_tasks("receipt", business_key=number)[0])
        page.locator('[data-field="attachments"] input[type="file"]').set_input_files(str(receipt))
        page.get_by_text("回执.png").first.wait_for()
        fill(page, {"received_at": NOW, "signed_by": "演示民警", "organ": "天桥公安分局"})
        page.click("#task-form .form-actions .button-primary")
        page.wait_for_url("**/inbox")
        refused = {"received_at": NOW, "document_number": "天公不立〔2026〕1号", "reason": "认为没有犯罪事实。"}
        step("police_decision", {"result": "不予立案", **refused})
        step("review_request", {"decision": "提请复议", "reason": "销售台账足以证明。",
                                "document_number": "提复〔2026〕1号", "sent_at": NOW})  # fmt: skip
        step("review_result", {"result": "维持不予立案", **refused})
        step("supervision_request", {"decision": "建议立案监督", "reason": "依法应当立案。", "sent_at": NOW,
                                     "document_number": "监建〔2026〕1号",
                                     "procuratorate": "天桥区人民检察院"})  # fmt: skip
        step("supervision_result", {"result": "通知立案", "received_at": NOW, "document_number": "检通立〔2026〕1号"})
        step("hand_materials", {"handed_over_at": NOW, "receiver": "演示民警", "materials": "全部案卷材料。",
                                "handling": "移送结案"})  # fmt: skip
        assert limits.follow_up(number).closed_at is not None
        step(
            "criminal_outcome", {"outcome": "追究刑事责任", "received_at": NOW, "document_number": "〔2026〕鲁刑初1号"}
        )
        assert not limits.steps(number) and "追究刑事责任" in limits.follow_up(number).state
        nobody_else_knows(people, limits, number, url)


def opened(people: People, limits: LimitDistrict) -> str:
    """The officer opens the transfer from the page of the inspection."""
    with limits.engine.read() as session:
        case = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == limits.part)).one()
    page = people.page(f"{LEAD.lower()}-officer")
    page.goto(f"{people.running.url}/cases/{case}")
    page.get_by_text("另行启动").first.click()
    page.locator('input[name="kind"][value="crime-transfer"]').first.check()
    page.locator('form[action$="/follow-ups"] button[type="submit"]').first.click()
    page.wait_for_load_state()
    assert "知悉范围限于办理人员" in page.inner_text("#messages")
    return f"{limits.part}/transfer-1"


def members(people: People) -> list[str]:
    with people.running.database.read() as session:
        found = sa.select(User.id).where(User.login.in_([f"{LEAD.lower()}-inspector{n}" for n in (1, 2)]))
        return list(session.scalars(found.order_by(User.login)))


def report(people: People, number: str) -> None:
    """The group compares with the table of thresholds, which stands beside the form and decides nothing."""
    page = people.open(people.open_tasks("report", business_key=number)[0])
    assert "销售金额五万元以上" in page.inner_text("main")
    fill(page, {
        "threshold": "fake-goods", "crime": "生产、销售伪劣产品罪", "amount": "62000",
        "facts": "查明销售不合格食用油，销售金额六万二千元。", "evidence": "销售台账、检验报告。",
        "comparison": "销售金额在五万元以上。", "prior_penalty": "没有", "proposal": "移送",
        "reason": "达到立案追诉标准。",
    })  # fmt: skip
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_url("**/inbox")


def hand_over(people: People, number: str) -> None:
    """What is missing is named; nothing typed is lost; then it is complete."""
    page = people.open(people.open_tasks("hand_over", business_key=number)[0])
    fill(
        page, {"organ": "天桥公安分局", "handed_over_at": NOW, "copied_on": TODAY, "procuratorate": "天桥区人民检察院"}
    )
    for n in range(5):
        fill(page, {f"materials-{n}-given": "不适用" if n in (0, 2, 4) else "已附"})
        fill(page, {f"materials-{n}-reason": "没有"} if n in (0, 2, 4) else {f"materials-{n}-number": "1 份"})
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_selector(".error-summary")
    assert "涉嫌犯罪案件移送书" in page.inner_text(".error-summary")
    kept = [page.locator(f'[name="{name}"]').input_value() for name in ("organ", "handed_over_at")]
    assert kept == ["天桥公安分局", NOW]
    fill(page, {"materials-0-given": "已附"})
    fill(page, {"materials-0-number": "案移〔2026〕1号"})
    page.click("#task-form .form-actions .button-primary")
    page.wait_for_url("**/inbox")


def nobody_else_knows(people: People, limits: LimitDistrict, number: str, url: str) -> None:
    """Colleagues and the public find nothing; supervision does."""
    with limits.engine.read() as session:
        case = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == number)).one()
    seen = {
        login: people.page(login).goto(f"{url}/cases/{case}").status  # type: ignore[union-attr]
        for login in (f"{LEAD.lower()}-officer", "wjj-head", "supervisor", f"{LEAD.lower()}-inspector1")
    }
    assert seen == {"scjg-officer": 404, "wjj-head": 404, "supervisor": 200, "scjg-inspector1": 200}
    page = people.page("supervisor")
    page.goto(f"{url}/cases/{case}")
    assert "公安机关" in page.inner_text("main") or "涉嫌犯罪" in page.inner_text("main")
