# ruff: noqa: E501 - a file with thirteen columns
"""The item list goes through its adjustments: claimed, added, changed, abolished, handed over, special areas."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import item_lists
from engine.inspection.item_adjustments import OpenItemAdjustment
from engine.inspection.item_batch import OpenBatchAdjustment, StageItemFile
from engine.inspection.item_list_commands import CompileItemList, ImportProvincialList
from engine.inspection.item_models import ItemAdjustment, ItemList, SpecialArea
from engine.inspection.models import Item
from engine.inspection.registry_history import history_of
from engine.inspection.special_areas import SpecialAreas
from engine.lint.bundle import read_bundle
from engine.models import Department, ProcessInstance, User, UserRole, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import Clock

DISTRICT = "370105"
WHOLE = {
    "category": "餐饮服务检查", "legal_basis": "食品安全法第一百一十条", "object_kind": "餐饮服务经营者",
    "content": "许可、进货查验。", "procedure": "审批、检查、公示、归档。", "approval_authority": "机关负责人批准",
    "publication_procedure": "二十个工作日内公示。", "archiving": "一户一档。",
}  # fmt: skip
PROVINCE = """事项编码,责任部门,抽查类别,抽查事项,事项性质,检查依据,检查对象,检查内容,检查流程,审批权限,公示程序,归档方式,抽查比例
SD-1,市场监管部门,餐饮服务检查,餐饮服务监督检查,重点检查事项,食品安全法第一百一十条,餐饮服务经营者,许可。,审批。,负责人,公示。,归档。,5%
SD-2,市场监管部门,网络交易检查,网络交易检查,一般检查事项,网络交易监督管理办法,网络经营者,公示信息。,审批。,负责人,公示。,归档。,3%
SD-3,市场监管部门,广告检查,广告检查,一般检查事项,广告法,广告经营者,,,,,,3%
"""
WHY = {"reason": "省级清单调整。", "basis": "省级清单2026年版"}
AGREE = {"decision": "同意"}

#: What no database sees differently is tested on one.
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class People:
    """One person a role, and what waits for them."""

    def __init__(self, engine: ProcessEngine) -> None:
        self.engine = engine
        self._known: dict[str, Actor] = {}
        with engine.database.write() as session:
            for position, (code, name) in enumerate((("SCJG", "市场监督管理局"), ("YJJ", "应急管理局")), 1):
                session.add(Department(district_id=DISTRICT, code=code, name=name, kind="organ", position=position))
            for code in ("SCJG", "YJJ"):
                for role in ("承办人", "科室负责人", "机关负责人"):
                    self._add(session, code, role)
            self._add(session, "SCJG", "联席会议办公室")

    def _add(self, session: Any, department: str, role: str) -> None:
        name = f"{department}/{role}"
        user = User(
            id=new_id(), district_id=DISTRICT, login=name.lower(), name=f"演示·{name}", department=department,
            password_hash="-", created_at=self.engine.clock(),
        )  # fmt: skip
        session.add(user)
        session.add(UserRole(user_id=user.id, department=department, role=role, district_id=DISTRICT))
        self._known[name] = Actor(user.id, user.name, department, frozenset({name}))

    def __getitem__(self, name: str) -> Actor:
        return self._known[name]

    def propose(self, kind: str, *codes: str, department: str = "SCJG") -> str:
        number: str = self.engine.execute(
            OpenItemAdjustment(department, kind, codes), actor=self[f"{department}/承办人"]
        )
        return number

    def task(self, number: str) -> UserTask:
        with self.engine.read() as session:
            return session.scalars(
                sa.select(UserTask).where(UserTask.business_key == number, UserTask.state == "open")
            ).one()

    def do(self, number: str, values: dict[str, Any]) -> None:
        task = self.task(number)
        self.engine.execute(CompleteTask(task.id, task.version, values), actor=self[task.group or ""])

    def context(self, number: str) -> dict[str, Any]:
        with self.engine.read() as session:
            task = session.get_one(UserTask, self.task(number).id)
            return dict(self.engine.task_view(session, task).context)

    def approve(self, number: str) -> None:
        self.do(number, AGREE)
        self.do(number, AGREE)

    def compile(self, number: str, version: str, *others: str) -> None:
        self.do(
            number,
            {
                "decision": "汇编公布", "version": version, "title": "区级清单",
                "issued_on": self.engine.clock().date().isoformat(), "others": list(others),
            },
        )  # fmt: skip


@pytest.fixture
def people(engine: ProcessEngine) -> People:
    folder = engine.settings.process_dir / "item-adjustment"
    engine.execute(Deploy("item-adjustment", read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    found = People(engine)
    with engine.database.write() as session:
        for number, key in ((1, True), (2, False)):
            session.add(
                Item(
                    id=new_id(), district_id=DISTRICT, code=f"SCJG-00{number}", department="SCJG", key=key,
                    name=f"餐饮检查{number}", ratio_ppm=50_000, provincial_code="SD-1" if key else "",
                    row_digest="-", created_at=engine.clock(), updated_at=engine.clock(), **WHOLE,
                )
            )  # fmt: skip
    office = found["SCJG/联席会议办公室"]
    head = {"version": "2026年第1版", "title": "区级清单", "issued_on": "2026-03-02"}
    engine.execute(CompileItemList(head), actor=office)
    return found


def province(people: People, text: str = PROVINCE, version: str = "2026年版") -> Any:
    head = {"version": version, "title": "省级清单", "issued_on": "2026-02-20"}
    command = ImportProvincialList("省级清单.csv", text.encode(), head)
    return people.engine.execute(command, actor=people["SCJG/联席会议办公室"])


def item(people: People, code: str) -> Item | None:
    with people.engine.read() as session:
        return session.scalar(sa.select(Item).where(Item.code == code))


def adjustment(people: People, number: str) -> ItemAdjustment:
    with people.engine.read() as session:
        return session.scalars(sa.select(ItemAdjustment).where(ItemAdjustment.number == number)).one()


def test_a_changed_field_is_filed_compiled_and_stands_in_the_history(people: People) -> None:
    number = people.propose("变更", "SCJG-001")
    assert number == "SCJG-事项调整-2026-0001"
    with pytest.raises(Conflict, match="SCJG-事项调整-2026-0001"):
        people.propose("废止", "SCJG-001")
    values = {**people.context(number)["previous"], **WHY, "action": "提交审批"}
    with pytest.raises(InvalidInput, match="没有改动"):
        people.do(number, values)
    people.do(number, {**values, "ratio": 8.5, "section": "餐饮科"})
    people.approve(number)
    filed = adjustment(people, number)
    assert filed.state == "待汇编" and filed.filing_number == "事项备〔2026〕1号" and filed.filed_at is not None
    unchanged = item(people, "SCJG-001")
    assert unchanged is not None and unchanged.ratio_ppm == 50_000
    people.compile(number, "2026年第2版")
    changed = item(people, "SCJG-001")
    assert changed is not None
    assert (changed.ratio_ppm, changed.section, changed.list_version) == (85_000, "餐饮科", "2026年第2版")
    assert changed.filing_number == "事项备〔2026〕1号"
    with people.engine.read() as session:
        (entry,) = history_of(session, DISTRICT, "items", "SCJG-001")
        assert entry.changes == {"ratio_ppm": [50_000, 85_000], "section": ["", "餐饮科"]}
        assert (entry.source, entry.reference) == ("request", number)
        new, old = item_lists.versions(session, DISTRICT, item_lists.DISTRICT)
        (found,) = item_lists.compare(item_lists.entries(session, old.id), item_lists.entries(session, new.id))
        assert (found.kind, found.code) == ("变更", "SCJG-001")
        assert [field for field, _, _ in found.fields] == ["ratio_ppm", "section"]
        assert session.scalar(sa.select(ProcessInstance.status)) == "completed"


@ON_SQLITE
def test_a_file_of_changes_is_one_adjustment_and_is_refused_when_the_list_has_moved(people: People) -> None:
    def opened(*lines: str) -> str:
        text = "事项编码,责任部门,抽查类别,抽查事项,检查依据,抽查比例,责任科室\n" + "".join(
            f"{line}\n" for line in lines
        )
        staged = people.engine.execute(StageItemFile("SCJG", "改.csv", text.encode()), actor=officer)
        return str(people.engine.execute(OpenBatchAdjustment(staged), actor=officer))

    officer = people["SCJG/承办人"]
    basis = WHOLE["legal_basis"]
    first = f"SCJG-001,SCJG,餐饮服务检查,餐饮检查1,{basis},7%,餐饮科"
    number = opened(first, f"SCJG-009,市场监督管理局,广告检查,户外广告检查,{basis},2%,广告科")
    with pytest.raises(InvalidInput, match="请选择调整种类"):  # a batch comes with its file
        people.propose("成批")
    assert [fact["title"] for fact in people.context(number)["facts"]] == ["调整内容"]
    people.do(number, {**WHY, "action": "提交审批"})
    people.approve(number)
    people.compile(number, "2026年第2版")
    changed, added = item(people, "SCJG-001"), item(people, "SCJG-009")
    assert changed is not None and (changed.ratio_ppm, changed.section, changed.published) == (70_000, "餐饮科", True)
    assert (
        added is not None and added.section == "广告科" and not added.published
    )  # R23 asks for more than the file says
    with pytest.raises(InvalidInput, match="没有不同"):
        opened(first)
    again = opened(first.replace("7%", "6%"))
    with people.engine.database.write() as session:
        session.execute(sa.update(Item).where(Item.code == "SCJG-001").values(ratio_ppm=40_000))
    with pytest.raises(InvalidInput, match="重新上传文件"):
        people.do(again, {**WHY, "action": "提交审批"})
    people.do(again, {"action": "撤回申请"})
    assert adjustment(people, again).state == "已撤回"


@ON_SQLITE
def test_provincial_items_are_claimed_in_one_go_and_incomplete_ones_named(people: People) -> None:
    assert province(people).count == 3
    with pytest.raises(InvalidInput, match="SD-1 已有部门认领"):
        people.propose("认领", "SD-1")
    number = people.propose("认领")
    assert [c["value"] for c in people.context(number)["choices"]] == ["SD-2", "SD-3"]
    values = {"action": "提交审批", "codes": ["SD-2", "SD-3"], "section": "网监科", **WHY}
    with pytest.raises(InvalidInput, match="SD-3 缺少检查内容"):
        people.do(number, values)
    people.do(number, {**values, "codes": ["SD-2"]})
    people.approve(number)
    people.compile(number, "2026年第2版")
    claimed = item(people, "SD-2")
    assert claimed is not None and claimed.published
    assert (claimed.department, claimed.provincial_code, claimed.section) == ("SCJG", "SD-2", "网监科")


def test_several_adjustments_are_compiled_into_one_version_and_their_processes_end(people: People) -> None:
    first, second = people.propose("废止", "SCJG-002"), people.propose("变更", "SCJG-001")
    people.do(first, {"action": "提交审批", "codes": ["SCJG-002"], "last_day": "2026-06-30", **WHY})
    people.approve(first)
    changed = {**people.context(second)["previous"], **WHY, "action": "提交审批", "frequency": "每年一次"}
    people.do(second, changed)
    people.approve(second)
    assert [o["value"] for o in people.context(second)["others"]] == [first]
    with pytest.raises(InvalidInput) as refused:
        people.compile(second, "2026年第1版", first)
    assert "version" in refused.value.fields
    people.compile(second, "2026年第2版", first)
    with people.engine.read() as session:
        assert set(session.scalars(sa.select(ProcessInstance.status))) == {"completed"}
        assert set(session.scalars(sa.select(ItemAdjustment.list_version))) == {"2026年第2版"}
        assert session.scalar(sa.select(sa.func.count()).select_from(ItemList)) == 2
    ended = item(people, "SCJG-002")
    assert ended is not None and ended.valid_until == date(2026, 6, 30) and ended.published


def test_a_responsibility_passes_on_only_when_the_receiver_agrees(people: People) -> None:
    number = people.propose("移交", "SCJG-002")
    values = {"action": "提交审批", "codes": ["SCJG-002"], "receiver": "YJJ", **WHY}
    with pytest.raises(InvalidInput) as refused:
        people.do(number, {**values, "receiver": "SCJG"})
    assert "receiver" in refused.value.fields
    people.do(number, values)
    people.approve(number)
    assert people.task(number).group == "YJJ/机关负责人"
    people.do(number, {"decision": "退回", "return_reason": "文件尚未生效。"})
    assert people.task(number).element_id == "choose_items"
    assert any("文件尚未生效" in str(fact) for fact in people.context(number)["facts"])
    people.do(number, values)
    people.approve(number)
    people.do(number, AGREE)
    people.compile(number, "2026年第2版")
    moved = item(people, "SCJG-002")
    assert moved is not None and moved.department == "YJJ"


@ON_SQLITE
def test_a_new_item_needs_a_free_code_and_becomes_checkable_when_compiled(people: People) -> None:
    number = people.propose("新增")
    values = {
        **WHOLE, **WHY, "action": "提交审批", "name": "学校食堂检查", "nature": "重点", "methods": ["实地核查"],
        "ratio": 10, "industries": "H62、X99", "code": "SCJG-001", "valid_from": "2026-09-01",
        "valid_until": "2026-08-01",
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        people.do(number, values)
    assert set(refused.value.fields) == {"code", "industries", "valid_until"}
    people.do(number, {**values, "code": "SCJG-003", "industries": "H62", "valid_until": None})
    people.approve(number)
    assert item(people, "SCJG-003") is None
    people.compile(number, "2026年第2版")
    added = item(people, "SCJG-003")
    assert added is not None and added.published and added.key and added.valid_from == date(2026, 9, 1)


def test_what_was_overtaken_meanwhile_is_not_compiled(people: People) -> None:
    number = people.propose("变更", "SCJG-001")
    people.do(number, {**people.context(number)["previous"], **WHY, "action": "提交审批", "ratio": 9})
    people.approve(number)
    with people.engine.database.write() as session:
        session.execute(sa.update(Item).where(Item.code == "SCJG-001").values(ratio_ppm=70_000))
    with pytest.raises(InvalidInput) as refused:
        people.compile(number, "2026年第2版")
    assert "抽查比例在提出之后已经改变" in refused.value.fields["decision"][0]
    people.do(number, {"decision": "退回", "return_reason": "现行比例已经改变。"})
    assert adjustment(people, number).state == "已退回"
    people.do(number, {"action": "撤回申请"})
    assert adjustment(people, number).state == "已撤回"
    people.propose("变更", "SCJG-001")


@ON_SQLITE
def test_only_officers_propose_and_only_for_their_own_items(people: People) -> None:
    with pytest.raises(Forbidden):
        people.engine.execute(OpenItemAdjustment("YJJ", "新增"), actor=people["SCJG/承办人"])
    with pytest.raises(InvalidInput, match="不由本部门负责"):
        people.propose("变更", "SCJG-001", department="YJJ")
    with pytest.raises(InvalidInput, match="清单中没有"):
        people.propose("废止", "SCJG-999")
    with pytest.raises(Forbidden):
        people.engine.execute(CompileItemList({"version": "x", "title": "y"}), actor=people["SCJG/承办人"])


def test_a_special_area_is_approved_filed_and_published_and_may_be_ended(people: People, clock: Clock) -> None:
    number = people.propose("重点领域", department="YJJ")
    values = {
        "action": "提交审批", "area_name": "危险化学品经营", "legal_basis": "危险化学品安全管理条例第六条",
        "outside_draw": "是", "frequency": "每半年一次", **WHY,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        people.do(number, values)
    assert "industries" in refused.value.fields
    with pytest.raises(InvalidInput) as refused:
        people.do(number, {**values, "objects": "91370105MA3C00000K"})
    assert "91370105MA3C00000K" in refused.value.fields["objects"][0]
    people.do(number, {**values, "industries": "F5166"})
    people.approve(number)
    with people.engine.read() as session:
        area = session.scalars(sa.select(SpecialArea)).one()
        assert (area.code, area.approved_by) == ("YJJ-ZD-001", "机关负责人 演示·YJJ/机关负责人")
        assert area.approved_on == clock().date() and area.adjustment == number
        areas = SpecialAreas.load(session, DISTRICT, clock().date())
        assert areas.outside_draw("x", "F5166") == {"YJJ": "危险化学品经营"}
        assert areas.outside_draw("x", "F5165") == {}
    again = people.propose("重点领域", "YJJ-ZD-001", department="YJJ")
    ending = {**people.context(again)["previous"], **WHY, "action": "提交审批", "valid_until": "2026-03-31"}
    people.do(again, ending)
    people.approve(again)
    with people.engine.read() as session:
        assert SpecialAreas.load(session, DISTRICT, date(2026, 4, 1)).areas == []


def test_the_provincial_list_is_taken_in_whole_or_not_at_all(people: People) -> None:
    broken = (
        PROVINCE
        + "SD-2,市场监管部门,广告检查,重复,一般检查事项,广告法,,,,,,,3%\nSD-4,市场监管部门,,,一般检查事项,,,,,,,,300%\n"
    )
    outcome = province(people, broken)
    assert outcome.list_id == "" and {p.line for p in outcome.problems} == {5, 6}
    with people.engine.read() as session:
        assert item_lists.newest(session, DISTRICT, item_lists.PROVINCE) is None
    first = province(people)
    with pytest.raises(InvalidInput) as refused:
        province(people)
    assert "version" in refused.value.fields
    with people.engine.read() as session:
        version = item_lists.version_of(session, DISTRICT, first.list_id)
        found = item_lists.beside_province(session, DISTRICT, version, date(2026, 3, 2))
    states = {(one.state, (one.province or one.item).code) for one in found}  # type: ignore[union-attr]
    assert states == {("要素不同", "SD-1"), ("未认领", "SD-2"), ("未认领", "SD-3"), ("区级自有", "SCJG-002")}
