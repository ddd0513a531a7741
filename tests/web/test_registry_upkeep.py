"""名录变更、审管移交、导入名录: what officials see and do there."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.inspection import uscc
from engine.inspection.facts import context_provider
from engine.inspection.installation import roles, services
from engine.inspection.models import InspectedObject
from engine.inspection.registry_import.uploads import preview_upload, run_import
from engine.inspection.registry_models import ChangeRequest, PermitHandover, RegistryChange, RegistryImport
from engine.lint.bundle import read_bundle
from engine.models import Department, UserTask
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.web.conftest import Web

DISTRICT = "370105"
FIRMS = [uscc.compose("91370105", f"XN00000{n}") for n in range(1, 5)]
HEADER = "统一社会信用代码,检查对象名称,检查对象类型,联系电话"


@pytest.fixture
def web(make_web: Any, tmp_path: Any) -> Web:
    """Three departments, their officers, four firms, and both processes."""
    made: Web = make_web()
    engine = ProcessEngine(
        made.database, made.settings, services(), form_context=context_provider(made.settings), roles=roles(),
        clock=made.clock,
    )  # fmt: skip
    made.app = create_app(made.settings, engine)
    now = made.clock()
    with made.database.write() as session:
        for code, name in (("SCJG", "市场监督管理局"), ("SPJ", "行政审批服务局"), ("WJJ", "卫生健康局")):
            session.add(Department(district_id=DISTRICT, code=code, name=name))
        for number, firm in enumerate(FIRMS, start=1):
            session.add(
                InspectedObject(
                    id=new_id(), district_id=DISTRICT, uscc=firm, name=f"济南演示{number}有限公司", kind="企业",
                    phone="1", row_digest="", created_at=now, updated_at=now,
                )
            )  # fmt: skip
    for key in ("registry-change", "permit-handover"):
        bundle = read_bundle(made.settings.process_dir / key, made.settings.form_dir)
        engine.execute(Deploy(key, bundle), actor=Actor.system())
    made.user("spj", "承办人", name="演示·审批承办", department="SPJ")
    made.user("scjg", "承办人", name="演示·监管承办")
    made.user("head", "科室负责人", name="演示·科长")
    made.user("office", "联席会议办公室", name="演示·办公室")
    return made


def engine_of(web: Web) -> ProcessEngine:
    found: ProcessEngine = web.app.extensions["lianjian"].engine
    return found


def the_task(web: Web) -> UserTask:
    with web.database.read() as session:
        return session.scalars(sa.select(UserTask).where(UserTask.state == "open")).one()


def test_an_officer_proposes_and_the_head_of_section_sees_the_comparison(web: Web) -> None:
    officer = web.sign_in("scjg")
    begun = web.submit(officer, "/changes", {"register": "objects", "kind": "变更", "key": FIRMS[0]}, "/changes")
    task = the_task(web)
    assert begun.headers["Location"] == f"/tasks/{task.id}"
    form = officer.get(f"/tasks/{task.id}").text
    assert "济南演示1有限公司" in form and "名录中现在的内容" in form
    data = {"change_kind": "变更", "name": "济南演示1有限公司", "kind": "企业", "phone": "2", "reason": "企业来函更正"}
    data["version"] = str(task.version)
    sent = web.submit(officer, f"/tasks/{task.id}", data)
    assert sent.status_code == 303, re.findall(r"field-error[^>]*>([^<]+)", sent.text)
    again = web.submit(officer, "/changes", {"register": "objects", "kind": "停用", "key": FIRMS[0]}, "/changes")
    assert again.status_code == 303
    shown = officer.get(again.headers["Location"]).text
    assert "已有一项在办的名录变更" in shown and "撤回本申请" in shown and "企业来函更正" in shown
    head = web.sign_in("head")
    assert "济南演示1有限公司" in head.get("/changes?state=在办").text
    check = head.get(f"/tasks/{the_task(web).id}").text
    assert "变更内容" in check and "联系电话" in check
    web.submit(head, f"/tasks/{the_task(web).id}", {"decision": "同意", "version": "1"})
    with web.database.read() as session:
        assert session.scalar(sa.select(InspectedObject.phone).where(InspectedObject.uscc == FIRMS[0])) == "2"
    assert "已生效" in officer.get("/changes").text
    assert FIRMS[0] not in web.sign_in("spj").get("/changes").text  # another department's business


def test_a_request_is_withdrawn_on_its_page(web: Web) -> None:
    officer = web.sign_in("scjg")
    web.submit(officer, "/changes", {"register": "objects", "kind": "停用", "key": FIRMS[0]}, "/changes")
    with web.database.read() as session:
        number = session.scalars(sa.select(ChangeRequest.number)).one()
    web.submit(officer, f"/changes/{number}/withdraw", {"reason": ""}, f"/changes/{number}")
    assert "请填写撤回理由" in officer.get(f"/changes/{number}").text
    web.submit(officer, f"/changes/{number}/withdraw", {"reason": "企业并未注销"}, f"/changes/{number}")
    assert "已撤回" in officer.get(f"/changes/{number}").text
    assert web.sign_in("spj").get(f"/changes/{number}").status_code == 404


def test_permits_are_handed_over_by_file_and_signed_for(web: Web) -> None:
    sender = web.sign_in("spj")
    head = "统一社会信用代码,检查对象名称,许可名称,许可编号,发证日期,有效期至,发证机关,接收部门"
    good = [
        f"{FIRMS[0]},甲,食品经营许可证,J1,2026-02-01,2031-01-31,,市场监督管理局",
        f"{FIRMS[1]},乙,卫生许可证,W1,2026-02-01,长期,,WJJ",
    ]
    bad = [f"{FIRMS[2]},丙,卫生许可证,W2,2026-12-01,,,WJJ", f"{FIRMS[3]},丁,卫生许可证,W3,2026-02-01,,,林业局"]

    def send(lines: list[str], **more: str) -> Any:
        file = (io.BytesIO("\n".join([head, *lines]).encode()), "许可.csv")
        return web.submit(sender, "/handovers/file", {"file": file, **more}, "/handovers")

    refused = send(good + bad)
    assert refused.status_code == 422
    assert (
        "发证日期晚于今天" in refused.text and "系统中没有这个部门" in refused.text and "有问题的行跳过" in refused.text
    )
    with web.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(PermitHandover)) == 0
    assert send(good + bad, skip="1").status_code == 303
    sent = sender.get("/handovers?view=sent").text
    assert "SPJ-审管移交-2026-0001" in sent and "待签收 1" in sent
    receiver = web.sign_in("scjg")
    page = receiver.get("/handovers").text
    assert "签收" in page and "食品经营许可证" in page and "卫生许可证" not in page
    number = "SPJ-审管移交-2026-0001"
    shown = receiver.get(f"/handovers/{number}").text
    assert "去办理" in shown and "审管信息签收" in shown
    assert "J1" in receiver.get(f"/handovers/{number}/permits.csv").text
    with web.database.read() as session:
        task = session.scalars(sa.select(UserTask).where(UserTask.business_key == number)).one()
    web.submit(receiver, f"/tasks/{task.id}", {"decision": "全部签收", "version": str(task.version)})
    assert "已签收" in receiver.get(f"/handovers/{number}").text
    assert "没有等待您签收的许可" in receiver.get("/handovers").text
    assert web.sign_in("head").get("/handovers/SPJ-审管移交-2026-0002").status_code == 404


def upload(web: Web, client: Any, *lines: str, name: str = "对象.csv", **more: str) -> Any:
    file = (io.BytesIO("\n".join([HEADER, *lines]).encode()), name)
    return web.submit(client, "/imports", {"kind": "objects", "file": file, **more}, "/imports")


def test_a_file_is_previewed_first_and_written_when_confirmed(web: Web) -> None:
    office = web.sign_in("office")
    new = uscc.compose("91370105", "XN000009")
    done = upload(web, office, f"{FIRMS[0]},济南演示1有限公司,企业,2", f"{new},新来的公司,企业,3", f"{FIRMS[1]},,企业,")
    page = done.headers["Location"]
    text = office.get(page).text
    assert "这是预览" in text and "新来的公司" in text and "联系电话" in text and "下载差错清单" in text
    with web.database.read() as session:
        row = session.scalars(sa.select(RegistryImport)).one()
        assert row.state == "待确认" and row.preview is not None
        assert [row.preview[k] for k in ("inserted", "updated", "unchanged", "rejected")] == [1, 1, 0, 1]
        assert session.scalar(sa.select(InspectedObject.phone).where(InspectedObject.uscc == FIRMS[0])) == "1"
    assert "检查对象名称" in office.get(f"{page}/errors.csv").text
    refused = web.submit(office, f"{page}/confirm", {"reason": "x"}, page)
    assert refused.status_code == 422 and "4 至 300 个字" in refused.text
    web.submit(office, f"{page}/confirm", {"reason": "省名录库三月导出"}, page)
    assert "已完成" in office.get(page).text
    with web.database.read() as session:
        row = session.scalars(sa.select(RegistryImport).options(sa.orm.undefer(RegistryImport.content))).one()
        assert (row.state, row.inserted, row.updated, row.refused, row.content) == ("已完成", 1, 1, 1, None)
        (change,) = session.scalars(sa.select(RegistryChange)).all()
        assert (change.reason, change.reference, change.by_name) == ("省名录库三月导出", row.id, "演示·办公室")
    assert (
        "已经导入过"
        in office.get(
            upload(
                web, office, f"{FIRMS[0]},济南演示1有限公司,企业,2", f"{new},新来的公司,企业,3", f"{FIRMS[1]},,企业,"
            ).headers["Location"]
        ).text
    )


def test_rows_a_full_file_lacks_are_listed_and_stopped_only_when_somebody_says_so(web: Web) -> None:
    office = web.sign_in("office")
    lines = [f"{firm},济南演示{n}有限公司,企业,1" for n, firm in enumerate(FIRMS[:2], start=1)]

    def states() -> list[str]:
        with web.database.read() as session:
            return list(session.scalars(sa.select(InspectedObject.status).order_by(InspectedObject.name)))

    for choice, expected in (({}, ["存续"] * 4), ({"stop_missing": "1"}, ["存续", "存续", "停用", "停用"])):
        page = upload(web, office, *lines, full="1").headers["Location"]
        text = office.get(page).text
        assert "文件里没有的 2 户" in text and "不勾选就不停用" in text
        assert FIRMS[3] in office.get(f"{page}/missing.csv").text
        web.submit(office, f"{page}/confirm", {"reason": "全量核对一次", **choice}, page)
        assert states() == expected
    with web.database.read() as session:
        changes = session.scalars(sa.select(RegistryChange).order_by(RegistryChange.key)).all()
        assert [c.key for c in changes] == FIRMS[2:] and changes[0].changes == {"status": ["存续", "停用"]}
    page = upload(web, office, *lines[:1], f"{FIRMS[1]},,企业,1", full="1").headers["Location"]
    assert "无法判断" in office.get(page).text  # a refused row is not a missing one


def test_a_large_file_waits_for_the_worker_and_can_be_left_or_given_up(web: Web) -> None:
    class Queue:
        """Keeps what was asked for."""

        def __init__(self) -> None:
            self.asked: list[tuple[str, dict[str, Any]]] = []

        def enqueue(self, session: Any, kind: str, key: str, args: dict[str, Any], delay_seconds: float = 0) -> None:
            self.asked.append((kind, args))

    engine = engine_of(web)
    queue = Queue()
    engine.kernel.jobs = queue  # type: ignore[assignment]
    office = web.sign_in("office")
    lines = [f"{uscc.compose('91370105', f'XM{n:06d}')},济南演示{'长' * 150}{n}有限公司,企业,1" for n in range(2200)]
    page = upload(web, office, *lines).headers["Location"]
    waiting = office.get(page).text
    assert "正在预览" in waiting and 'http-equiv="refresh"' in waiting and "可以离开本页" in waiting
    preview_upload(engine, queue.asked[-1][1])
    preview_upload(engine, queue.asked[-1][1])  # begun again after a crash
    web.submit(office, f"{page}/confirm", {"reason": "首次导入"}, page)
    assert "正在导入" in office.get(page).text
    kinds = [kind for kind, _ in queue.asked]
    assert kinds == ["registry-preview", "registry-import"]
    run_import(engine, queue.asked[-1][1])
    assert "已完成" in office.get(page).text
    other = upload(web, office, *lines[:3]).headers["Location"]
    web.submit(office, f"{other}/give-up", {}, other)
    assert "已放弃" in office.get(other).text
    assert web.submit(office, f"{other}/confirm", {"reason": "再导入一次"}, "/imports").status_code == 409


def test_unreadable_files_are_said_and_only_those_who_may_import(web: Web) -> None:
    office = web.sign_in("office")
    file = (io.BytesIO(b"\x00\x01\x02 nothing"), "图片.png")
    page = web.submit(office, "/imports", {"kind": "objects", "file": file}, "/imports").headers["Location"]
    text = office.get(page).text
    assert "没有完成" in text and "请改正文件后重新上传" in text
    empty = web.submit(office, "/imports", {"kind": "objects", "file": (io.BytesIO(b""), "空.csv")}, "/imports")
    assert empty.status_code == 422 and "文件是空的" in empty.text
    assert web.submit(office, "/imports", {"kind": "objects"}, "/imports").status_code == 422
    assert web.sign_in("scjg").get("/imports").status_code == 403
