"""公示期: a penalty is shown to the end of its last day and no longer, whoever sleeps; annulled ones are withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.context import CommandContext
from engine.commands.deploy import Deploy
from engine.errors import InvalidInput
from engine.inspection import records
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.jobs import end_publicity
from engine.inspection.models import Publication
from engine.inspection.penalty_withdrawal import withdraw_penalty_publication
from engine.inspection.province import BeginPush, RequeuePublications
from engine.inspection.publication_models import PublicationCorrection, PublicationVersion
from engine.inspection.publicity_end import EndPublicity
from engine.lint.bundle import read_bundle
from engine.models import Deadline, HistoryEvent
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import SHANGHAI, Clock
from tests.support.publication_gate import CASE, Gate

SYSTEM = Actor.system()


@pytest.fixture
def gate(engine: ProcessEngine) -> Gate:
    return Gate(engine)


class Withdraw:
    """What the remedy does when a penalty was annulled."""

    def __init__(self, changed: bool = False, since: date | None = None) -> None:
        self.changed, self.since = changed, since

    def run(self, ctx: CommandContext) -> str | None:
        return withdraw_penalty_publication(
            ctx, CASE, "行政复议决定撤销", "济天政复决〔2026〕8号", changed=self.changed, since=self.since
        )


def test_a_penalty_is_shown_until_the_end_of_its_last_day_and_the_record_stays_inside(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.publish("administrative-penalty", CASE)
    row = gate.publication("penalty")
    published = clock.now.astimezone(SHANGHAI).date()
    assert row.severity == "较轻" and row.public_until is not None and row.public_until.month == published.month + 3
    engine.execute(BeginPush(row.id), actor=SYSTEM)
    client = create_app(engine.settings, engine).test_client()
    page, last = f"/public/publications/{row.id}", row.public_until

    def seen(days: int, moment: str) -> tuple[int, bool, int]:
        clock.travel(f"{last + timedelta(days=days)}T{moment}")
        items = client.get("/public/penalties.json").get_json()["items"]
        return client.get(page).status_code, row.title in client.get("/public/penalties").text, len(items)

    assert seen(-1, "23:59:59") == (200, True, 1)
    assert f"公示至 {last}" in client.get(page).text
    assert engine.execute(EndPublicity(), actor=SYSTEM) == 0
    assert seen(0, "23:59:59") == (200, True, 1)
    # The worker sleeps: the pages know by themselves.
    assert seen(1, "00:00:00") == (404, False, 0)
    end_publicity(engine, {})
    end_publicity(engine, {})  # killed after its commit and run again
    ended = gate.publication("penalty")
    assert (ended.state, ended.release, ended.push_state) == ("expired", 2, "pending")
    assert ended.content == row.content, "the record of what was public stays"
    with engine.read() as session:
        stages = session.scalars(
            sa.select(PublicationVersion.stage)
            .where(PublicationVersion.publication_id == row.id)
            .order_by(PublicationVersion.number)
        ).all()
        told = [e for e in session.scalars(sa.select(HistoryEvent.body)) if '"stage":"expired"' in e]
    assert (stages, len(told)) == (["preview", "published", "expired"], 1)
    push = engine.execute(BeginPush(row.id), actor=SYSTEM)
    assert push["action"] == "end" and set(push["content"]) == {"公示种类", "停止公示日期", "停止公示原因"}
    assert engine.execute(RequeuePublications(), actor=SYSTEM) == 1
    assert client.get(page).status_code == 404 and row.title not in client.get("/public").text


def test_a_penalty_published_before_periods_were_kept_gets_its_own_from_the_job(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.publish("administrative-penalty", CASE)
    first = gate.publication("penalty").public_until
    with engine.database.write() as session:
        session.execute(sa.update(Publication).where(Publication.kind == "penalty").values(public_until=None))
    assert engine.execute(EndPublicity(), actor=SYSTEM) == 0
    assert gate.publication("penalty").public_until == first


def test_an_annulled_penalty_is_withdrawn_within_three_working_days_and_an_unpublished_one_never_appears(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    gate.publish("administrative-penalty", CASE)
    clock.travel("2026-03-20T10:00")
    number = engine.execute(Withdraw(since=date(2026, 3, 19)), actor=SYSTEM)
    assert number is not None and engine.execute(Withdraw(), actor=SYSTEM) == number
    with engine.read() as session:
        limit = session.scalars(sa.select(Deadline).where(Deadline.business_key == number)).one()
        asked = session.scalars(sa.select(PublicationCorrection)).one()
    assert limit.due_at is not None and limit.due_at.astimezone(SHANGHAI).isoformat() == "2026-03-24T23:59:59+08:00"
    assert (asked.kind, asked.cause, asked.origin) == ("撤回", "annulled", CASE)
    context = gate.context("apply")
    assert context["correction_cause"] == "annulled" and "济天政复决〔2026〕8号" in context["correction_told"]
    gate.do("apply", "officer", action="提交", kind="撤回", cause="annulled", reason="处罚决定已经行政复议撤销。")
    gate.do("section_check", "head", decision="同意")
    gate.do("head_approval", "chief", decision="同意")
    assert gate.publication("penalty").state == "withdrawn"
    assert engine.execute(Withdraw(), actor=SYSTEM) is None, "nothing is public any more"


def test_a_penalty_annulled_before_it_was_published_never_becomes_public(engine: ProcessEngine, gate: Gate) -> None:
    gate.start("administrative-penalty", CASE)
    gate.do("publication_preview", "officer", **gate.masked())
    assert engine.execute(Withdraw(), actor=SYSTEM) is None
    gate.do("second_signoff", "head", decision="同意")
    row = gate.publication("penalty")
    assert (row.state, row.published_at) == ("prepared", None)
    with engine.read() as session:
        noted = records.follow_up(session, engine.settings.district_id, CASE).facts["annulled"]
    assert noted["document"] == "济天政复决〔2026〕8号"


@dataclass(frozen=True)
class Repair:
    """Open an application to repair, as by hand from the penalty's page."""

    def run(self, ctx: CommandContext) -> str:
        return open_follow_up(ctx, "credit-repair", CASE).number


