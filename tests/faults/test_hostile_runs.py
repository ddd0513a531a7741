"""What gets past the linter stops by itself: an error or an incident, and the engine goes on with others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine import models as kernel_tables  # noqa: F401 - registers the kernel's tables
from engine.actor import Actor
from engine.bpmn import execution, spending
from engine.commands import correlate_message, deliver_signal
from engine.commands.broadcast_signal import BroadcastSignal
from engine.commands.claim_task import ClaimTask
from engine.commands.complete_task import CompleteTask
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.start_process import StartProcess
from engine.db import Base, Database, new_id
from engine.errors import Conflict, Forbidden, InvalidInput, LianjianError, NotFound
from engine.models import Incident, ProcessInstance, Timer, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from tests.conftest import SHANGHAI
from tests.support.bpmn_runs import (
    boundary,
    chain,
    choose,
    node,
    par,
    script,
    sub,
    throw,
    timer,
    times,
    xor,
)
from tests.support.bpmn_runs import message as message_event
from tests.support.diagrams import catch_message, catch_timer, diagram, end, flow, flows, props, start, user
from tests.support.hostile_models import deciding, line, scripted, table

SYSTEM = Actor.system()
NOW = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
LOOP = start() + choose("g", "work") + end() + chain("begin g work g") + flow("g", "finish", "n = -1")


class House:
    """One engine that all attacks of this file meet, one after the other."""

    def __init__(self) -> None:
        database = Database("sqlite://")
        Base.metadata.create_all(database.engine)
        self.now = NOW
        self.engine = ProcessEngine(database, Settings(), ServiceRegistry(), clock=lambda: self.now)
        self.count = 0

    def do(self, command: Any, actor: Actor = SYSTEM) -> Any:
        return self.engine.execute(command, actor=actor)

    def deploy(self, text: str | dict[str, str], key: str) -> None:
        self.do(Deploy(key, {"m.bpmn": text} if isinstance(text, str) else text))

    def start(self, text: str | dict[str, str], variables: dict[str, Any] | None = None) -> str:
        self.count += 1
        self.deploy(text, f"attack-{self.count}")
        return str(self.do(StartProcess(f"attack-{self.count}", self.key, variables or {}, department="SCJG")))

    @property
    def key(self) -> str:
        return f"case-{self.count}"

    def status(self, instance_id: str) -> str:
        with self.engine.read() as session:
            return session.get_one(ProcessInstance, instance_id).status

    def data(self, instance_id: str) -> dict[str, Any]:
        with self.engine.read() as session:
            return self.engine.peek(session, session.get_one(ProcessInstance, instance_id)).data()

    def incidents(self) -> list[str]:
        with self.engine.read() as session:
            return list(session.scalars(sa.select(Incident.message)))

    def task(self, instance_id: str, element_id: str) -> UserTask:
        wanted = sa.select(UserTask).where(UserTask.instance_id == instance_id, UserTask.element_id == element_id)
        with self.engine.read() as session:
            return session.scalars(wanted).one()


@pytest.fixture(scope="module")
def built() -> House:
    return House()


@pytest.fixture
def house(built: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Small limits make the same point as the real ones; afterwards the engine must serve a plain case."""
    monkeypatch.setattr(execution, "MAX_STEPS", 400)
    monkeypatch.setattr(correlate_message, "MAX_DELIVERIES", 15)
    monkeypatch.setattr(deliver_signal, "MAX_DELIVERIES", 15)
    yield built
    plain = built.start(diagram(line(script("a", "x = 1 + 1"), names="a")))
    assert (built.status(plain), built.data(plain)["x"]) == ("completed", 2)


# -- expressions ---------------------------------------------------------------------------------------

#: name → a script in an endless loop
GROWING = {
    "nothing": "n = 1",
    "a text that doubles": 's = if s = null then "aaaa" else s + s',
    "a list that doubles": "s = if s = null then [1, 2] else concatenate(s, s)",
    "a list in a list": "s = append(s, [s, s])",
    "a list around itself": "s = [s]",
    "a context around itself": "s = {a: s, b: s}",
    "a number that squares itself": "s = if s = null then 9 else s * s",
}


@pytest.mark.parametrize("name", GROWING)
def test_a_loop_that_grows_stops(house: House, name: str) -> None:
    with pytest.raises(LianjianError):
        house.start(diagram(LOOP + script("work", GROWING[name])))


