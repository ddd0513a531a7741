"""An objection, its list and the exemption list on both databases."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.inspection import exemptions, objections
from engine.inspection.models import DepartmentInspection, FollowUp
from engine.inspection.objections import OpenObjection
from engine.lint.bundle import read_bundle
from engine.process_engine import ProcessEngine
from tests.support.publication_gate import PART, Gate


def test_an_objection_is_refused_with_a_reason_and_its_list_says_when_it_is_late(engine: ProcessEngine) -> None:
    gate = Gate(engine)
    bundle = read_bundle(engine.settings.process_dir / "objection", engine.settings.form_dir)
    engine.execute(Deploy("objection", bundle), actor=Actor.system())
    gate.publish()
    number = engine.execute(OpenObjection(gate.publication().id), actor=gate.who("officer"))
    today = engine.clock().astimezone(engine.settings.timezone).date()
    said = {"way": "窗口", "received_on": today.isoformat(), "objector": "王某", "relation": "当事人", "wanted": "撤回"}
    gate.do("register", "officer", **said, contact="到窗口领取", identity_checked=True, claims="没有这家店。")
    with engine.read() as session:
        rows = session.scalars(sa.select(FollowUp).where(FollowUp.kind == objections.KIND)).all()
        known = objections.about(session, rows)[number]
        late = [
            session.scalars(sa.select(FollowUp.number).where(objections.overdue(moment))).all()
            for moment in (engine.clock(), engine.clock() + timedelta(days=30))
        ]
        part = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == PART)).one()
        listed = exemptions.of_part(session, engine.settings, part, today)
    assert known.title == gate.publication().title and known.due is not None
    assert late == [[], [number]]
    assert all(one.first_offence is not False for one in listed)
    refusal = "没有指出具体内容，经告知仍不补正"
    gate.do("accept", "head", decision="不予受理", refusal=refusal, reason="两次告知补正，没有补正。")
    gate.do("answer", "officer", told_on=today.isoformat(), method="邮寄", recipient="王某", tracking_number="EMS1")
    with engine.read() as session:
        row = session.scalars(sa.select(FollowUp).where(FollowUp.number == number)).one()
    assert (row.state, row.facts["acceptance"]["refusal"]) == ("不予受理", refusal) and row.closed_at is not None