def test_a_penalty_may_be_repaired_after_its_shortest_time_and_the_platform_is_told_that_it_ended(
    engine: ProcessEngine, gate: Gate, clock: Clock
) -> None:
    bundle = read_bundle(engine.settings.process_dir / "credit-repair", engine.settings.form_dir)
    engine.execute(Deploy("credit-repair", bundle), actor=SYSTEM)
    with engine.database.write() as session:
        case = records.follow_up(session, engine.settings.district_id, CASE)
        decision = {**case.facts["decision"], "amount": 60000}
        case.facts = {**case.facts, "decision": decision}
    gate.publish("administrative-penalty", CASE)
    row = gate.publication("penalty")
    assert (row.severity, row.repairable_on is not None) == ("其他", True)
    clock.travel(f"{row.repairable_on}T10:00")
    number = engine.execute(Repair(), actor=SYSTEM)
    assert number == f"{CASE}/repair-1"
    offered = [one["value"] for one in gate.context("apply")["repair_conditions"]]
    assert offered == ["fulfilled", "corrected", "no-repetition", "not-listed", "commitment"]
    paper = AddAttachment(gate.task("apply").id, "commitment", "承诺书.png", "image/png", b"\x89PNG\r\n\x1a\n1")
    asked = {
        "applicant": "王示例", "special": "否", "met": offered, "decision": "受理",
        "commitment": [engine.execute(paper, actor=gate.who("officer"))],
    }  # fmt: skip
    with pytest.raises(InvalidInput) as early:
        gate.do("apply", "officer", applied_on=str(row.repairable_on), **asked)
    assert str(row.repairable_on) in str(early.value.fields["decision"])
    assert row.repairable_on is not None
    today = row.repairable_on + timedelta(days=1)
    clock.travel(f"{today}T10:00")
    with pytest.raises(InvalidInput) as special:
        gate.do("apply", "officer", applied_on=str(today), **{**asked, "special": "是"})
    assert "decision" in special.value.fields, "食品、药品、特种设备领域 wait longer"
    gate.do("apply", "officer", applied_on=str(today), **asked)
    checked = {"checked_on": str(today), "facts": "罚款已经缴清，违法行为已经改正。", "opinion": "建议准予修复"}
    gate.do("verify", "officer", **checked)
    gate.do("section_check", "head", decision="同意")
    granted = {"decision": "准予修复", "decided_on": str(today), "document_number": "济天市监信修〔2026〕1号"}
    gate.do("decide", "chief", **granted)
    ended = gate.publication("penalty")
    assert (ended.state, ended.legal_ground) == ("expired", "信用修复")
    assert engine.execute(BeginPush(row.id), actor=SYSTEM)["action"] == "end"
    client = create_app(engine.settings, engine).test_client()
    assert client.get(f"/public/publications/{row.id}").status_code == 404
    assert client.get("/public/penalties.json").get_json()["items"] == []