#: expression → an error or null, at once
EXHAUSTING = {
    "a tower of powers": "(9 ** 9) ** (9 ** 9)",
    "a day after the last": 'date("9999-12-31") + duration("P1D")',
    "a million years": 'date("2026-01-01") + duration("P999999999Y")',
    "three nested counts": "for a in 1..1000, b in 1..1000, c in 1..1000 return a",
    "a hundred million tests": "every a in 1..100000000 satisfies a > 0",
    "a pattern that backtracks": 'matches("' + "a" * 60 + '!", "(a+)+$")',
    "a pattern with two ways": 'matches("' + "a" * 60 + '!", "(a|aa)+$")',
    "a sum of everything": "sum(for a in 1..100000000 return a)",
}


@pytest.mark.parametrize("name", EXHAUSTING)
def test_an_expression_that_would_take_for_ever_ends_at_once(house: House, name: str) -> None:
    try:
        instance = house.start(scripted(f"x = {EXHAUSTING[name]}".replace("<", "&lt;").replace(">", "&gt;")))
    except LianjianError:
        return
    assert house.data(instance)["x"] in (None, False)


def test_a_table_that_would_take_for_ever_stops(house: House) -> None:
    with pytest.raises(LianjianError):
        house.start(
            deciding(table("(every a in 1..19000, b in 1..19000 satisfies a != b + 100000) and ? = 0")), {"x": 1}
        )


def test_many_names_together_may_not_hold_what_one_may_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "VALUES", 5_000)
    names = "\n".join(f"v{n} = for i in 1..1000 return i" for n in range(8))
    with pytest.raises(LianjianError, match="写入的数据超过"):
        house.start(scripted(names))


def test_a_state_beyond_the_limit_is_not_saved(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "MAX_STATE", 20_000)
    body = line(script("a", "v = for i in 1..9000 return i"), user("u"), names="a u")
    with pytest.raises(LianjianError, match="字节"):
        house.start(diagram(body))


# -- flow ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [10**9, -1, "1000", 2.5, [1]])
def test_an_absurd_number_of_instances_out_of_the_data_is_refused(house: House, count: Any) -> None:
    with pytest.raises(LianjianError, match="0 到 1000"):
        house.start(diagram(line(script("a", "x = 1", times("n")), names="a")), {"n": count})


def test_instances_within_instances_stop(house: House) -> None:
    inner = start("i_begin") + script("i_work", "y = 1", times("1000")) + end("i_end") + chain("i_begin i_work i_end")
    with pytest.raises(LianjianError, match="疑似死循环"):
        house.start(diagram(line(sub("many", inner, times("1000", sequential=True)), names="many")))


def test_timers_that_are_due_at_once_do_not_go_round_for_ever(house: House) -> None:
    body = start() + xor("x") + catch_timer("t", "PT0S") + choose("g", "x") + end() + chain("begin x t g x")
    with pytest.raises(LianjianError, match="疑似死循环"):
        house.start(diagram(body + flow("g", "finish", "n = 1")))


NINES = "9" * 400
#: Timers at and beyond the ends of the calendar: kind → text
BEYOND = [
    ("timeDuration", f"P{NINES}Y"),
    ("timeDuration", f"PT{NINES}S"),
    ("timeDuration", f"duration(&quot;P{NINES}Y&quot;)"),
    ("timeDate", "99999-01-01T00:00:00Z"),
    ("timeDate", "9999-12-31T23:59:59-12:00"),
    ("timeDate", "0001-01-01T00:00:00+14:00"),
    ("timeCycle", f"R3/P{NINES}Y"),
    ("timeCycle", "R/9999-12-31T23:59:59Z/P1Y"),
    ("timeCycle", "R/P1Y/0001-01-01T00:00:00Z"),
    ("timeCycle", "R5/PT0.0000001S"),
]


@pytest.mark.parametrize("place", ["start", "catch"])
@pytest.mark.parametrize("number", range(len(BEYOND)))
def test_a_timer_beyond_the_calendar_is_an_error_not_a_crash(house: House, number: int, place: str) -> None:
    kind, text = BEYOND[number]
    if place == "start":
        body = node("startEvent", "begin", timer(text, kind)) + end() + chain("begin finish")
    else:
        body = line(catch_timer("t", text, kind), names="t")
    with pytest.raises(LianjianError):
        house.start(diagram(body))


