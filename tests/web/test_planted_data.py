"""Nothing protected gets out: planted wherever it can be typed, looked for wherever the public or a stranger reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.complete_task import CompleteTask
from engine.commands.context import CommandContext
from engine.errors import InvalidInput
from engine.inspection.corrections import OpenCorrection
from engine.inspection.leads import NewLead, open_lead
from engine.inspection.models import InspectedObject, Inspector, Publication
from engine.inspection.objections import OpenObjection
from engine.models import User, UserRole
from engine.web.app import create_app
from tests.support import penalty_case as case
from tests.support.limits import LEAD, LimitDistrict
from tests.support.pages import District
from tests.support.planted import Planter, crawl, found_in

PUBLIC = (
    "/public", "/public/results", "/public/results.json", "/public/results.xml", "/public/plans.json",
    "/public/penalties", "/public/penalties.json", "/public/penalties.xml", "/public/specials.json",
    "/public/draws/log.json", "/public/log", "/public/log/head.json", "/public/verify", "/robots.txt", "/sitemap.xml",
    "/public/notices", "/health", "/public/publications/none", "/nothing/here", "/inbox", "/cases/none/progress",
    "/chain/none",
)  # fmt: skip


#: Answers without which a step cannot be gone on with.
CHOSEN = {
    "arrival": {"entry_code": "未扫码", "outcome": "可以检查", "recusal_asked": "不申请"},
    "publication-preview": {"decision": "公示", "masks": []},
}
#: Kinds that begin with something their origin has to have, reached through it.
STARTED_BY_OTHERS = {"document-service", "penalty-enforcement"}
#: A credit grade as no text of the product has it.
GRADE = "绝密K7"


@dataclass(frozen=True)
class Report:
    """Enter a lead with a reporter whose every word is planted."""

    planter: Planter

    def run(self, ctx: CommandContext) -> str:
        say = self.planter.text
        new = NewLead(
            LEAD, "投诉举报", ctx.now.date(), say("case-lead.title"), say("case-lead.content"),
            {"name": "济南示例商行", "phone": say("case-lead.subject", 20)}, True, say("case-lead.reporter", 20),
            say("case-lead.contact", 90),
        )  # fmt: skip
        return open_lead(ctx, new).number


@pytest.fixture
def pages(limits: LimitDistrict) -> District:
    app = create_app(limits.engine.settings, limits.engine)
    return District(app, limits.engine, limits.office, "SCJG-抽查-2026-0001", limits.clock)


def kinds(limits: LimitDistrict) -> list[dict[str, Any]]:
    """Rows of the kinds of follow-ups, the penalty first: others need one to come of."""
    table = limits.engine.settings.process_dir / "tables" / "follow-up-kind.json"
    rows = json.loads(table.read_text("utf-8"))["rows"]
    return sorted(rows, key=lambda row: row["code"] != "administrative-penalty")


def is_public(limits: LimitDistrict, where: str) -> bool:
    """Whether the words of a field are public once protected values in them are taken out (public-field.json)."""
    table = limits.engine.settings.process_dir / "tables" / "public-field.json"
    rows = json.loads(table.read_text("utf-8"))["rows"]
    return where.rpartition(".")[2] in {row["field"] for row in rows if row["treatment"] == "核对后公开"}


def test_nothing_protected_reaches_a_public_page_or_the_pages_of_another_department(
    limits: LimitDistrict, pages: District
) -> None:
    planter = Planter(limits)
    planter.chosen = CHOSEN
    limits.deploy("case-lead", *(row["code"] for row in kinds(limits)))
    with limits.engine.database.write() as session:
        session.execute(sa.update(InspectedObject).values(risk_grade=GRADE))
    planter.fill_open(8, "department-inspection", times=2)
    opened = {"department-inspection": limits.part}
    for row in kinds(limits):
        if row["code"] not in STARTED_BY_OTHERS:
            origin = next((opened[kind] for kind in row["from"] if kind in opened), "")
            opened[row["code"]] = limits.open(row["code"], origin or opened.get("administrative-penalty", ""))
    limits.open("document-service", opened["administrative-penalty"], document="行政处罚决定书")
    limits.engine.execute(Report(planter), actor=limits.office.login(f"{LEAD.lower()}-officer"))
    planter.fill_open(12)
    with limits.engine.read() as session:
        phones = {*session.scalars(sa.select(InspectedObject.phone)), *session.scalars(sa.select(Inspector.phone))}
    secrets = set(planter.where)
    assert {where.partition("#")[0] for where in planter.where.values()} >= {
        *(row["code"] for row in kinds(limits)),
        "case-lead",
    }

    public = crawl(pages.app.test_client(), PUBLIC, 150)
    assert len(public) > len(PUBLIC) and any(path.startswith("/public/publications/") for path in public)
    hidden = {
        secret for secret in secrets if not (secret.startswith("〔") and is_public(limits, planter.where[secret]))
    }
    assert found_in(public, hidden | phones - {""} | {GRADE}) == []
    stranger = crawl(pages.sign_in("yjj-officer").client, ["/inbox", f"/chain/{limits.part}"], 50)
    assert len(stranger) > 30 and found_in(stranger, secrets) == []
    own = crawl(pages.sign_in(f"{LEAD.lower()}-officer").client, [f"/chain/{limits.part}"], 12)
    assert found_in(own, secrets) != []  # what is looked for can be found where it may stand


#: Who reported, and where the party lives, as no text of the product has it.
REPORTER, HOME = "阚密语", "密语家园9号楼3单元"


@dataclass(frozen=True)
class ReportPerson:
    """Enter a lead about a person, with its reporter."""

    def run(self, ctx: CommandContext) -> str:
        person = {"name": "示例甲", "phone": "13905310000", "address": HOME, "subject_kind": "个人"}
        new = NewLead(
            LEAD, "投诉举报", ctx.now.date(), "经营过期食品", "柜台出售过期食品。", person, True, REPORTER,
            "微信号kanmiyu9",
        )  # fmt: skip
        return open_lead(ctx, new).number


def first(limits: LimitDistrict, role: str) -> str:
    """The first of the lead department's people in a role."""
    of = sa.select(User.id).join(UserRole, UserRole.user_id == User.id).order_by(User.login)
    with limits.engine.read() as session:
        return session.scalars(of.where(UserRole.department == LEAD, UserRole.role == role)).first() or ""


