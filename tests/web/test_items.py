"""Pages of the item list, its versions, adjustments and special areas; the public list."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection.item_models import ItemAdjustment, ItemList, SpecialArea, StagedFile
from engine.inspection.models import Item
from engine.inspection.registry_export import EXPORTED
from engine.inspection.registry_import import import_registry
from engine.lint.bundle import read_bundle
from engine.models import Department, HistoryEvent
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.web.conftest import Web

WHOLE = {
    "category": "餐饮服务检查", "legal_basis": "食品安全法第一百一十条", "object_kind": "餐饮服务经营者",
    "content": "许可。", "procedure": "审批。", "approval_authority": "机关负责人批准",
    "publication_procedure": "公示。", "archiving": "归档。",
}  # fmt: skip
PROVINCE = (
    "事项编码,责任部门,抽查类别,抽查事项,检查依据,检查内容,检查流程,审批权限,公示程序,归档方式,抽查比例\n"
    "SCJG-001,市场监管部门,餐饮服务检查,餐饮检查,食品安全法第一百一十条,许可。,审批。,机关负责人批准,公示。,归档。,9%\n"
    "SD-2,市场监管部门,广告检查,广告检查,广告法,内容。,审批。,负责人,公示。,归档。,3%\n"
)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test asks for the other kind."""
    make = request.getfixturevalue(f"new_{getattr(request, 'param', 'sqlite')}_url")
    url: str = make()
    return url


@pytest.fixture
def site(engine: ProcessEngine, database_url: str, clock: Any) -> Web:
    """Two departments, three items of SCJG, the process of adjustments."""
    settings = engine.settings
    folder = settings.process_dir / "item-adjustment"
    engine.execute(Deploy("item-adjustment", read_bundle(folder, settings.form_dir)), actor=Actor.system())
    web = Web(create_app(settings, engine), engine.database, clock, settings)
    with engine.database.write() as session:
        for code, name in (("SCJG", "市场监督管理局"), ("YJJ", "应急管理局")):
            session.add(Department(id=new_id(), district_id=settings.district_id, code=code, name=name, kind="organ"))
        for number, published in ((1, True), (2, True), (3, False)):
            session.add(
                Item(
                    id=new_id(), district_id=settings.district_id, code=f"SCJG-00{number}", department="SCJG",
                    name=("餐饮检查", "=1+1食堂检查", "集体用餐检查")[number - 1], key=number == 1, published=published,
                    row_digest="-", created_at=clock(), updated_at=clock(), **WHOLE,
                )
            )  # fmt: skip
    web.user("officer", "承办人")
    web.user("other", "承办人", department="YJJ", name="李安")
    web.user("office", "联席会议办公室", name="王办")
    web.user("office2", "联席会议办公室", name="孙办")
    return web


def _compile(web: Web, version: str = "第1版") -> None:
    office = web.sign_in("office")
    data = {"version": version, "title": "区级清单", "issued_on": "2026-03-02"}
    assert web.submit(office, "/items/versions/district", data, "/items/versions").status_code == 303


def test_the_list_is_filtered_by_the_address_and_exported_without_formulas(site: Web) -> None:
    officer = site.sign_in("officer")
    page = officer.get("/items").text
    assert "餐饮检查" in page and "集体用餐检查" in page and "认领省级事项" in page
    hidden = officer.get("/items?state=未公布").text
    assert "集体用餐检查" in hidden and "餐饮服务经营者" in hidden and "SCJG-001" not in hidden
    assert "SCJG-001" in officer.get("/items?nature=key&q=食品安全法").text
    assert "没有符合条件的事项" in officer.get("/items?department=YJJ").text
    both = officer.get("/items?state=未公布&state=有效&department=YJJ&department=SCJG").text
    assert "餐饮检查" in both and "集体用餐检查" in both
    csv = officer.get("/items/export.csv?q=食堂&state=未公布&state=有效").text
    assert "'=1+1食堂检查" in csv and "SCJG-001" not in csv
    book = CalamineWorkbook.from_filelike(io.BytesIO(officer.get("/items/export.xlsx").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][0] == "事项编码" and [row[0] for row in rows[1:]] == ["SCJG-001", "SCJG-002", "SCJG-003"]
    assert officer.get("/items/export.pdf").status_code == 404
    with site.database.read() as session:
        kept = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == EXPORTED))
        taken = [json.loads(body) for body in kept]
    assert [(body["form"], body["rows"]) for body in taken if body["register"] == "items"] == [("csv", 1), ("xlsx", 3)]
    assert taken[0]["filter"] == {"q": "食堂", "state": ["未公布", "有效"]}