@pytest.mark.parametrize(
    ("name", "value"),
    [("candidates", "5"), ("candidates", "[[1]]"), ("candidates", "[&quot;x&quot;]"), ("candidates", "{a: 1}"),
     ("department", "[1]"), ("department", "{a: 1}"), ("department", f"&quot;{'x' * 33}&quot;")],
)  # fmt: skip
def test_a_property_that_gives_something_else_is_an_error_not_a_crash(house: House, name: str, value: str) -> None:
    with pytest.raises(LianjianError, match=name):
        house.start(diagram(line(user("u", **{name: value}), names="u")))


@pytest.mark.parametrize(("name", "value"), [("to", "[1]"), ("to", f"&quot;{'x' * 201}&quot;"), ("payload", "5")])
def test_a_message_to_nobody_in_particular_is_an_error_not_a_crash(house: House, name: str, value: str) -> None:
    send = node("intermediateThrowEvent", "t", props(**{name: value}) + message_event("go"))
    with pytest.raises(LianjianError):
        house.start(diagram(line(send, names="t"), messages="go"))


@pytest.mark.parametrize(
    "due", [f"&quot;P{NINES}Y&quot;", "&quot;99999-01-01&quot;", "&quot;x&quot;", "5", "[1]", "{a: 1}"]
)
def test_a_due_date_that_is_none_is_an_error_not_a_crash(house: House, due: str) -> None:
    with pytest.raises(LianjianError):
        house.start(diagram(line(user("u", due=due), names="u")))


def test_a_cycle_out_of_the_past_catches_up_a_little_only(house: House) -> None:
    cycle = timer("R/1970-01-01T00:00:00Z/PT1S", "timeCycle")
    body = start() + user("u") + boundary("b", "u", cycle, interrupting=False) + end() + end("e")
    instance = house.start(diagram(body + chain("begin u finish; b e")))
    assert house.status(instance) == "running"
    with house.engine.read() as session:
        assert session.scalars(sa.select(Timer.due_at).where(Timer.instance_id == instance)).one() > NOW - timedelta(
            hours=1
        )


def test_a_runaway_behind_a_timer_becomes_an_incident_and_the_next_case_fires(house: House) -> None:
    loop = LOOP.replace(start(), "") + script("work", "n = 1")
    body = start() + catch_timer("t", "PT1H") + loop.replace('sourceRef="begin"', 'sourceRef="t"')
    instance = house.start(diagram(body + flows("begin", "t")))
    before = len(house.incidents())
    house.now += timedelta(hours=2)
    assert house.do(FireTimers(instance))
    assert house.status(instance) == "running" and "疑似死循环" in house.incidents()[before]


# -- messages and signals ------------------------------------------------------------------------------


def test_a_case_that_keeps_sending_itself_messages_becomes_an_incident(house: House) -> None:
    send = throw("send", message_event("ping"))
    body = start() + xor("x") + send + catch_message("hear", "ping") + choose("g", "x") + end()
    body += chain("begin x send hear g x") + flow("g", "finish", "n = 1")
    before = len(house.incidents())
    instance = house.start(diagram(body, messages="ping"))
    assert house.status(instance) == "running"
    assert [m for m in house.incidents()[before:] if "互相触发" in m]


def test_two_cases_that_keep_each_other_going_become_an_incident(house: House) -> None:
    def talk(says: str, hears: str, first: str) -> str:
        body = start() + xor("x") + throw("say", message_event(says)) + catch_message("hear", hears)
        body += choose("g", "x") + end() + flow("g", "finish", "n = 1")
        return diagram(body + chain(first), messages="ping pong")

    house.deploy(talk("pong", "ping", "begin x hear say g x"), "answerer")
    house.do(StartProcess("answerer", f"case-{house.count + 1}"))
    before = len(house.incidents())
    instance = house.start(talk("ping", "pong", "begin x say hear g x"))
    assert house.status(instance) == "running" and [m for m in house.incidents()[before:] if "互相触发" in m]


def test_a_signal_that_starts_what_throws_it_again_stops(house: House) -> None:
    alarm = '<bpmn:signalEventDefinition signalRef="alarm"/>'
    body = node("startEvent", "begin", alarm) + throw("again", alarm) + end() + chain("begin again finish")
    text = diagram(body).replace("</bpmn:definitions>", '<bpmn:signal id="alarm" name="alarm"/></bpmn:definitions>')
    house.deploy(text, "storm")
    before = len(house.incidents())
    house.do(BroadcastSignal("alarm"))
    assert [m for m in house.incidents()[before:] if "互相触发" in m]
    house.deploy(diagram(line(node("task", "a"), names="a")), "storm")  # nothing is started by it any more


