"""Work of the demo district in the middle, so that every post finds something on its first page.

Made by the same commands as officials' work, once; what each post finds is in the docstring of
:func:`show_first_pages`.  Days are counted from today, or lie in the next year.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import Calendar
from engine.inspection.conference import OpenConferenceMatter
from engine.inspection.demo.desk import login, open_follow_up, register, submit
from engine.inspection.demo.follow_ups import file_case, report_case
from engine.inspection.duty_reviews import OWN, OpenDutyReview
from engine.inspection.models import Campaign, InspectedObject, Item, Plan
from engine.inspection.opening import OpenCampaign, OpenPlan
from engine.models import ProcessDefinition, UserTask
from engine.process_engine import ProcessEngine

LEAD, PARTNER = "SCJG", "WJJ"
OFFICER, OFFICE = "scjg-officer", "office"
#: Every campaign checks hotels and restaurants of one sub-district and draws about as many.
INDUSTRY, DRAWN = "H", 3
NEEDED = frozenset({
    "joint-inspection", "inspection", "department-inspection", "annual-plan", "conference-matter", "duty-review",
    "case-lead", "administrative-penalty",
})  # fmt: skip
AGREE = {"decision": "同意", "opinion": "同意（演示）。"}
WITNESSES = ("witness1", "witness2", "witness3")
#: A step of a work plan and what is submitted there, in order; a campaign of the demo ends before one of them.
STEPS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("section_review", AGREE),
    ("deputy_review", AGREE),
    ("head_approval", AGREE),
    ("countersign", {**AGREE, "inspectors": 8}),
    ("gate_check", {"exclusions": [], "absences": [], "confirmed": True}),
)
#: Name of each campaign and the step it waits at.
CAMPAIGNS = (
    ("理发店部门联合抽查（演示，虚构）", "section_review"),
    ("宾馆旅馆部门联合抽查（演示，虚构）", "deputy_review"),
    ("餐饮单位部门联合抽查（演示，虚构）", "log_commitment"),
    ("住宿餐饮部门联合抽查（演示，虚构）", "prepare_visit"),
)
#: Working days before today a lead was received, and its title: one is overdue, one due today.
LATE = ((9, "反映没有亮照经营（演示）"), (7, "反映没有明码标价（演示）"))
#: Penalty cases: one is being investigated, one waits for legal review.
INVESTIGATED, REVIEWED = "反映虚假宣传（演示）", "反映价格欺诈（演示）"
CONTENT = "反映的情况和企业均为虚构，仅供演示。"


def show_first_pages(engine: ProcessEngine) -> int:
    """Make them; returns how many cases were begun, 0 when campaigns, plans exist or processes are missing.

    Campaigns wait for the section head, the deputy head and the witnesses, and one is with the inspectors; the
    next year's plans wait for the head of the organ and the district government, a conference matter for the
    conference office, a penalty for its investigators, another for legal review, a duty review for supervision.
    One lead is overdue and one due today.
    """
    with engine.read() as session:
        deployed = set(session.scalars(sa.select(ProcessDefinition.key).where(ProcessDefinition.current)))
        begun = any(session.scalar(sa.select(model.id).limit(1)) for model in (Campaign, Plan))
        if begun or not deployed >= NEEDED:
            return 0
        calendar = Calendar.load(session, engine.settings.district_id, engine.settings.timezone)
        today = calendar.local_date(engine.clock())
        officer, office, *witnesses = (login(session, name) for name in (OFFICER, OFFICE, *WITNESSES))
        items = {
            department: list(session.scalars(
                sa.select(Item.code).where(Item.department == department).order_by(Item.code).limit(2)
            ))
            for department in (LEAD, PARTNER)
        }  # fmt: skip
        region, firms = session.execute(
            sa.select(InspectedObject.region, sa.func.count())
            .where(InspectedObject.industry.startswith(INDUSTRY))
            .group_by(InspectedObject.region)
            .order_by(sa.func.count().desc(), InspectedObject.region)
            .limit(1)
        ).one()
        subjects = session.scalars(
            sa.select(InspectedObject.uscc)
            .where(InspectedObject.kind == "企业", InspectedObject.industry.startswith("F"))
            .order_by(InspectedObject.uscc)
            .limit(len(LATE) + 2)
        ).all()
    ratio = min(100, math.ceil(DRAWN / firms * 10_000) / 100)
    plan = {**_work_plan(today), "regions": [region], "ratio": ratio, "items": [*items[LEAD], *items[PARTNER]],
            "witnesses": [witness.user_id for witness in witnesses]}  # fmt: skip
    numbers = [_campaign(engine, officer, {**plan, "name": name}, until) for name, until in CAMPAIGNS]
    _plans(engine, officer, office, items, today.year + 1)
    matter = engine.execute(OpenConferenceMatter(LEAD), actor=officer)
    submit(engine, matter, "propose", {
        "action": "提交办公室", "kind": "职责协调", "title": "明确校外托管场所的牵头部门（演示，虚构）",
        "question": "多个部门都有职责，牵头部门需要会商确定（演示数据，内容虚构）。", "units": [PARTNER],
    })  # fmt: skip
    for (days, title), uscc in zip(LATE, subjects[: len(LATE)], strict=True):
        register(engine, LEAD, uscc, title, CONTENT, _working_days_before(calendar, today, days))
    file_case(engine, _penalty(engine, subjects[-2], INVESTIGATED), LEAD, approved=True)
    report_case(engine, _penalty(engine, subjects[-1], REVIEWED), LEAD, complex_case=True)
    engine.execute(OpenDutyReview(numbers[-1], OFFICER, OWN, "方案按时起草，申请认定（演示）。"), actor=officer)
    return len(CAMPAIGNS) + len(LATE) + 6


def _penalty(engine: ProcessEngine, uscc: str, title: str) -> str:
    """A lead accepted and made a penalty case; returns the case's number."""
    lead = register(engine, LEAD, uscc, title, CONTENT)
    submit(engine, lead, "accept", {"decision": "受理"})
    open_follow_up(engine, lead, "administrative-penalty")
    return f"{lead}/penalty"


