"""The statutory clock through the real engine on both databases: suspended, extended, moved, reminded of (ADR 0037)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.calendar import DayOfNotice
from engine.commands import follow_deadlines
from engine.commands.complete_task import CompleteTask
from engine.commands.deploy import Deploy
from engine.commands.extend_deadline import ExtendDeadline
from engine.commands.fire_timers import FireTimers
from engine.commands.follow_deadlines import FollowDeadlines
from engine.commands.import_notice import ImportNotice
from engine.commands.remind_of_deadlines import RemindOfDeadlines
from engine.commands.set_deadline import SetDeadline
from engine.commands.start_process import StartProcess
from engine.commands.suspend_deadline import ResumeDeadline, SuspendDeadline
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.history import verify
from engine.inspection.deadline_extensions import ApplyForExtension
from engine.inspection.deadline_list import reminders_for
from engine.inspection.jobs import remind_of_deadlines
from engine.lint.bundle import read_bundle
from engine.models import Deadline, DeadlineChange, DeadlineReminder, HistoryEvent, ProcessInstance, Timer, UserTask
from engine.process_engine import ProcessEngine
from tests.conftest import SHANGHAI, Clock
from tests.support.diagrams import catch_timer, diagram, end, flows, service, start, user

SYSTEM = Actor.system()
OFFICER = Actor(new_id(), "演示·承办人", "SCJG", frozenset({"SCJG/承办人"}))
HEAD = Actor(new_id(), "演示·机关负责人", "SCJG", frozenset({"SCJG/机关负责人"}))
STRANGER = Actor(new_id(), "别的部门", "WJJ", frozenset({"WJJ/承办人"}))
CASE = "案/1"


@pytest.fixture
def case(engine: ProcessEngine) -> ProcessEngine:
    """A filed case with its 90 days, a step due by them, and a watch that fires when they are over."""
    filing = start() + service("clock", "set-deadline", param_name="&quot;decision&quot;")
    filing += (
        user("notify", due="due_after(&quot;statement&quot;, today())") + user("decide", deadline="decision") + end()
    )
    watch = start() + catch_timer("over", "deadline(&quot;decision&quot;)", "timeDate") + user("late") + end()
    for key, body, path in (
        ("filing", filing, ("begin", "clock", "notify", "decide", "finish")),
        ("watch", watch, ("begin", "over", "late", "finish")),
    ):
        text = diagram(body + flows(*path), process_id=key)
        engine.execute(Deploy(key, {f"{key}.bpmn": text}), actor=SYSTEM)
        engine.execute(StartProcess(key, CASE, department="SCJG", departments=("SCJG",)), actor=OFFICER)
    with engine.read() as session:
        notify = session.scalars(sa.select(UserTask).where(UserTask.element_id == "notify")).one()
    assert str(notify.due_at.astimezone(SHANGHAI).date()) == "2026-03-09"  # five working days by the table
    engine.execute(CompleteTask(notify.id, notify.version, {}), actor=OFFICER)
    return engine


def deadline(engine: ProcessEngine) -> Deadline:
    with engine.read() as session:
        return session.scalars(sa.select(Deadline).where(Deadline.business_key == CASE)).one()


def due(engine: ProcessEngine) -> str | None:
    """The local day on which it is due, and so says the step that works against it."""
    found = deadline(engine)
    with engine.read() as session:
        step = session.scalars(sa.select(UserTask).where(UserTask.element_id == "decide")).one()
        assert step.due_at == found.due_at
    return found.due_at.astimezone(SHANGHAI).date().isoformat() if found.due_at else None


def fire(engine: ProcessEngine) -> bool:
    with engine.read() as session:
        watch = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.process_key == "watch")).one()
    return bool(engine.execute(FireTimers(watch), actor=SYSTEM))


def timers(engine: ProcessEngine) -> list[str]:
    with engine.read() as session:
        return [
            t.astimezone(SHANGHAI).date().isoformat() if t else "中止" for t in session.scalars(sa.select(Timer.due_at))
        ]


def steps(engine: ProcessEngine) -> list[tuple[str, str, str]]:
    with engine.read() as session:
        rows = session.scalars(sa.select(DeadlineChange).order_by(DeadlineChange.at, DeadlineChange.id)).all()
        return [(row.kind, row.rule, row.actor_name) for row in rows]


def sound(engine: ProcessEngine) -> bool:
    with engine.read() as session:
        return verify(session, "370105").problems == []


def test_a_deadline_is_suspended_extended_twice_and_its_timer_and_its_trail_follow(
    case: ProcessEngine, clock: Clock
) -> None:
    assert due(case) == "2026-06-01" and timers(case) == ["2026-06-01"]  # the ninetieth day is a Sunday
    clock.travel("2026-03-10T10:00")
    with pytest.raises(Forbidden):
        case.execute(SuspendDeadline(CASE, "decision", "送检", "testing"), actor=STRANGER)
    for refused in (
        SuspendDeadline(CASE, "decision", "送检", "holiday"),
        SuspendDeadline(CASE, "decision", " ", "testing"),
        SuspendDeadline(CASE, "decision", "送检", "testing", clock.now + timedelta(days=1)),
        SuspendDeadline(CASE, "decision", "送检", "testing", clock.now - timedelta(days=30)),
    ):
        with pytest.raises(InvalidInput):
            case.execute(refused, actor=OFFICER)
    with pytest.raises(NotFound):
        case.execute(SuspendDeadline(CASE, "publication", "送检", "testing"), actor=OFFICER)
    stream = deadline(case).instance_id
    for ground, said in (("testing", "机关负责人批准"), ("hearing", "听证流程自动中止")):  # by nobody alone
        with pytest.raises(InvalidInput) as caught:
            case.execute(SuspendDeadline(CASE, "decision", "样品送检", ground), actor=OFFICER)
        assert said in caught.value.fields["ground"][0] and deadline(case).suspended_at is None
    case.execute(SuspendDeadline(CASE, "decision", "样品送检", "testing", stream=stream), actor=OFFICER)
    assert due(case) is None and timers(case) == ["中止"] and deadline(case).colour(clock.now) == "suspended"
    with pytest.raises(Conflict):
        case.execute(SuspendDeadline(CASE, "decision", "再次", "hearing"), actor=OFFICER)

    clock.travel("2026-08-01T10:00")  # nothing is missed meanwhile
    assert not fire(case) and case.execute(RemindOfDeadlines(), actor=SYSTEM) == 0
    case.execute(
        ResumeDeadline(CASE, "decision", "报告已出具", clock.travel("2026-03-20T09:00")), actor=OFFICER
    )  # ten days that do not count
    assert due(case) == "2026-06-10" and timers(case) == ["2026-06-10"]

    case.execute(ExtendDeadline(CASE, "decision", "案情复杂", approved_by="机关负责人"), actor=OFFICER)
    assert due(case) == "2026-07-10"
    with pytest.raises(InvalidInput):  # its length is the decision's
        case.execute(ExtendDeadline(CASE, "decision", "案情特别复杂"), actor=OFFICER)
    with pytest.raises(InvalidInput):  # hours do not follow days
        case.execute(ExtendDeadline(CASE, "decision", "案情特别复杂", "24h"), actor=OFFICER)
    case.execute(ExtendDeadline(CASE, "decision", "案情特别复杂", "45d", "集体讨论〔2026〕3号"), actor=OFFICER)
    assert due(case) == "2026-08-24" and timers(case) == ["2026-08-24"]
    with pytest.raises(InvalidInput, match="最多延长 2 次"):
        case.execute(ExtendDeadline(CASE, "decision", "还要", "10d"), actor=OFFICER)

    clock.travel("2026-08-25T00:00:01")
    assert fire(case)
    with case.read() as session:
        assert session.scalar(sa.select(UserTask.id).where(UserTask.element_id == "late")) is not None
        task = session.scalars(sa.select(UserTask).where(UserTask.element_id == "decide")).one()
    case.execute(CompleteTask(task.id, task.version, {}), actor=OFFICER)
    assert steps(case) == [
        ("set", "90d", OFFICER.name), ("suspended", "", OFFICER.name), ("resumed", "", OFFICER.name),
        ("extended", "30d", OFFICER.name), ("extended", "45d", OFFICER.name),
    ]  # fmt: skip
    assert sound(case)


def test_a_notice_moves_every_open_deadline_tells_each_case_and_wakes_their_timers(
    case: ProcessEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_deadlines, "AT_ONCE", 0)  # as if there were hundreds of timers
    queued: list[tuple[str, dict[str, Any]]] = []

    class Queue:
        def enqueue(self, _session: Any, kind: str, key: str, args: dict[str, Any], delay_seconds: float = 0) -> None:
            queued.append((kind, args))

        def retry(self, session: Any, detail: dict[str, Any]) -> None:
            raise AssertionError

    case.kernel.jobs = Queue()
    with case.database.write() as session:  # kept under the rule of another year's table
        session.execute(sa.update(Deadline).values(suspensions=[], due_at=clock.now + timedelta(days=300)))
    days = [DayOfNotice(date(2026, 6, 1), False, "试放假")]
    moved = case.execute(ImportNotice(2026, "补充通知", days), actor=SYSTEM)
    assert [(m.business_key, m.new_due_at.astimezone(SHANGHAI).date().isoformat()) for m in moved] == [
        (CASE, "2026-06-02")
    ]
    assert due(case) == "2026-06-02" and steps(case)[-1][0] == "moved"
    assert timers(case) == ["2026-06-01"]  # rings too early and asks again, unless it is told before
    monkeypatch.setattr(follow_deadlines, "AT_ONCE", 200)
    (args,) = [args for kind, args in queued if kind == "follow-deadlines"]
    assert case.execute(FollowDeadlines(**args), actor=SYSTEM) == 1
    assert timers(case) == ["2026-06-02"]
    with case.read() as session:
        body = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "deadline-moved")).one()
        assert '"reason":"导入补充通知"' in body and '"name":"decision"' in body
    assert case.execute(ImportNotice(2026, "补充通知", days), actor=SYSTEM) == []
    assert sound(case)


def test_reminders_go_up_from_the_officer_to_supervision_once_each(case: ProcessEngine, clock: Clock) -> None:
    supervisor = Actor(new_id(), "督查", "SCJG", frozenset({"SCJG/监管督查"}))
    section = Actor(new_id(), "科长", "SCJG", frozenset({"SCJG/科室负责人"}))
    seen = []
    for moment in ("2026-04-16T12:00", "2026-04-17T08:00", "2026-05-20T08:00", "2026-06-02T08:00"):
        clock.travel(moment)
        for _ in range(2):  # what was sent is noted with it: looking again sends nothing
            remind_of_deadlines(case, {})
        with case.read() as session:
            told = [bool(reminders_for(session, who)[0]) for who in (OFFICER, section, supervisor)]
        seen.append((deadline(case).colour(clock.now), *told))
    assert seen == [
        ("green", False, False, False), ("yellow", True, False, False), ("orange", True, True, False),
        ("red", True, True, True),
    ]  # fmt: skip
    assert [step[:2] for step in steps(case)] == [
        ("set", "90d"), ("reminded", "50%"), ("reminded", "80%"), ("reminded", "100%"),
    ]  # fmt: skip
    with case.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DeadlineReminder)) == 5
        task = session.scalars(sa.select(UserTask).where(UserTask.element_id == "decide")).one()
    case.execute(ExtendDeadline(CASE, "decision", "案情复杂", approved_by="机关负责人"), actor=OFFICER)
    assert deadline(case).colour(clock.now) == "yellow" and deadline(case).reminded == 50
    with case.read() as session:  # what was said of the old due time is over, 80 % will be said again
        assert reminders_for(session, OFFICER)[0] == []
    clock.travel("2026-06-20T08:00")
    remind_of_deadlines(case, {})
    began = deadline(case)
    again = SetDeadline(CASE, "decision", began.started_at, department="SCJG", stream=began.instance_id)
    case.execute(again, actor=OFFICER)  # begins anew, as if it had been due on the same day all along
    remind_of_deadlines(case, {})
    assert steps(case)[-1][:2] == ("reminded", "100%") and deadline(case).extensions == []
    case.execute(CompleteTask(task.id, task.version, {}), actor=OFFICER)
    assert sound(case)


def test_more_time_is_asked_for_and_decided_by_whom_the_table_names(case: ProcessEngine, clock: Clock) -> None:
    folder = case.settings.process_dir / "deadline-extension"
    case.execute(Deploy("deadline-extension", read_bundle(folder, case.settings.form_dir)), actor=SYSTEM)
    the_deadline = deadline(case).id
    with case.read() as session:  # what every form of the case may use
        step = session.scalars(sa.select(UserTask).where(UserTask.element_id == "decide")).one()
        assert case.kernel.form_context(session, step, {}, clock.now)["due_on_decision"] == "2026-06-01"

    def submit(element: str, actor: Actor, values: dict[str, Any]) -> None:
        with case.read() as session:
            task = session.scalars(
                sa.select(UserTask).where(UserTask.element_id == element, UserTask.state == "open")
            ).one()
        case.execute(CompleteTask(task.id, task.version, values), actor=actor)

    with pytest.raises(Forbidden):
        case.execute(ApplyForExtension(the_deadline), actor=STRANGER)
    case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    with pytest.raises(Conflict, match="正在办理"):
        case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    with pytest.raises(InvalidInput, match="期限表"):
        submit("apply", OFFICER, {"reason": "检验机构尚未出具报告。", "rule": "60d"})
    submit("apply", OFFICER, {"reason": "检验机构尚未出具报告。", "rule": "30d"})
    submit("approve_head", HEAD, {"decision": "不批准", "opinion": "可以按期办结。"})
    assert due(case) == "2026-06-01" and steps(case)[-1][0] == "refused"
    case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    submit("apply", OFFICER, {"reason": "检验机构仍未出具报告。", "rule": "30d"})
    submit("approve_head", HEAD, {"decision": "批准", "opinion": "同意。", "document_number": "延〔2026〕1号"})
    assert due(case) == "2026-06-30"
    case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    submit("apply", OFFICER, {"reason": "涉及外省协查。", "rule": "60d"})
    submit("discuss", HEAD, {"met_on": "2026-05-07", "attendees": "局长主持", "decision": "批准", "rule": "20d",
                             "opinion": "继续延期二十日。"})  # fmt: skip
    assert due(case) == "2026-07-20"
    with pytest.raises(InvalidInput, match="不能再延长"):
        case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    clock.travel("2026-07-21T09:00")
    with pytest.raises(Conflict, match="已经届满"):
        case.execute(ApplyForExtension(the_deadline), actor=OFFICER)
    assert sound(case)
