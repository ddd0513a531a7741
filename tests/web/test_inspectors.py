"""执法检查人员名录: the list, one person, leave, recusals, what runs out, teams."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import sqlalchemy as sa

from engine.db import new_id
from engine.inspection.models import DepartmentInspection, InspectedObject, Inspector, Item, Recusal
from engine.inspection.registry_models import InspectorLeave, RegistryChange
from engine.models import User
from tests.support.pages import District


def person(district: District, department: str = "WJJ", **wanted: Any) -> Inspector:
    """An inspector of the department; without an account unless asked for."""
    with district.engine.read() as session:
        found = sa.select(Inspector).filter_by(department=department, **wanted).order_by(Inspector.code)
        row = session.scalars(found).first()
    assert row is not None
    return row


def change(district: District, code: str, **values: Any) -> None:
    with district.engine.database.write() as session:
        session.execute(sa.update(Inspector).where(Inspector.code == code).values(**values))


def uscc(district: District) -> tuple[str, str]:
    with district.engine.read() as session:
        row = session.scalars(sa.select(InspectedObject).order_by(InspectedObject.uscc)).first()
    assert row is not None
    return row.uscc, row.name


def test_the_list_shows_who_can_be_drawn_and_why_others_cannot(district: District) -> None:
    page = district.sign_in("wjj-officer").text("/inspectors?standing=不可抽取")
    assert "不可抽取" in page and ("没有执法证件" in page or "专家只参与" in page or "借调" in page)
    assert "13800" not in page
    drawable = district.sign_in("wjj-officer").text("/inspectors?standing=可抽取&department=WJJ")
    assert "WJJ-001" in drawable and "SCJG-001" not in drawable and "没有执法证件" not in drawable


def test_search_item_region_and_order_narrow_the_list(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    row = person(district)
    assert row.name in officer.text(f"/inspectors?q={row.certificate_number}")
    assert "没有符合条件的人员" in officer.text("/inspectors?q=不存在的人")
    by_item = officer.text(f"/inspectors?item={row.items[0]}")
    assert f"/inspectors/{row.code}" in by_item and "/inspectors/SCJG-001" not in by_item
    assert row.code in officer.text("/inspectors?region=370105001&department=WJJ"), "no area means the whole district"
    assert row.code in officer.text("/inspectors?sort=certificate&department=WJJ")
    assert "没有符合条件的人员" in officer.text("/inspectors?q=%25")


def test_a_person_is_shown_with_certificate_items_load_and_visits(district: District) -> None:
    with district.engine.read() as session:
        part = session.scalars(sa.select(DepartmentInspection).filter_by(department="WJJ")).first()
    assert part is not None
    page = district.sign_in("wjj-officer").text(f"/inspectors/{part.inspectors[0]}")
    for words in ("资格与执法范围", "执法证号", "今年已检查", "变更记录", f"/inspections/{part.inspection}"):
        assert words in page
    stranger = district.sign_in("yjj-officer").text(f"/inspectors/{part.inspectors[0]}")
    assert "仅本部门可见" in stranger
    assert district.sign_in("wjj-officer").get("/inspectors/NOBODY").status_code == 404


def test_leave_is_entered_shown_and_withdrawn_with_its_history(district: District) -> None:
    row, officer = person(district), district.sign_in("wjj-officer")
    path = f"/inspectors/{row.code}"
    days = {"first_day": "2026-03-01", "last_day": "2026-03-20", "reason": "外出培训"}
    assert officer.post(f"{path}/leave", days, page=path).status_code == 303
    page = officer.text(path)
    assert "2026-03-01 至 2026-03-20" in page and "请假中" in page and "不可抽取：2026-03-01" in page
    again = officer.post(f"{path}/leave", days | {"first_day": "2026-03-20", "last_day": "2026-03-22"}, page=path)
    assert again.status_code == 422 and "日期重叠" in again.text and "2026-03-22" in again.text
    with district.engine.read() as session:
        leave = session.scalars(sa.select(InspectorLeave)).one()
    assert officer.post(f"{path}/leave/{leave.id}/withdraw", {}, page=path).status_code == 303
    page = officer.text(path)
    assert "已撤销" in page and "可抽取" in page and "撤销请假登记" in page
    assert officer.post(f"{path}/leave/{leave.id}/withdraw", {}, page=path).status_code == 422
    with district.engine.read() as session:
        changes = session.scalars(
            sa.select(RegistryChange)
            .where(RegistryChange.register == "inspectors")
            .order_by(RegistryChange.at, RegistryChange.id)
        ).all()
    assert [c.changes["leave"] for c in changes] == [
        [None, "2026-03-01 至 2026-03-20"], ["2026-03-01 至 2026-03-20", None]
    ]  # fmt: skip


def test_wrong_leave_is_refused_with_every_field_named_and_nothing_lost(district: District) -> None:
    row, officer = person(district), district.sign_in("wjj-officer")
    path = f"/inspectors/{row.code}"
    answer = officer.post(f"{path}/leave", {"first_day": "下周", "last_day": "", "reason": "培训"}, page=path)
    assert answer.status_code == 422
    for words in ("请填写开始日期", "请填写结束日期", "培训"):
        assert words in answer.text
    backwards = officer.post(f"{path}/leave", {"first_day": "2026-03-09", "last_day": "2026-03-02"}, page=path)
    assert "结束日期早于开始日期" in backwards.text
    endless = officer.post(f"{path}/leave", {"first_day": "2026-03-09", "last_day": "2028-03-02"}, page=path)
    assert "不超过一年" in endless.text


def test_nobody_of_another_department_enters_leave_or_recusals(district: District) -> None:
    row, stranger = person(district), district.sign_in("yjj-officer")
    path = f"/inspectors/{row.code}"
    assert f"{path}/leave" not in stranger.text(path)
    days = {"first_day": "2026-03-01", "last_day": "2026-03-20"}
    refused = stranger.post(f"{path}/leave", days, page=path)
    assert refused.status_code == 422 and "本部门承办人或者科室负责人登记" in refused.text
    refused = stranger.post(f"{path}/recusals", {"uscc": uscc(district)[0], "why": "亲属任职"}, page=path)
    assert refused.status_code == 422 and "申报" in refused.text
    with district.engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(InspectorLeave)) == 0


def test_a_recusal_is_declared_once_and_lifted_only_by_the_section_head(district: District) -> None:
    row, officer = person(district), district.sign_in("wjj-officer")
    path, (code, name) = f"/inspectors/{row.code}", uscc(district)
    assert (
        officer.post(f"{path}/recusals", {"uscc": code.lower(), "why": "配偶在该企业任职"}, page=path).status_code
        == 303
    )
    assert name in officer.text(path)
    twice = officer.post(f"{path}/recusals", {"uscc": code, "why": "配偶在该企业任职"}, page=path)
    assert twice.status_code == 422 and "已经申报" in twice.text
    with district.engine.read() as session:
        recusal = session.scalars(sa.select(Recusal).filter_by(inspector_code=row.code, uscc=code)).one()
    lift = f"{path}/recusals/{recusal.id}/lift"
    assert "解除回避" not in officer.text(path)
    assert "科室负责人解除" in officer.post(lift, {"reason": "已离职"}, page=path).text
    head = district.sign_in("wjj-section")
    assert head.post(lift, {"reason": ""}, page=path).status_code == 422
    assert head.post(lift, {"reason": "配偶已离职"}, page=path).status_code == 303
    page = head.text(path)
    assert "没有申报回避" in page and "配偶已离职" in page
    unknown = officer.post(f"{path}/recusals", {"uscc": "91370105000000000X", "why": "x"}, page=path)
    assert "名录库中没有" in unknown.text and "2 至 300 个字" in unknown.text


def test_certificates_and_qualifications_that_run_out_are_listed_with_the_most_urgent_first(district: District) -> None:
    row, other = person(district), person(district, "YJJ")
    change(district, row.code, certificate_until=date(2026, 2, 20), qualification_until={"食品": "2026-03-20"})
    change(district, other.code, certificate_until=date(2026, 3, 10))
    page = district.sign_in("wjj-officer").text("/inspectors/expiring?within=30")
    assert page.index("已过期") < page.index("食品") and "2026-03-20" in page
    assert other.name not in page, "another department's people are its own business"
    everybody = district.sign_in("office").text("/inspectors/expiring?within=30")
    assert row.name in everybody and other.name in everybody


def test_the_list_is_exported_without_phones(district: District) -> None:
    row = person(district)
    change(district, row.code, name="=HYPERLINK(1)", phone="13800000000")
    answer = district.sign_in("scjg-officer").get("/inspectors/export.csv?department=WJJ")
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert district.sign_in("scjg-officer").get("/inspectors/export.pdf").status_code == 404
    book = district.sign_in("scjg-officer").get("/inspectors/export.xlsx?q=WJJ-001")
    assert book.status_code == 200 and book.data[:2] == b"PK"
    assert "'=HYPERLINK(1)" in answer.text and "13800000000" not in answer.text and "SCJG-001" not in answer.text


def test_the_conference_office_keeps_the_enforcement_teams(district: District) -> None:
    office = district.sign_in("office")
    team = {
        "new": "1", "code": "zfj-01", "name": "综合行政执法一中队", "department": "SCJG", "serves": ["WJJ"],
        "basis": "天编办〔2025〕7号", "active": "on",
    }  # fmt: skip
    wrong = office.post("/enforcement-teams", team | {"serves": [], "basis": ""}, page="/enforcement-teams")
    assert wrong.status_code == 422
    for words in ("至少选择一个", "授权依据", "综合行政执法一中队"):
        assert words in wrong.text
    assert office.post("/enforcement-teams", team, page="/enforcement-teams").status_code == 303
    assert "ZFJ-01" in office.text("/enforcement-teams")
    again = office.post("/enforcement-teams", team, page="/enforcement-teams")
    assert again.status_code == 422 and "已用于" in again.text
    closed = {k: v for k, v in team.items() if k not in ("new", "active")} | {"code": "ZFJ-01"}
    assert office.post("/enforcement-teams", closed, page="/enforcement-teams").status_code == 303
    assert "已停用" in office.text("/enforcement-teams")
    assert district.sign_in("wjj-officer").post("/enforcement-teams", team).status_code == 403
    assert "登记队伍" not in district.sign_in("wjj-officer").text("/enforcement-teams")


def test_an_officer_proposes_a_change_from_the_persons_page_and_others_see_that_it_is_under_way(
    district: District,
) -> None:
    row, officer = person(district), district.sign_in("wjj-officer")
    path = f"/inspectors/{row.code}"
    assert "提出变更" in officer.text(path) and "提出变更" not in district.sign_in("wjj-section").text(path)
    asked = {"register": "inspectors", "kind": "变更", "key": row.code}
    answer = officer.post("/changes", asked, page=path)
    assert answer.status_code == 303 and "/tasks/" in answer.headers["Location"]
    assert row.name in officer.text(answer.headers["Location"])
    page = officer.text(path)
    assert "有一项名录变更在办" in page and "提出变更" not in page


def test_an_item_handed_over_is_named_on_the_list_and_the_page_and_left_out_of_the_proposal(district: District) -> None:
    row = person(district)
    gone, kept = row.items[0], row.items[1:]
    with district.engine.database.write() as session:
        session.execute(sa.update(Item).where(Item.code == gone).values(department="YJJ"))
    officer = district.sign_in("wjj-officer")
    assert "可检查事项已移交其他部门" in officer.text("/inspectors") and gone in officer.text("/inspectors")
    assert "可检查事项已移交其他部门" not in district.sign_in("scjg-officer").text("/inspectors")
    path = f"/inspectors/{row.code}"
    page = officer.text(path)
    assert "有事项已移交其他部门" in page and "现由应急管理局负责" in page
    data = {"register": "inspectors", "kind": "变更", "key": row.code}
    draft = officer.post("/changes", data, page=path)
    form = officer.text(draft.headers["Location"])
    ticked = set(re.findall(r'name="items" value="([^"]+)" checked', " ".join(form.split())))
    assert gone not in ticked and set(kept) <= ticked
    assert "已移交其他部门的事项" in form


def test_other_departments_see_neither_phone_recusals_nor_reasons_of_leave_not_even_in_the_history(
    district: District,
) -> None:
    row, (code, name) = person(district), uscc(district)
    path, officer = f"/inspectors/{row.code}", district.sign_in("wjj-officer")
    days = {"first_day": "2026-03-10", "last_day": "2026-03-12", "reason": "住院手术"}
    assert officer.post(f"{path}/leave", days, page=path).status_code == 303
    assert officer.post(f"{path}/recusals", {"uscc": code, "why": "配偶在该企业任职"}, page=path).status_code == 303
    with district.engine.database.write() as session:
        session.add(
            RegistryChange(
                id=new_id(), district_id=row.district_id, register="inspectors", key=row.code, at=district.clock(),
                by_name="演示", source="import", changes={"phone": ["13911112222", "13933334444"]}, reason="",
            )
        )  # fmt: skip
    secrets = ("13933334444", "13911112222", "住院手术", "配偶在该企业任职", code, name)
    assert [text for text in secrets if text not in officer.text(path)] == []
    stranger = district.sign_in("yjj-officer").text(path)
    assert [text for text in secrets if text in stranger] == [] and "2026-03-10 至 2026-03-12" in stranger


def test_a_recusal_that_the_head_decided_is_lifted_by_the_head_alone(district: District) -> None:
    row, (code, _) = person(district), uscc(district)
    path = f"/inspectors/{row.code}"
    district.sign_in("wjj-officer").post(f"{path}/recusals", {"uscc": code, "why": "配偶在该企业任职"}, page=path)
    with district.engine.database.write() as session:
        recusal = session.scalars(sa.select(Recusal).filter_by(inspector_code=row.code, uscc=code)).one()
        recusal.decided_by = session.scalars(sa.select(User.id)).first()
        number = recusal.id
    lift = f"{path}/recusals/{number}/lift"
    section = district.sign_in("wjj-section")
    assert "解除回避" not in section.text(path)
    assert "机关负责人解除" in section.post(lift, {"reason": "配偶已离职"}, page=path).text
    assert district.sign_in("wjj-head").post(lift, {"reason": "配偶已离职"}, page=path).status_code == 303
