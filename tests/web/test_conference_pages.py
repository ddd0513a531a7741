"""Pages of special inspections, the conference, duty reviews, training and publicity: who sees what, what is kept."""

from __future__ import annotations

import io
from urllib.parse import quote, unquote

import pypdfium2
import sqlalchemy as sa

from engine.models import ProcessInstance, UserTask
from tests.support.pages import District


def test_matters_and_special_inspections_are_opened_from_their_lists_and_seen_by_those_concerned(
    district: District,
) -> None:
    officer, other = district.sign_in("scjg-officer"), district.sign_in("yjj-officer")
    for path, title in (("/special-inspections", "填写专项检查方案"), ("/conference", "填写事项")):
        made = officer.post(path, {"department": "SCJG"}, page=path)
        assert made.status_code == 303
        assert title in officer.get(made.location).text
        assert "（填写中）" in officer.get(path).text and "（填写中）" not in other.get(path).text
    assert officer.get("/special-inspections?state=已撤回&q=x").text.count("没有符合条件") == 1
    for path in ("/special-inspections/SCJG-专项-2026-0001", "/conference/matters/联席-2026-0001"):
        assert officer.get(path).status_code == 200 and other.get(path).status_code == 404
    for path in ("/conference/follow-up", "/conference/follow-up?done=1&unit=WJJ"):
        assert "任务" in officer.get(path).text
    assert officer.post("/special-inspections", {"department": "WJJ"}, page="/special-inspections").status_code == 403
    menu = district.sign_in("designer").get("/inbox").text
    assert not [path for path in ("/conference", "/duty-reviews", "/special-inspections") if f'href="{path}"' in menu]


def test_the_office_announces_a_succession_and_every_day_has_its_holder(district: District) -> None:
    office, officer = district.sign_in("office"), district.sign_in("scjg-officer")
    assert "登记任职变动" not in officer.get("/conference/posts").text
    notice = {
        "post": "ZHR", "holder": "演示·接任者（虚构）", "first_day": "2026-03-02", "notice_number": "",
        "noticed_on": "2026-03-02", "note": "",
    }  # fmt: skip
    refused = office.post("/conference/posts", notice, page="/conference/posts")
    assert refused.status_code == 422 and "请填写通知文号" in refused.text and "演示·接任者（虚构）" in refused.text
    kept = office.post("/conference/posts", notice | {"notice_number": "办〔2026〕2号"}, page="/conference/posts")
    assert kept.status_code == 303
    today, before = officer.get("/conference/posts").text, officer.get("/conference/posts?on=2026-03-01").text
    assert '<td data-label="担任人员">演示·接任者（虚构）' in today
    assert '<td data-label="担任人员">演示·接任者（虚构）' not in before and "2 任" in before
    assert officer.post("/conference/posts", notice, page="/inbox").status_code == 403
    paper = officer.get("/conference/posts/notice.pdf?number=办〔2026〕2号")
    words = "".join(pypdfium2.PdfDocument(paper.data)[0].get_textpage().get_text_range().split())
    assert "成员变动的通知" in words and "演示·接任者（虚构）" in words and "任职至2026-03-01" in words
    assert officer.get("/conference/posts/notice.pdf?number=没有").status_code == 404


def test_a_duty_review_is_found_by_those_it_concerns_and_by_nobody_else(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    asked = {"case": "没有这项工作", "person": "scjg-officer", "cause": "本人申请", "facts": "请认定起草方案的情况。"}
    refused = officer.post("/duty-reviews/new", asked, page="/duty-reviews/new")
    assert refused.status_code == 422 and "没有这项工作，请填写" in refused.text and "请认定起草方案" in refused.text
    made = officer.post("/duty-reviews/new", asked | {"case": district.campaign}, page="/duty-reviews/new")
    assert made.status_code == 303
    path = unquote(made.location)
    shown = officer.get(path).text
    assert "按计划和清单拟定抽查工作方案" in shown and "按期履行" in shown and "起草抽查工作方案" in shown
    with district.engine.read() as session:
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.process_key == "duty-review")).one()
        task = session.scalars(sa.select(UserTask).where(UserTask.instance_id == instance.id)).one()
    number = path.rpartition("/")[2]
    for login in ("office", "admin", "auditor", "scjg-head", "scjg-deputy", "wjj-head"):
        stranger = district.sign_in(login)
        assert stranger.get(path).status_code == 404, login
        assert stranger.get(f"/cases/{instance.id}").status_code == 404, login
        assert stranger.get(f"/tasks/{task.id}").status_code == 404, login
        assert number not in stranger.get("/duty-reviews").text, login
    supervisor = district.sign_in("supervisor")
    assert "受理并组成小组" in supervisor.get(f"/tasks/{task.id}").text
    assert number in supervisor.get(f"/duty-reviews?q={quote(number)}").text
    assert unquote(supervisor.get(f"/cases/{instance.id}/progress").location) == path


def test_a_training_is_entered_with_its_materials_exported_and_withdrawn(district: District) -> None:
    officer, head = district.sign_in("scjg-officer"), district.sign_in("scjg-head")
    entry = {
        "kind": "培训", "title": "双随机业务培训", "held_on": "2026-01-08", "department": "SCJG",
        "audience": "执法人员", "hours": "4", "participants": "", "content": "抽查流程和系统操作。",
    }  # fmt: skip
    refused = officer.post("/publicity/new", entry, page="/publicity/new")
    assert refused.status_code == 422 and "双随机业务培训" in refused.text and "参加（受众）人数" in refused.text
    path = unquote(officer.post("/publicity/new", entry | {"participants": "60"}, page="/publicity/new").location)
    file = {"file": (io.BytesIO(b"%PDF-1.4 x"), "课件.pdf")}
    assert officer.post(f"{path}/files", file, page=path).status_code == 303
    assert "请选择要上传的材料" in officer.post(f"{path}/files", {}, page=path).text
    shown = head.get(path).text
    assert "课件.pdf" in shown and "撤销记录" not in shown
    link = shown.split(f'href="{quote(path)}/files/')[1].split('"')[0]
    assert head.get(f"{path}/files/{link}").data == b"%PDF-1.4 x"
    assert head.get(f"{path}/files/{path}").status_code == 404
    csv = head.get("/publicity/export.csv?year=2026&kind=培训").text
    assert "双随机业务培训" in csv and "60" in csv
    assert "2026 年" in head.get("/publicity").text and "没有符合条件" in head.get("/publicity?year=2024").text
    assert head.post(f"{path}/withdraw", {"reason": "重复"}, page=path).status_code == 403
    assert officer.post(f"{path}/withdraw", {"reason": ""}, page=path).status_code == 422
    assert officer.post(f"{path}/withdraw", {"reason": "重复登记"}, page=path).status_code == 303
    assert "已撤销" in head.get("/publicity").text and "2026 年" not in head.get("/publicity").text
