"""Pages of leads: who sees what, entering, the protected reporter, files, importing."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import sqlalchemy as sa

from engine.inspection.lead_models import CaseLead, LeadFile
from engine.inspection.registry_export import EXPORTED
from engine.models import HistoryEvent, ProcessInstance
from tests.support.pages import District

NAME, CONTACT = "举报人甲（虚构）", "示例联系方式甲"
ENTRY = {
    "department": "SCJG", "source": "投诉举报", "received_on": "2026-03-02", "real_name": "实名", "reporter_name": NAME,
    "reporter_contact": CONTACT, "subject_name": "示例餐饮（虚构）", "subject_address": "示例路1号",
    "subject_kind": "企业", "title": "销售过期食品", "content": "三月一日在店内购得过期牛奶两盒。",
}  # fmt: skip


def only(district: District, model: Any) -> Any:
    with district.engine.read() as session:
        return session.scalars(sa.select(model)).one()


def test_only_who_handles_a_lead_sees_who_reported_it_and_what_they_sent(district: District) -> None:
    own = district.sign_in("scjg-officer")
    wrong = own.post(
        "/leads/new", {**ENTRY, "subject_address": "", "content": f"{NAME}购得过期牛奶两盒。"}, page="/leads/new"
    )
    assert wrong.status_code == 422 and "请填写地址" in wrong.text and "请删去" in wrong.text
    assert "购得过期牛奶两盒" in wrong.text and NAME in wrong.text  # what was typed comes back
    made = own.post("/leads/new", ENTRY, page="/leads/new")
    assert made.status_code == 303
    row = only(district, CaseLead)
    path = f"/leads/{row.number}"
    page = own.get(path).text
    assert "示例餐饮（虚构）" in page and "查看姓名和联系方式" in page and NAME not in page and CONTACT not in page
    shown = own.post(f"{path}/reporter", {}, page=path)
    assert NAME in shown.text and CONTACT in shown.text and shown.headers["Cache-Control"] == "no-store"
    upload = {"file": (io.BytesIO(b"a letter"), "来信.txt", "text/plain")}
    assert own.post(f"{path}/files", upload, page=path, content_type="multipart/form-data").status_code == 303
    file = f"{path}/files/{only(district, LeadFile).id}"
    got = own.get(file)
    assert got.data == b"a letter" and "sandbox" in got.headers["Content-Security-Policy"]
    assert "请选择要上传的材料" in own.post(f"{path}/files", {}, page=path).text

    # The head and supervision see the lead and not the reporter; another department sees nothing at all.
    for login in ("scjg-head", "supervisor"):
        reader = district.sign_in(login)
        seen = reader.get(path).text
        assert "示例餐饮（虚构）" in seen and "只有办理这条线索的人员可以查看" in seen and "来信.txt" not in seen
        assert reader.post(f"{path}/reporter", {}, page=path).status_code == 403
        assert reader.get(file).status_code == 404
    other = district.sign_in("wjj-officer")
    assert other.get(path).status_code == 404 and "示例餐饮" not in other.get("/leads").text
    assert other.post(f"{path}/reporter", {}, page="/leads").status_code == 404

    # Neither lists, exports, progress nor search say who reported it.
    with district.engine.read() as session:
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.process_key == "case-lead")).one()
    for address in (
        "/leads", "/leads?q=示例餐饮&state=待受理&source=投诉举报&department=SCJG", "/leads/export.csv",
        f"/cases/{instance.id}/progress", "/inbox",
    ):  # fmt: skip
        text = own.get(address).text
        assert "示例餐饮" in text and NAME not in text and CONTACT not in text, address
    assert "没有符合条件的线索" in own.get("/leads?due=overdue").text
    with district.engine.read() as session:
        exported = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == EXPORTED)).all()
    taken = [json.loads(body)["register"] for body in exported]
    assert taken.count("leads") == 1, "the list that was taken out is on record, as is the reporter's letter"


def test_a_platforms_file_is_looked_at_row_by_row_before_it_is_taken_in(district: District) -> None:
    own = district.sign_in("scjg-officer")
    text = (
        "登记编号,收到日期,事由,举报内容,被举报主体,地址,举报人,联系电话,备注\n"
        f"P1,2026-03-02,销售过期食品,购得过期牛奶两盒要求处理,示例店（虚构）,示例路1号,{NAME},{CONTACT},x\n"
        "P2,2026-13-02,日期有误,购得过期牛奶两盒要求处理,示例店（虚构）,示例路1号,,,x\n"
    )

    def stage(content: bytes) -> Any:
        upload = {"file": (io.BytesIO(content), "12315.csv")}
        return own.post("/leads/import", upload, page="/leads/import", content_type="multipart/form-data")

    assert stage(b"").status_code == 422 and "缺少必需的列：登记编号" in stage("事由,地址\n甲,乙\n".encode()).text
    address = stage(text.encode()).headers["Location"]
    preview = own.get(address).text
    assert "导入 1 行" in preview and "没有用到的列：备注" in preview and "收到日期" in preview
    assert NAME not in preview and CONTACT not in preview
    assert district.sign_in("wjj-officer").get(address).status_code == 404  # somebody else's file
    assert own.post(address, {}, page=address).status_code == 303
    page = own.get("/leads").text
    assert "新登记 1 条线索" in page and re.search("示例店（虚构）", page)
    assert "登记编号" in own.get("/leads/import/template.csv").text
    assert district.sign_in("supervisor").get("/leads/import").status_code == 403
