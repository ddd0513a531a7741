"""Annual plans from draft to publication, adjustment and merging, on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.save_draft import SaveDraft
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import records
from engine.inspection.models import Campaign, Publication
from engine.inspection.opening import OpenCampaign, OpenPlan
from engine.inspection.plan_census import census
from engine.inspection.plan_merges import DecideMerge, merged_row, proposals
from engine.inspection.plan_models import PlanMerge
from engine.inspection.plan_prefill import prefilled
from engine.inspection.plan_preview import Previewer
from engine.inspection.plan_progress import plan_progress
from engine.inspection.plan_season import RemindOfPlans, standings
from engine.inspection.plan_versions import OpenAdjustment, differences, versions_of
from engine.lint.bundle import read_bundle
from engine.models import HistoryEvent, TaskDraft, UserTask
from engine.process_engine import ProcessEngine
from tests.support.draw_district import DISTRICT, District, fill

AGREE = {"decision": "同意", "opinion": "同意。"}
ITEM = {"SCJG": "SC001", "YJJ": "YJ001", "WJJ": "WJ001"}


@pytest.fixture
def district(engine: ProcessEngine) -> District:
    """Three departments with one item each, their officers and heads, and the two processes of plans."""
    found = District(engine)
    with engine.database.write() as session:
        fill(session, engine.clock(), 200)
    for department in ITEM:
        found.person(f"officer-{department}", department, "承办人")
        found.person(f"head-{department}", department, "机关负责人")
    found.person("deputy", "SCJG", "分管负责人")
    found.person("office", "SCJG", "联席会议办公室")
    for key in ("annual-plan", "plan-adjustment"):
        folder = engine.settings.process_dir / key
        engine.execute(Deploy(key, read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    return found


def row(department: str = "SCJG", **changes: Any) -> dict[str, Any]:
    return {
        "name": f"{department} 检查", "items": [ITEM[department]], "initiator": department, "participants": [],
        "regions": [], "kinds": [], "industries": [], "quota": "统一比例", "ratio": 5, "start_date": "2026-04-01",
        "end_date": "2026-06-30", "form": "综合联查", "methods": ["实地核查"], "publish": "公布",
    } | changes  # fmt: skip


def step(district: District, key: str, element: str, login: str, values: dict[str, Any]) -> None:
    engine = district.engine
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask).where(
                UserTask.business_key == key, UserTask.element_id == element, UserTask.state == "open"
            )
        ).one()
    engine.execute(CompleteTask(task.id, task.version, values), actor=district.people[login])


def opened(district: District, department: str = "SCJG", kind: str = "部门") -> str:
    login = "office" if kind == "联合" else f"officer-{department}"
    key: str = district.engine.execute(OpenPlan(department, 2026, kind), actor=district.people[login])
    return key


def public_plan(district: District, department: str = "SCJG", *rows: dict[str, Any]) -> str:
    key = opened(district, department)
    values = {"name": f"2026年度计划（{department}）", "tasks": list(rows) or [row(department)]}
    step(district, key, "draft_plan", f"officer-{department}", values)
    step(district, key, "head_approval", f"head-{department}", AGREE)
    return key


def test_every_fault_of_a_plan_is_named_at_its_row(district: District) -> None:
    key = opened(district)
    rows = [
        row(code="01"), row(code="01", name="另一项"), row(name="跨年", start_date="2025-12-01"),
        row(name="倒置", end_date="2026-03-01"), row(name="别人的事项", items=["WJ001"]),
        row(name="空转的部门", participants=["WJJ"]), row("WJJ", name="与本部门无关"),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        step(district, key, "draft_plan", "officer-SCJG", {"name": "2026年度计划", "tasks": rows})
    assert list(refused.value.fields) == [
        "tasks[1].code", "tasks[2].start_date", "tasks[3].end_date", "tasks[4].items", "tasks[5].items",
        "tasks[6].initiator",
    ]  # fmt: skip


def test_withheld_rows_need_their_ground_and_a_second_person_and_stay_out_of_the_publication(
    district: District,
) -> None:
    key = opened(district)
    hidden = row(name="涉密检查", publish="不予公开")
    with pytest.raises(InvalidInput) as refused:
        step(district, key, "draft_plan", "officer-SCJG", {"name": "2026年度计划", "tasks": [row(), hidden]})
    assert list(refused.value.fields) == ["tasks[1].legal_ground"]
    hidden["legal_ground"] = "保守国家秘密法第五十七条"
    step(district, key, "draft_plan", "officer-SCJG", {"name": "2026年度计划", "tasks": [row(), hidden]})
    step(district, key, "withhold_review", "deputy", {"decision": "同意", "ground_checked": True})
    step(district, key, "head_approval", "head-SCJG", AGREE)
    with district.engine.read() as session:
        published = session.scalars(sa.select(Publication)).one()
        assert [task["任务名称"] for task in published.content["抽查任务"]] == ["SCJG 检查"]
        assert published.content["不予公开的任务"] == "1 项，依法不予公开"
        assert "涉密" not in str(published.content)
        plan = records.plan(session, DISTRICT, key)
        assert [r["code"] for r in plan.content["tasks"]] == ["01", "02"]


def test_an_adjustment_becomes_the_next_version_and_the_old_one_stays(district: District) -> None:
    key = opened(district)
    with pytest.raises(Conflict):
        district.engine.execute(OpenAdjustment(key), actor=district.people["officer-SCJG"])
    step(district, key, "draft_plan", "officer-SCJG", {"name": "2026年度计划", "tasks": [row(), row(name="其二")]})
    step(district, key, "head_approval", "head-SCJG", AGREE)
    with pytest.raises(Forbidden):
        district.engine.execute(OpenAdjustment(key), actor=district.people["officer-WJJ"])
    number = district.engine.execute(OpenAdjustment(key), actor=district.people["officer-SCJG"])
    same = {"action": "报批", "reason": "没有改动。", "tasks": [row(code="01"), row(code="02", name="其二")]}
    with pytest.raises(InvalidInput, match="没有差别"):
        step(district, number, "draft_adjustment", "officer-SCJG", same)
    changed = {"action": "报批", "reason": "上级部署。", "tasks": [row(code="01", ratio=8), row(name="新增")]}
    step(district, number, "draft_adjustment", "officer-SCJG", changed)
    step(district, number, "head_approval", "head-SCJG", {"decision": "退回", "return_reason": "依据不足"})
    step(district, number, "draft_adjustment", "officer-SCJG", changed)
    step(district, number, "head_approval", "head-SCJG", AGREE)
    with district.engine.read() as session:
        plan = records.plan(session, DISTRICT, key)
        second, first = versions_of(session, plan)
        assert (first.version, second.version, second.state) == (1, 2, "已生效")
        assert [r["name"] for r in first.content["tasks"]] == ["SCJG 检查", "其二"]
        assert plan.content["tasks"] == second.content["tasks"] and plan.state == "已备案公布"
        changes = differences(first.content["tasks"], second.content["tasks"])
        assert [(c.code, c.kind) for c in changes] == [("01", "变更"), ("02", "取消"), ("03", "新增")]
        assert changes[0].fields == (("ratio", 5, 8),)
        subjects = session.scalars(sa.select(Publication.subject).order_by(Publication.subject)).all()
        assert subjects == [key, number]
    again = district.engine.execute(OpenAdjustment(key), actor=district.people["officer-SCJG"])
    assert again != number
    step(district, again, "draft_adjustment", "officer-SCJG", {"action": "终止调整", "reason": "不再需要调整。"})
    with district.engine.read() as session:
        assert versions_of(session, records.plan(session, DISTRICT, key))[0].state == "已终止"


def test_rows_of_departments_are_merged_by_the_objects_they_share(district: District) -> None:
    for department in ITEM:
        public_plan(district, department)
    key = opened(district, "SCJG", "联合")
    engine, office = district.engine, district.people["office"]
    with engine.read() as session:
        found = proposals(session, engine.settings, records.plan(session, DISTRICT, key), date(2026, 3, 2))
        everything = sum(cell.objects for cell in census(session, DISTRICT))
        session.expunge_all()
    pairs = {(p.first.department, p.second.department): p for p in found}
    both = pairs["SCJG", "WJJ"]
    # The regulator's item fits everything alive, the health department's only industries H.
    assert both.first_objects == everything and both.second_objects == both.overlap and both.percent == 100
    with engine.read() as session:
        task = session.scalars(sa.select(UserTask).where(UserTask.business_key == key)).one()
    engine.execute(SaveDraft(task.id, {"name": "写了一半", "tasks": []}), actor=district.people["officer-SCJG"])
    with pytest.raises(Forbidden):
        engine.execute(DecideMerge(key, both, True), actor=district.people["officer-WJJ"])
    with pytest.raises(InvalidInput):
        engine.execute(DecideMerge(key, both, False, " "), actor=office)
    assert engine.execute(DecideMerge(key, both, True), actor=office) == "01"
    with pytest.raises(Conflict):
        engine.execute(DecideMerge(key, both, True), actor=office)
    assert engine.execute(DecideMerge(key, pairs["SCJG", "YJJ"], True), actor=office) == "01"
    with engine.read() as session:
        [merged] = records.plan(session, DISTRICT, key).content["tasks"]
        assert merged["items"] == ["SC001", "WJ001", "YJ001"] and merged["participants"] == ["WJJ", "YJJ"]
        draft = session.scalars(sa.select(TaskDraft)).one()
        assert draft.values["name"] == "写了一半" and draft.values["tasks"] == [merged]
        kept = session.scalars(sa.select(PlanMerge).where(PlanMerge.second_row == "plan/2026/WJJ#01")).one()
        assert (kept.first_objects, kept.overlap, kept.joint_code) == (everything, both.overlap, "01")
    step(district, key, "draft_plan", "officer-SCJG", {"name": "2026年度联合计划", "tasks": [merged]})
    with pytest.raises(Conflict, match="不在起草环节"):
        engine.execute(DecideMerge(key, pairs["WJJ", "YJJ"], True), actor=office)


def test_a_merged_row_takes_the_wider_area_and_the_common_time() -> None:
    first = row(regions=["370105001"], industries=["H"], kinds=["企业"], end_date="2026-05-31")
    second = row("WJJ", regions=["370105003"], industries=["H61"], start_date="2026-05-01", ratio=8)
    merged = merged_row(first, second, "07")
    assert merged["regions"] == ["370105001", "370105003"] and merged["kinds"] == [] and merged["industries"] == ["H61"]
    assert (merged["start_date"], merged["end_date"], merged["ratio"]) == ("2026-05-01", "2026-05-31", 8)
    apart = merged_row(first, row("WJJ", start_date="2026-09-01", end_date="2026-09-30"), "08")
    assert (apart["start_date"], apart["end_date"], apart["industries"]) == ("2026-04-01", "2026-05-31", [])


def test_a_campaign_of_a_row_is_prefilled_and_counts_in_the_plans_completion(district: District) -> None:
    engine, officer = district.engine, district.people["officer-SCJG"]
    folder = engine.settings.process_dir / "joint-inspection"
    engine.execute(Deploy("joint-inspection", read_bundle(folder, engine.settings.form_dir)), actor=Actor.system())
    key = public_plan(district, "SCJG", row(quota="户数", ratio=None, count=20), row(name="其二"))
    with pytest.raises(Conflict):
        engine.execute(OpenCampaign("SCJG", key, "99"), actor=officer)
    number = engine.execute(OpenCampaign("SCJG", key, "01"), actor=officer)
    with engine.database.write() as session:
        campaign = records.campaign(session, DISTRICT, number)
        assert campaign.name == "SCJG 检查"
        values = prefilled(session, campaign, date(2026, 5, 4))
        objects = sum(cell.objects for cell in census(session, DISTRICT))
        assert (
            values["quota"] == "统一比例"
            and -(-objects * values["ratio"] // 100) >= 20 > objects * (values["ratio"] - 0.01) / 100
        )
        assert (values["start_date"], values["end_date"]) == ("2026-05-04", "2026-06-30")
        plan = records.plan(session, DISTRICT, key)
        assert (
            plan_progress(session, DISTRICT, [plan])[key].started,
            plan_progress(session, DISTRICT, [plan])[key].done,
        ) == (1, 0)
        campaign.state = "已归档"
        session.flush()
        assert plan_progress(session, DISTRICT, [plan])[key].done == 1


def test_a_preview_counts_objects_visits_days_and_overlaps(district: District) -> None:
    with district.engine.database.write() as session:
        session.add(
            Campaign(
                id="00000000-0000-7000-8000-000000000001", district_id=DISTRICT, number="WJJ-抽查-2026-0001", name="卫",
                lead="WJJ", participants=[], plan={"items": ["WJ001"]}, created_at=district.engine.clock(),
            )
        )  # fmt: skip
    with district.engine.read() as session:
        previewer = Previewer(session, district.engine.settings, date(2026, 3, 2))
        plan = row(items=["SC001", "WJ001"], participants=["WJJ"], ratio=50, end_date="2026-04-10")
        found = previewer.preview(plan, "SCJG")
        assert found.objects == 196 and found.expected == 98 and [s.name for s in found.strata] == ["ALL"]
        regulator, health = found.needs
        assert (regulator.department, round(regulator.visits), regulator.people, regulator.officers) == (
            "SCJG",
            98,
            10,
            6,
        )
        assert round(health.visits) < 98 and health.enough and round(regulator.days, 1) == 65.3
        assert [(number, count) for number, _, count in found.merges] == [
            ("WJJ-抽查-2026-0001", round(health.visits * 2))
        ]
        graded = previewer.preview(plan | {"quota": "按风险等级"}, "SCJG")
        assert sum(s.objects for s in graded.strata) == 196 and len(graded.strata) == 5
        counted = previewer.preview(plan | {"quota": "户数", "count": 49}, "SCJG")
        assert counted.expected == 49


def test_departments_are_opened_a_plan_and_reminded_once_a_point(district: District) -> None:
    engine, clock = district.engine, district.engine.clock
    clock.travel("2026-12-02T08:00:00+08:00")  # type: ignore[attr-defined]
    assert engine.execute(RemindOfPlans(), actor=Actor.system()) == (3, 0)
    assert engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 0)
    clock.travel("2027-01-16T08:00:00+08:00")  # type: ignore[attr-defined]
    assert engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 3)
    assert engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 0)
    with engine.read() as session:
        reminded = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "task-reminded")).all()
        assert len(reminded) == 3
        waiting = standings(session, DISTRICT, 2027, date(2027, 1, 16), date(2027, 1, 31))
        assert [(s.department, s.waiting, s.late) for s in waiting] == [
            (code, "起草年度抽查计划", False) for code in ITEM
        ]  # fmt: skip
        assert all(s.late for s in standings(session, DISTRICT, 2027, date(2027, 2, 1), date(2027, 1, 31)))
    clock.travel("2027-02-02T08:00:00+08:00")  # type: ignore[attr-defined]
    assert engine.execute(RemindOfPlans(), actor=Actor.system()) == (0, 0)
