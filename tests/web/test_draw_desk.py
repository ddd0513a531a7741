"""抽取事务: trials, key shares, visiting days and annulment on their page."""

from __future__ import annotations

import html
import re

import sqlalchemy as sa

from engine.inspection import disclosure, records
from engine.inspection.drawn import assignments
from engine.inspection.models import Draw, DrawnObject, Inspector
from tests.support.pages import District

DRAW = "CN-370105-SCJG-2026-0001"


def path(district: District) -> str:
    return f"/campaigns/{district.campaign}/draw"


def test_the_leads_officer_sees_and_moves_the_days_and_a_refused_day_comes_back_with_its_reason(
    district: District,
) -> None:
    officer = district.sign_in("scjg-officer")
    page = officer.text(path(district))
    assert "检查日期" in page and "按片区和人员均衡提出" in page and "试抽一次" not in page
    assert "抽取事务" in officer.text(f"/campaigns/{district.campaign}")
    field, value = re.findall(r'name="(day-[^"]+)" aria-label="[^"]+" value="([^"]+)"', page)[0]
    refused = officer.post(f"{path(district)}/days", {field: "2026-03-21"}, page=path(district))
    assert refused.status_code == 422 and "不是本任务期限内今天以后的工作日" in refused.text
    assert f'name="{field}"' in refused.text and 'value="2026-03-21"' in refused.text
    target = "2026-03-27" if value != "2026-03-27" else "2026-03-26"
    moved = officer.post(f"{path(district)}/days", {field: target, "on": value}, page=path(district))
    assert moved.status_code == 303 and f"on={value}" in moved.headers["Location"]
    with district.engine.read() as session:
        row = session.scalar(sa.select(DrawnObject).where(DrawnObject.uscc == field.removeprefix("day-")))
        assert row is not None and str(row.visit_on) == target


def test_a_participant_sees_its_own_pairs_only_and_cannot_change_days(district: District) -> None:
    page = html.unescape(district.sign_in("wjj-officer").text(path(district)))
    assert "保存检查日期" not in page and "签署并作废" not in page
    with district.engine.read() as session:
        pairs = assignments(records.draw(session, "370105", DRAW))
        names = {code: name for code, name in session.execute(sa.select(Inspector.code, Inspector.name))}
    own = {names[code] for (_, department), pair in pairs.items() if department == "WJJ" for code in pair}
    foreign = {names[code] for (_, department), pair in pairs.items() if department == "YJJ" for code in pair} - own
    assert own and all(name in page for name in own)
    assert foreign and not any(name in page for name in foreign)


def test_a_share_of_the_key_is_downloaded_once_by_its_holder(district: District) -> None:
    witness = district.sign_in("witness1")  # of a department that takes no part in the campaign
    page = witness.text("/key-shares")
    (holder,) = re.findall(r'name="holder" value="([^"]+)"', page)
    got = witness.post(f"/key-shares/{DRAW}", {"holder": holder}, page="/key-shares")
    assert got.status_code == 200 and got.json["kind"] == "key-share" and got.headers["Cache-Control"] == "no-store"
    assert got.json["draw_id"] == DRAW and len(got.json["share"]) == 64
    assert witness.post(f"/key-shares/{DRAW}", {"holder": holder}, page="/key-shares").status_code == 409
    assert witness.post(f"/key-shares/{DRAW}", {"holder": "audit"}, page="/key-shares").status_code == 403
    assert "已领取" in witness.text("/key-shares")
    officer = district.sign_in("scjg-officer")
    shown = officer.text(path(district))
    assert shown.count("待领取") == 2 and "已领取" in shown and got.json["share"] not in shown
    assert officer.get("/key-shares").status_code == 403


def test_a_trial_is_run_from_the_page_and_shows_figures_only(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    officer.post("/campaigns", {"department": "SCJG"}, page="/campaigns")
    number = "SCJG-抽查-2026-0002"
    assert "目前没有可以办理的抽取事务" in officer.text(f"/campaigns/{number}/draw")
    district.office.do_all("draft_work_plan")
    page = officer.text(f"/campaigns/{number}/draw")
    assert "试抽一次" in page
    answer = officer.post(f"/campaigns/{number}/draw/trial", {}, page=f"/campaigns/{number}/draw")
    assert answer.status_code == 303
    shown = html.unescape(officer.text(f"/campaigns/{number}/draw"))
    assert "CN-370105-SCJG-2026-T0001" in shown and "每人最少 / 最多" in shown
    with district.engine.read() as session:
        names = session.scalars(sa.select(Inspector.name)).all()
        drawn = session.scalars(sa.select(DrawnObject.uscc)).all()
    assert not any(f">{name}<" in shown or f"{name}、" in shown for name in names)
    assert not any(code in shown for code in drawn)
    assert district.sign_in("wjj-officer").post(f"/campaigns/{number}/draw/trial", {}).status_code in (403, 404)


def test_a_trial_is_nowhere_taken_for_a_draw(district: District) -> None:
    officer = district.sign_in("scjg-officer")
    officer.post("/campaigns", {"department": "SCJG"}, page="/campaigns")
    number = "SCJG-抽查-2026-0002"
    district.office.do_all("draft_work_plan")
    officer.post(f"/campaigns/{number}/draw/trial", {}, page=f"/campaigns/{number}/draw")
    campaign = html.unescape(officer.text(f"/campaigns/{number}"))
    assert "试抽，没有效力" in campaign and "抽取现场" not in campaign
    public = html.unescape(officer.text("/public/draws/CN-370105-SCJG-2026-T0001"))
    assert "试抽完成，没有效力，不选定任何检查对象" in public and "抽中 0 个" not in public
    for promise in ("登记随机因子", "检查并公示", "入场检查时", "任务结束后，任何人"):
        assert promise not in public


def test_only_the_leads_head_is_offered_annulment_and_only_before_dispatch(district: District) -> None:
    head = district.sign_in("scjg-head")
    assert "签署并作废" not in head.text(path(district))
    refused = head.post(f"{path(district)}/annul", {"reason": "范围有误，需要作废"}, page=path(district))
    assert refused.status_code == 409
    with district.engine.read() as session:
        draw = session.scalar(sa.select(Draw).where(Draw.draw_id == DRAW))
        assert draw is not None and draw.state == "drawn"
        assert disclosure.commitment(session, draw)["reason"] == ""


def test_a_late_addition_is_proposed_from_the_page_and_a_firm_on_the_list_is_refused_where_it_stands(
    district: District,
) -> None:
    officer = district.sign_in("scjg-officer")
    opened = officer.post(f"{path(district)}/additions", {}, page=path(district))
    assert opened.status_code == 303
    task = opened.headers["Location"]
    page = html.unescape(officer.text(task))
    assert "填写补充名单" in page and DRAW in page and "封存时没有列入的原因和依据" in page
    with district.engine.read() as session:
        listed = records.draw(session, "370105", DRAW).files["candidates.tsv"].split("\t")[0]
    uscc, reason = re.findall(r'name="(additions[^"]*(?:uscc|reason))"', page)[:2]
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    values = {uscc: listed, reason: "封存后才录入名录库", "reveal_limit": "PT4H", "version": version}
    refused = officer.post(task, values, page=task)
    assert refused.status_code == 422 and "不需要补充" in refused.text and listed in refused.text
    assert officer.post(f"{path(district)}/additions", {}, page=path(district)).status_code == 409
    assert district.sign_in("wjj-officer").post(f"{path(district)}/additions", {}).status_code == 403
