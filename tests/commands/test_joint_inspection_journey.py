"""One campaign from work plan to archive through the real engine, on both databases."""

from __future__ import annotations

import sqlalchemy as sa

from engine.history import export_root, verify
from engine.inspection.models import DepartmentInspection, Draw, Finding, FollowUp, Inspection, Publication
from engine.models import Deadline, Incident, ProcessInstance
from engine.process_engine import ProcessEngine
from tests.support.journey import (
    APPROVALS,
    RESULTS,
    VISITS,
    Office,
    campaign,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)


def test_a_campaign_goes_from_work_plan_to_archive(engine: ProcessEngine) -> None:
    install(engine)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ", "YJJ"]), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS)
    office.do_all("gate_check")
    office.do_all("log_commitment")
    office.do_all("reveal")
    with engine.read() as session:
        draw = session.scalars(sa.select(Draw)).one()
        assert draw.state == "drawn" and draw.draw_id == "CN-370105-SCJG-2026-0001"
    assert office.do_all("organ_approval") == 3
    drawn = campaign(engine, number).total
    assert drawn >= 3
    assert office.do_all("sign_for_receipt") == 3
    assert office.do_all(*VISITS) == drawn * 3 * 2
    with engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Inspection)) == drawn
        clocks = session.scalars(sa.select(Deadline).where(Deadline.name == "publication")).all()
        assert len(clocks) == drawn * 4 and {c.rule for c in clocks} == {"20wd"}
    office.do_all(*RESULTS)
    finished = campaign(engine, number)
    assert finished.open_count == 0
    office.do_all("summary", "summary_approval")
    assert campaign(engine, number).state == "已归档"
    with engine.read() as session:
        states = set(session.scalars(sa.select(DepartmentInspection.state)))
        assert states == {"已公示"}
        assert session.scalar(sa.select(sa.func.count()).where(Publication.state == "published")) == drawn * 3
        assert session.scalar(sa.select(sa.func.count()).where(Finding.problem)) == drawn
        follow_ups = session.scalars(sa.select(FollowUp)).all()
        assert {(f.kind, f.state) for f in follow_ups} == {("administrative-penalty", "已启动")}
        running = session.execute(
            sa.select(ProcessInstance.process_key, sa.func.count())
            .where(ProcessInstance.status == "running")
            .group_by(ProcessInstance.process_key)
        ).all()
        assert [tuple(r) for r in running] == [("administrative-penalty", drawn)]
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 0
    with engine.database.write() as session:
        root = export_root(session, "370105", engine.clock())
    with engine.read() as session:
        assert verify(session, "370105", root).problems == []
    assert len(office.signed_in) >= 12