def test_an_item_tells_why_it_may_not_be_checked_and_who_may_change_it(site: Web) -> None:
    page = site.sign_in("officer").get("/items/SCJG-003").text
    assert "尚未公布，不得检查" in page and "变更要素" in page
    foreign = site.sign_in("other").get("/items/SCJG-001").text
    assert "餐饮检查" in foreign and "变更要素" not in foreign
    assert site.sign_in("other").get("/items/SCJG-999").status_code == 404


def test_an_adjustment_opens_from_the_item_and_blocks_a_second_one(site: Web) -> None:
    officer = site.sign_in("officer")
    data = {"kind": "变更", "department": "SCJG", "codes": "SCJG-001", "back": "/items/SCJG-001"}
    answer = site.submit(officer, "/items/adjustments", data, "/items/SCJG-001")
    assert answer.status_code == 303 and answer.location.startswith("/tasks/")
    draft = officer.get(answer.location).text
    assert "填写事项要素" in draft and "SCJG-001 餐饮检查" in draft and "食品安全法第一百一十条" in draft
    again = site.submit(officer, "/items/adjustments", data, "/items", follow_redirects=True)
    assert "正在办理 SCJG-事项调整-2026-0001" in again.text and "变更要素" not in again.text
    listed = officer.get("/items/adjustments?state=起草").text
    assert "SCJG-事项调整-2026-0001" in listed
    assert "SCJG-事项调整-2026-0001" not in site.sign_in("other").get("/items/adjustments").text
    refused = site.submit(
        site.sign_in("other"), "/items/adjustments", {**data, "department": "YJJ"}, "/items", follow_redirects=True
    )
    assert "不由本部门负责" in refused.text


def test_the_province_is_taken_in_compared_and_claimed_by_ticks(site: Web) -> None:
    office, officer = site.sign_in("office"), site.sign_in("officer")
    typed = {"version": "2026年版", "title": "省级清单", "issued_on": "2026-02-20"}

    def send(text: str, **changes: str) -> Any:
        data = {**typed, **changes, "file": (io.BytesIO(text.encode()), "省级清单.csv")}
        return site.submit(office, "/items/versions/province", data, "/items/versions")

    broken = send(PROVINCE + "SD-3,,,缺类别,广告法,,,,,,3%\n")
    assert broken.status_code == 422 and "文件没有导入" in broken.text and 'value="2026年版"' in broken.text
    late = send(PROVINCE, issued_on="2026-03-03", title="")
    assert late.status_code == 422 and "晚于今天" in late.text and "请填写“清单名称”" in late.text
    missing = site.submit(office, "/items/versions/province", typed, "/items/versions")
    assert missing.status_code == 422 and "请选择省级清单文件" in missing.text
    # The file of the refused attempt is still there: whoever mends the title need not choose it again.
    (kept,) = re.findall(r'name="staged" value="([^"]+)"', late.text)
    assert "已上传：<strong>省级清单.csv</strong>" in late.text
    foreign = site.submit(
        site.sign_in("office2"), "/items/versions/province", {**typed, "staged": kept}, "/items/versions"
    )
    assert foreign.status_code == 422 and "请选择省级清单文件" in foreign.text
    again = site.submit(office, "/items/versions/province", {**typed, "staged": kept}, "/items/versions")
    assert again.status_code == 303
    with site.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StagedFile)) == 0
    unclaimed = officer.get("/items/province").text
    assert "广告检查" in unclaimed and "认领选中的事项" in unclaimed and "餐饮检查" not in unclaimed
    different = officer.get("/items/province?state=要素不同").text
    assert "餐饮检查" in different and "9%" in different and "3%" in different
    assert "集体用餐检查" in officer.get("/items/province?state=区级自有").text
    answer = site.submit(
        officer, "/items/adjustments", {"kind": "认领", "department": "SCJG", "codes": "SD-2"}, "/items/province"
    )
    ticked = officer.get(answer.location).text
    assert 'value="SD-2" checked' in " ".join(ticked.split()) or 'value="SD-2"' in ticked
    assert site.submit(officer, "/items/versions/province", typed, "/items").status_code == 403