def _work_plan(today: date) -> dict[str, Any]:
    return {
        "form": "综合联查", "methods": ["实地核查"], "start_date": today.isoformat(),
        "end_date": (today + timedelta(days=45)).isoformat(), "participants": [PARTNER], "kinds": [],
        "industries": [INDUSTRY], "quota": "统一比例", "draw_source": "本系统", "disclosure": "protected",
        "reveal_limit": "PT24H", "cap_per_inspector": 20, "notice_mode": "进门告知",
        "organisation": "两个部门派出检查组，集中两周完成（演示）。",
    }  # fmt: skip


def _campaign(engine: ProcessEngine, officer: Actor, plan: Mapping[str, Any], until: str) -> str:
    """A campaign taken to the step ``until``; returns its number."""
    number: str = engine.execute(OpenCampaign(LEAD), actor=officer)
    submit(engine, number, "draft_work_plan", plan)
    for element, values in STEPS:
        if element == until:
            return number
        submit(engine, number, element, values)
    if until != "log_commitment":
        _draw(engine, number)
        while _waiting(engine, number, "organ_approval"):
            submit(engine, number, "organ_approval", {"decision": "同意", "removals": []})
        while _waiting(engine, number, "sign_for_receipt"):
            submit(engine, number, "sign_for_receipt", {"decision": "签收"})
    return number


def _draw(engine: ProcessEngine, number: str) -> None:
    """Every witness commits to a part, then reveals it."""
    for task in _waiting(engine, number, "log_commitment"):
        nonce, part = _entropy(task)
        logged = hashlib.sha256(f"{nonce}|{part}".encode()).hexdigest()
        submit(engine, number, "log_commitment", {"logged_sha256": logged, "confirmed": True})
    for task in _waiting(engine, number, "reveal"):
        nonce, part = _entropy(task)
        submit(engine, number, "reveal", {"nonce": nonce, "part": part})


def _entropy(task: UserTask) -> tuple[str, str]:
    """A witness's nonce and part: of a demonstration, so the same at commitment and reveal by the person's id."""
    seed = f"{task.business_key}|{task.context['item']}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32], "演示骰子"


def _waiting(engine: ProcessEngine, number: str, element: str) -> list[UserTask]:
    with engine.read() as session:
        return list(session.scalars(
            sa.select(UserTask)
            .where(UserTask.business_key == number, UserTask.element_id == element, UserTask.state == "open")
            .order_by(UserTask.created_at, UserTask.id)
        ))  # fmt: skip


def _plans(
    engine: ProcessEngine, officer: Actor, office: Actor, items: Mapping[str, list[str]], year: int
) -> None:  # fmt: skip
    """The next year's plans: the department's waits for its head, the joint one for the district government."""
    row = {
        "name": "餐饮单位抽查（演示）", "quota": "统一比例", "ratio": 1, "initiator": LEAD,
        "start_date": f"{year}-03-01", "end_date": f"{year}-06-30", "form": "综合联查", "methods": ["实地核查"],
        "industries": ["H"], "publish": "公布",
    }  # fmt: skip
    own = {**row, "items": items[LEAD], "participants": []}
    joint = {**row, "items": [*items[LEAD], *items[PARTNER]], "participants": [PARTNER]}
    key = engine.execute(OpenPlan(LEAD, year), actor=officer)
    submit(engine, key, "draft_plan", {"name": f"{year}年度抽查工作计划（演示）", "tasks": [own]})
    key = engine.execute(OpenPlan(LEAD, year, "联合"), actor=office)
    submit(engine, key, "draft_plan", {"name": f"{year}年度部门联合抽查工作计划（演示）", "tasks": [joint]})
    submit(engine, key, "office_review", AGREE)


def _working_days_before(calendar: Calendar, day: date, count: int) -> date:
    """The working day from which ``count`` working days have passed by ``day``."""
    while count:
        day -= timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day