def test_the_last_steps_before_the_public_let_nothing_protected_through(limits: LimitDistrict, pages: District) -> None:
    """A person is reported, heard, punished, served by announcement, published, corrected and taken off again."""
    planter, today = Planter(limits), "2026-03-02"
    planter.also = (REPORTER,)
    do = planter.submit
    limits.deploy("case-lead", "administrative-penalty", "hearing", "objection", "publication-correction")
    officer = limits.office.login(f"{LEAD.lower()}-officer")
    lead = limits.engine.execute(ReportPerson(), actor=officer)
    number, handlers = limits.open("administrative-penalty", lead), case.officers(limits.engine, LEAD)

    def look(seen: str) -> None:
        """Nothing but what may be published; ``seen`` is an address that tells of the step just done."""
        public = crawl(pages.app.test_client(), PUBLIC, 150)
        assert seen in public
        hidden = {word for word, where in planter.where.items() if word[0] != "〔" or not is_public(limits, where)}
        assert found_in(public, {*hidden, REPORTER, HOME, "kanmiyu9", "13905310000"}) == []

    do(number, "file_case", **case.filing(handlers))
    do(number, "approve_filing", decision="立案")
    do(number, "investigate", **case.investigation(today))
    do(number, "write_report", **case.report(150_000), terms="")
    do(number, "legal_review", **case.REVIEW)
    do(number, "collective_discussion", **case.discussion(f"{today}T09:00", 150_000))
    do(number, "notice", **case.notice(150_000, "是"), terms="")
    notice = f"{number}/service-1"
    do(notice, "deliver", **case.served(today, handlers, limits.file(notice, "deliver", "receipt")))
    do(number, "hear_statement", kind="要求听证", way="书面", received_on=today)
    hearing = f"{number}/hearing-1"
    do(hearing, "review_request", told_on=today, requested_on=today, way="书面", decision="受理")
    do(hearing, "appoint", chair=first(limits, "法制审核人员"), recorder=first(limits, "承办人"), members=[])
    do(hearing, "schedule", action="确定时间、地点", held_at="2026-03-16T09:30", way="公开")
    look("/public/notices")
    withdrawal = limits.file(hearing, "hold", "withdrawal")
    do(hearing, "hold", action="撤回听证申请", withdrawn_on=today, withdrawal=withdrawal)
    limits.clock.travel("2026-03-03T10:00")
    today = "2026-03-03"
    limits.run_timers()
    do(number, "review_statement")
    do(number, "decide", **case.decision(150_000, today), terms="")
    do(number, "issue_decision")
    do(number, "publication_preview", decision="公示", redact_name="照常公示", masks=[])
    announced = {
        "action": "送达", "mode": "announcement", "attempted_on": today, "servers": handlers[:1],
        "announce_ground": "受送达人下落不明", "announce_where": ["本机关公告栏", "门户网站"],
    }  # fmt: skip
    do(f"{number}/service-2", "deliver", **announced)
    look("/public/notices")
    do(number, "second_signoff", decision="同意")
    with limits.engine.read() as session:
        public = session.scalars(sa.select(Publication.id).where(Publication.subject == number)).one()
    page = f"/public/publications/{public}"
    look(page)

    def approve(application: str, **chosen: Any) -> None:
        do(application, "apply", action="提交", **chosen)
        do(application, "section_check", decision="同意")
        do(application, "head_approval", decision="同意")

    application = limits.engine.execute(OpenCorrection(public), actor=officer)
    change = {
        "kind": "更正",
        "cause": "wrong",
        "changes": [{"cell": "违法行为", "new": f"{REPORTER}买到一袋过期食品。"}],
    }
    step = limits.office.open_tasks("apply", business_key=application)[0]
    with pytest.raises(InvalidInput) as named:
        typed = {"action": "提交", "reason": "录入有误。", **change}
        limits.engine.execute(CompleteTask(step.id, step.version, typed), actor=limits.office.who(step))
    assert set(named.value.fields) == {"changes[0].new"} and REPORTER not in str(named.value.fields)
    with pytest.raises(InvalidInput) as told:
        typed = {
            "action": "提交",
            **change,
            "reason": f"{REPORTER}说写错了。",
            "changes": [{"cell": "违法行为", "new": "一袋。"}],
        }
        limits.engine.execute(CompleteTask(step.id, step.version, typed), actor=limits.office.who(step))
    assert set(told.value.fields) == {"reason"} and REPORTER not in str(told.value.fields)
    approve(application, **{**change, "changes": [{"cell": "违法行为", "new": "经营过期食品一袋。"}]})
    look(page)
    objection = limits.engine.execute(OpenObjection(public), actor=officer)
    do(objection, "register", way="来信", received_on=today, relation="当事人", wanted="撤回")
    do(objection, "accept", decision="受理", needs_others="否")
    do(objection, "verify", ways=["核对决定文书"], finding="成立")
    do(objection, "decide", decision="成立", correction_kind="撤回")
    approve(limits.office.open_tasks("apply")[0].business_key, kind="撤回", cause="objection")
    do(objection, "answer", told_on=today, method="当面交付")
    look(page)
    assert planter.refused == {"schedule.place", "deliver.collect_at", "apply.reason"}  # what is public as typed
    stranger = crawl(pages.sign_in("yjj-officer").client, ["/inbox", f"/chain/{number}", f"/chain/{lead}"], 60)
    assert len(stranger) > 30 and found_in(stranger, {*planter.where, REPORTER, HOME}) == []