def test_versions_are_public_as_compiled_and_any_two_stand_side_by_side(site: Web) -> None:
    anybody = site.client()
    assert "还没有公布抽查事项清单" in anybody.get("/public/items").text
    _compile(site)
    with site.database.write() as session:
        session.execute(sa.update(Item).where(Item.code == "SCJG-001").values(ratio_ppm=80_000))
        session.execute(sa.update(Item).where(Item.code == "SCJG-003").values(published=True))
    public = anybody.get("/public/items").text
    assert "餐饮检查" in public and "3%" in public and "8%" not in public and "集体用餐检查" not in public
    again = site.sign_in("office")
    data = {"version": "第1版", "title": "区级清单", "issued_on": "2026-03-02"}
    assert "已有版本" in site.submit(again, "/items/versions/district", data, "/items/versions").text
    _compile(site, "第2版")
    assert "8%" in anybody.get("/public/items").text and "8%" not in anybody.get("/public/items?version=第1版").text
    assert "食堂检查" in anybody.get("/public/items.csv").text and anybody.get("/public/items.xlsx").status_code == 200
    officer = site.sign_in("officer")
    compared = officer.get("/items/compare").text
    assert "增加 1" in compared and "变更 1" in compared and "<del>3%</del>" in compared and "<ins>8%</ins>" in compared
    assert "没有差别" in officer.get("/items/compare?kind=减少").text
    with site.database.read() as session:
        first = session.scalars(sa.select(ItemList.id).where(ItemList.version == "第1版")).one()
    assert "第1版" in officer.get(f"/items/versions/{first}").text
    assert "餐饮检查" in officer.get(f"/items/versions/{first}/export.csv").text
    assert officer.get("/items/versions/none").status_code == 404
    assert "变更 1 处" in officer.get("/items/SCJG-001").text
    assert officer.get("/items/versions").text.count("汇编并公布") == 0


def test_special_areas_are_listed_with_their_state_and_public_while_in_force(site: Web) -> None:
    with site.database.write() as session:
        for number, until in ((1, None), (2, "2026-02-01")):
            session.add(
                SpecialArea(
                    id=new_id(), district_id=site.settings.district_id, code=f"YJJ-ZD-00{number}", name=f"领域{number}",
                    department="YJJ", legal_basis="条例", industries=["F5166"], outside_draw=True, frequency="每年",
                    published_at=site.clock(), created_at=site.clock(), updated_at=site.clock(),
                    valid_until=None if until is None else site.clock().date().replace(month=2, day=1),
                )
            )  # fmt: skip
    page = site.sign_in("other").get("/items/areas").text
    assert "领域1" in page and "领域2" in page and "已失效" in page and page.count("变更或取消") == 2
    assert "变更或取消" not in site.sign_in("officer").get("/items/areas").text
    public = site.client().get("/public/items").text
    assert "领域1" in public and "领域2" not in public
    answer = site.submit(
        site.sign_in("other"), "/items/adjustments",
        {"kind": "重点领域", "department": "YJJ", "codes": "YJJ-ZD-001"}, "/items/areas",
    )  # fmt: skip
    assert answer.location.startswith("/tasks/")
    with site.database.read() as session:
        assert session.scalar(sa.select(ItemAdjustment.kind)) == "重点领域"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_every_page_opens_on_postgresql(site: Web) -> None:
    _compile(site)
    office = site.sign_in("office")
    data = {
        "version": "2026年版", "title": "省级清单", "issued_on": "2026-02-20",
        "file": (io.BytesIO(PROVINCE.encode()), "a.csv"),
    }  # fmt: skip
    assert site.submit(office, "/items/versions/province", data, "/items/versions").status_code == 303
    officer = site.sign_in("officer")
    site.submit(officer, "/items/adjustments", {"kind": "移交", "department": "SCJG", "codes": "SCJG-001"}, "/items")
    for path in (
        "/items?q=餐&nature=key&state=有效&category=餐饮服务检查", "/items?state=尚未施行", "/items?state=已失效",
        "/items/SCJG-001", "/items/adjustments?kind=移交", "/items/areas", "/items/versions", "/items/compare",
        "/items/province?state=&q=餐", "/public/items?q=餐", "/outside-visits?q=x&kind=个案检查&counts=no",
        "/outside-visits/new", "/outside-visits/export.xlsx",
    ):  # fmt: skip
        assert officer.get(path).status_code == 200, path
    assert "SCJG-事项调整-2026-0001" in officer.get("/items/SCJG-001").text


