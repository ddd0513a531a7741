"""A recusal at one object of a group: the successor takes every visit of the group that is not over."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from engine.commands.correlate_message import CorrelateMessage
from engine.db import new_id
from engine.inspection.jobs import refresh_tasks
from engine.inspection.models import DepartmentInspection, DrawnObject, InspectedObject, Inspection, Inspector
from engine.models import ProcessInstance, TaskCandidate, User, UserTask
from engine.process_engine import ProcessEngine
from tests.support.journey import APPROVALS, Office, install, open_campaign, standard_answers, work_plan


def accounts_for_all(engine: ProcessEngine) -> None:
    with engine.database.write() as session:
        for inspector in session.scalars(sa.select(Inspector).where(Inspector.user_id.is_(None))):
            user = User(
                id=new_id(), district_id="370105", login=inspector.code.lower(), name=inspector.name,
                department=inspector.department, password_hash="-", created_at=engine.clock(),
            )  # fmt: skip
            session.add(user)
            inspector.user_id = user.id


def test_a_recusal_in_a_group_hands_over_its_open_visits_and_leaves_those_that_are_over(engine: ProcessEngine) -> None:
    install(engine)
    office = Office(engine)
    open_campaign(office)
    with engine.read() as session:  # everything drawn lies in one area, so it is one group
        firms = session.scalars(sa.select(InspectedObject.region).where(InspectedObject.industry.startswith("H")))
        region, count = Counter(firms).most_common(1)[0]
    share = {"regions": [region], "ratio": round(400 / count, 2)}
    plan = work_plan(engine, "SCJG", [], **share, grouping="邻近分组", max_group=50)
    standard_answers(office, plan)
    accounts_for_all(engine)
    office.do_all("draft_work_plan", *APPROVALS, "gate_check", "log_commitment", "reveal", "organ_approval")
    office.do_all("sign_for_receipt", "prepare_visit", "arrive")
    with engine.read() as session:
        group, size = Counter(session.scalars(sa.select(DrawnObject.visit_group))).most_common(1)[0]
        assert group and size >= 3
        numbers = list(
            session.scalars(
                sa.select(DepartmentInspection.number)
                .join(Inspection, Inspection.number == DepartmentInspection.inspection)
                .join(DrawnObject, DrawnObject.uscc == Inspection.uscc)
                .where(DrawnObject.visit_group == group)
                .order_by(DepartmentInspection.number)
            )
        )
    visited, asked, other = numbers[:3]
    task = {t.business_key: t for t in office.open_tasks("site_check")}
    office.do(task[visited])
    payload = {"applicant": "演示负责人", "reason": "检查人员与我有亲属关系"}
    engine.execute(CorrelateMessage("recusal-requested", asked, payload), actor=office.who(task[asked]))
    with engine.read() as session:
        before = session.scalars(sa.select(DepartmentInspection).where(DepartmentInspection.number == asked)).one()
        gone, stays = before.inspectors[1], before.inspectors[0]
    told_on = engine.clock().date().isoformat()
    decision = {
        "decision": "决定回避", "inspector": gone, "reason": "经核实系近亲属。",
        "prior_work": "有效", "told_on": told_on,
    }  # fmt: skip
    office.do(office.open_tasks("decide_recusal")[0], decision)
    with engine.read() as session:
        instance = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == other)).one()
    refresh_tasks(engine, {"instance_id": instance})  # the job the decision enqueued, run by the worker
    with engine.read() as session:
        pairs = dict(session.execute(sa.select(DepartmentInspection.number, DepartmentInspection.inspectors)).all())
        (successor,) = set(pairs[asked]) - {stays}
        assert successor != gone and pairs[asked] == [stays, successor] == pairs[other]
        assert pairs[visited] == [stays, gone]
        user = session.scalar(sa.select(Inspector.user_id).where(Inspector.code == successor))
        open_task = session.get_one(UserTask, task[other].id)
        offered = session.scalars(sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == open_task.id)).all()
        assert open_task.state == "open" and user in offered and len(offered) == 2