# -- data from outside ---------------------------------------------------------------------------------

ONE_TASK = diagram(line(user("u"), script("after", "n = len([1, 2, 3])"), names="u after"))


def deep(levels: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


BAD_DATA: dict[str, dict[str, Any]] = {
    "a thousand levels": deep(1_000),
    "half a character": {"x": "\ud800"},
    "half a character in a name": {"\ud800": 1},
    "a number of four thousand digits": {"x": 10**4_000},
    "a million values": {"x": [0] * 1_000_000},
    "ten million characters": {"x": ["y" * 1_000] * 15_000},
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_data_that_cannot_be_kept_is_refused_wherever_it_comes_in(house: House, name: str) -> None:
    with pytest.raises(InvalidInput):
        house.start(ONE_TASK, BAD_DATA[name])
    instance = house.start(ONE_TASK)
    task = house.task(instance, "u")
    for command in (
        CompleteTask(task.id, task.version, BAD_DATA[name]),
        CorrelateMessage("go", house.key, BAD_DATA[name]),
        BroadcastSignal("go", BAD_DATA[name]),
    ):
        with pytest.raises(InvalidInput):
            house.do(command)
    assert house.task(instance, "u").state == "open"


def test_names_of_machinery_in_the_data_are_just_names(house: House) -> None:
    names = [
        "typename",
        "len",
        "__builtins__",
        "__class__",
        "__import__",
        "data",
        "self",
        "item",
        "Root",
        "null",
        "",
        "a.b",
    ]
    variables = {name: {"typename": "x", "__class__": 1} for name in names}
    instance = house.start(ONE_TASK, variables)
    task = house.task(instance, "u")
    house.do(CompleteTask(task.id, task.version, {"typename": "BpmnWorkflow", "__init__": {"len": 0}}))
    data = house.data(instance)
    assert house.status(instance) == "completed" and data["n"] == 3
    assert {name: data[name] for name in names} == variables
    assert data["u"] == {"typename": "BpmnWorkflow", "__init__": {"len": 0}}


# -- people --------------------------------------------------------------------------------------------


def person(*roles: str) -> Actor:
    return Actor(new_id(), "某人", "SCJG", frozenset(f"SCJG/{role}" for role in roles))


def test_only_an_open_task_of_ones_own_in_the_version_one_saw_can_be_completed(house: House) -> None:
    body = start() + par("f") + user("a") + user("later") + end() + user("b") + end("end_b") + end("stopped")
    body += boundary("stop", "b", message_event("stop")) + chain("begin f a later finish; f b end_b; stop stopped")
    instance = house.start(diagram(body, messages="stop"))
    mine, stranger = person("承办人"), person("科室负责人")
    a, b = house.task(instance, "a"), house.task(instance, "b")

    with pytest.raises(Forbidden):  # of another role
        house.do(CompleteTask(a.id, a.version, {}), stranger)
    with pytest.raises(Conflict):  # a page of yesterday
        house.do(CompleteTask(a.id, a.version + 1, {}), mine)
    with pytest.raises(NotFound):  # never was
        house.do(CompleteTask(new_id(), 1, {}), mine)
    with pytest.raises(NotFound):  # an id of the engine below is no id of a task
        house.do(CompleteTask(a.engine_task_id, 1, {}), mine)

    house.do(ClaimTask(a.id), mine)
    taken = house.task(instance, "a")
    with pytest.raises(Forbidden):  # somebody else holds it
        house.do(CompleteTask(a.id, taken.version, {}), person("承办人"))
    house.do(CompleteTask(a.id, taken.version, {}), mine)
    done = house.task(instance, "a")
    for version in (a.version, taken.version, done.version):  # done is done
        with pytest.raises(Conflict):
            house.do(CompleteTask(a.id, version, {}), mine)

    house.do(CorrelateMessage("stop", house.key))
    gone = house.task(instance, "b")
    assert gone.state == "cancelled"
    for version in (b.version, gone.version):
        with pytest.raises(Conflict):
            house.do(CompleteTask(b.id, version, {}), mine)