def test_changes_by_file_are_previewed_and_go_through_approval_as_one_adjustment(site: Web) -> None:
    officer = site.sign_in("officer")
    path = "/items/adjustments/file"
    table = officer.get("/items/export.csv?department=SCJG").text.lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table)))
    head = list(rows[0])
    rows[0]["抽查比例"], rows[2]["责任科室"] = "8%", "餐饮科"
    fresh = {**rows[0], "事项编码": "SCJG-010", "抽查事项": "新设事项检查", "省级事项编码": ""}
    foreign = {**rows[0], "事项编码": "YJJ-001", "责任部门": "应急管理局"}
    broken = {**rows[0], "事项编码": "SCJG-011", "抽查事项": ""}
    rows[1]["抽查事项"] = rows[1]["抽查事项"].lstrip("'")

    def send(records: list[dict[str, str]]) -> Any:
        text = io.StringIO()
        writer = csv.DictWriter(text, head)
        writer.writeheader()
        writer.writerows(records)
        return site.submit(
            officer, path, {"department": "SCJG", "file": (io.BytesIO(text.getvalue().encode()), "改.csv")}
        )

    empty = site.submit(officer, path, {"department": "SCJG"})
    assert empty.status_code == 422 and "请选择事项文件" in empty.text
    staged = send([*rows, fresh, foreign, broken])
    assert staged.status_code == 303
    page = officer.get(staged.location).text
    assert "提出调整（3 项）" in page and "<del>3%</del> → " in page and "<ins>8%</ins>" in page
    assert "不由本部门负责" in page and "为空" in page
    assert site.sign_in("other").get(staged.location).status_code == 404
    proposed = site.submit(officer, staged.location, {})
    assert proposed.status_code == 303 and "/tasks/" in proposed.location
    draft = officer.get(proposed.location).text
    assert "餐饮科" in draft and "新设事项检查" in draft and "调整内容" in draft
    with site.database.read() as session:
        row = session.scalars(sa.select(ItemAdjustment)).one()
        assert row.kind == "成批" and row.codes == ["SCJG-001", "SCJG-003", "SCJG-010"]
        assert row.changes[0]["before"] == {"ratio_ppm": 30_000} and row.changes[0]["after"] == {"ratio_ppm": 80_000}
        assert row.changes[2]["before"] == {} and "list_version" not in row.changes[2]["after"]
        assert session.scalar(sa.select(Item.ratio_ppm).where(Item.code == "SCJG-001")) == 30_000  # nothing has changed
    busy = send([rows[0]])
    assert "正在办理 SCJG-事项调整-2026-0001" in officer.get(busy.location).text
    # The list is being adjusted: nobody imports over it any more, at the page or at the command line.
    site.user("keeper", "系统管理员", name="周管")
    keeper = site.sign_in("keeper")
    assert "不能再直接导入" in keeper.get("/imports").text
    data = {"kind": "items", "file": (io.BytesIO(table.encode()), "清单.csv")}
    assert site.submit(keeper, "/imports", data).status_code == 422
    with pytest.raises(InvalidInput, match="事项调整"):
        import_registry(
            site.database, "items", io.BytesIO(table.encode()), now=site.clock(), district_id=site.settings.district_id
        )
