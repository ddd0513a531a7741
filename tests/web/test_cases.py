"""Any case's page, its picture, its history in words, and a party's application for recusal."""

from __future__ import annotations

import sqlalchemy as sa

from engine.models import ProcessInstance
from tests.support.pages import District


def instance(district: District, key: str, business_key: str = "") -> ProcessInstance:
    statement = sa.select(ProcessInstance).where(ProcessInstance.process_key == key)
    if business_key:
        statement = statement.where(ProcessInstance.business_key == business_key)
    with district.engine.read() as session:
        found = session.scalars(statement.order_by(ProcessInstance.business_key)).first()
    assert found is not None
    return found


def test_every_kind_of_case_leads_to_the_page_made_for_it(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    part = instance(district, "department-inspection")
    inspection, _, department = part.business_key.rpartition("/")
    for found, where in (
        (instance(district, "joint-inspection"), "/campaigns/"),
        (instance(district, "inspection"), f"/inspections/{inspection}"),
        (part, f"/inspections/{inspection}#lane-{department}"),
    ):
        page = officer.get(f"/cases/{found.id}")
        assert page.status_code == 302 and where in page.headers["Location"]
    assert officer.get(officer.get(f"/cases/{part.id}").headers["Location"]).status_code == 200


def test_a_case_shows_whom_it_waits_for_its_deadlines_picture_and_history(district: District) -> None:
    part = district.task("review", "SCJG")
    found = instance(district, "department-inspection", part.business_key)
    page = district.sign_in("scjg-officer").text(f"/cases/{found.id}/progress")
    for words in (
        "等待谁办理",
        "市场监督管理局 科室负责人",
        "演示·科室负责人(市监)",
        "法定期限",
        "流程图",
        "办结“现场检查”",
        "提交内容",
        "相关事项",
    ):
        assert words in page, words
    assert "&#34;review&#34;: &#34;current&#34;" in page and "&#34;site_check&#34;: &#34;completed&#34;" in page
    assert "recusal_requested" not in page  # an event that may come at any time says nothing while it is awaited


def test_an_overdue_step_is_marked_in_the_picture(district: District) -> None:
    part = district.task("review", "SCJG")
    found = instance(district, "department-inspection", part.business_key)
    district.clock.advance(days=60)
    page = district.sign_in("scjg-officer").text(f"/cases/{found.id}/progress")
    assert "&#34;review&#34;: &#34;overdue&#34;" in page and "chip-overdue" in page


def test_the_diagram_is_that_of_the_instances_own_version(district: District) -> None:
    found = instance(district, "department-inspection")
    officer = district.sign_in("scjg-officer")
    answer = officer.get(f"/cases/{found.id}/diagram.bpmn")
    shipped = district.engine.settings.process_dir / "department-inspection" / "department-inspection.bpmn"
    assert answer.text == shipped.read_text() and answer.content_type.startswith("application/xml")


def test_a_case_outside_the_scope_does_not_exist(district: District) -> None:
    found = instance(district, "department-inspection")
    stranger = district.sign_in("jtj-officer")
    for path in ("", "/progress", "/diagram.bpmn"):
        assert stranger.get(f"/cases/{found.id}{path}").status_code == 404
    assert stranger.get("/cases/not-an-id").status_code == 404
    assert stranger.post(f"/cases/{found.id}/recusal", {"applicant": "王某", "reason": "亲属"}).status_code == 404


def test_a_party_asks_for_recusal_and_the_head_decides(district: District) -> None:
    task = district.task("site_check", "SCJG")
    officer = district.sign_in("scjg-officer")
    assert "当事人申请回避" in officer.text(f"/tasks/{task.id}")
    path = f"/cases/{task.instance_id}/recusal"
    refused = officer.post(path, {"applicant": "王某", "reason": ""})
    assert refused.status_code == 422 and "王某" in refused.text and "请填写申请理由" in refused.text
    answer = officer.post(path, {"applicant": "王某", "reason": "检查人员与我有亲属关系"})
    assert answer.status_code == 303 and "#lane-SCJG" in answer.headers["Location"]
    decision = district.task("decide_recusal", "SCJG")
    page = district.sign_in("scjg-head").text(f"/tasks/{decision.id}")
    assert "王某" in page and "亲属关系" in page
    inspection = task.business_key.rpartition("/")[0]
    assert "当事人申请回避" in officer.text(f"/inspections/{inspection}")
    again = officer.post(path, {"applicant": "王某", "reason": "再申请一次"})
    assert again.status_code == 409 and "再申请一次" in again.text


def test_recusal_is_refused_to_outsiders_and_after_the_review(district: District) -> None:
    visiting, visited = district.task("site_check", "SCJG"), district.task("review", "SCJG")
    district.office.do(visited)
    values = {"applicant": "王某", "reason": "检查人员与我有亲属关系"}
    section = district.sign_in("scjg-section").post(f"/cases/{visiting.instance_id}/recusal", values)
    assert section.status_code == 403
    officer = district.sign_in("scjg-officer")
    assert officer.post(f"/cases/{visited.instance_id}/recusal", values).status_code == 409
    stray = officer.post(f"/cases/{visiting.instance_id}/recusal", {**values, "inspector": "WJJ-001"})
    assert stray.status_code == 422 and "不是本次检查的检查人员" in stray.text
