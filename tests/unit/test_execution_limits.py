"""Runaways stop with a readable error; the process engine stays up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import expressions
from engine.bpmn import execution as execution_module
from engine.bpmn.decisions import load_decisions
from engine.bpmn.execution import Execution
from engine.bpmn.instances import MAX_INSTANCES
from engine.bpmn.parser import load_definition
from engine.bpmn.spending import Limits
from engine.bpmn.timers import CATCH_UP, add_duration
from engine.errors import Conflict, ExpressionError, LianjianError, Runaway, ServiceTaskFailed, StateUnreadable
from tests.support.diagrams import catch_timer, diagram, end, flow, flows, service, start, user
from tests.support.hostile_models import table

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, tzinfo=ZONE)


class Host:
    """A host without services."""

    def __init__(self) -> None:
        self.now, self.zone = NOW, ZONE

    def functions(self) -> Mapping[str, Any]:
        return {}

    def run_service(self, *_: Any) -> None:
        return None

    def send_message(self, *_: Any) -> None:
        return None

    def broadcast_signal(self, *_: Any) -> None:
        return None


def started(body: str, variables: Mapping[str, Any] | None = None) -> Execution:
    found = Execution.start(load_definition({"probe.bpmn": diagram(body)}), variables or {}, Host())
    found.run()
    return found


def script(element_id: str, text: str) -> str:
    return f'<bpmn:scriptTask id="{element_id}" name="{element_id}"><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'


LOOP = (
    start() + '<bpmn:exclusiveGateway id="again" name="再来" default="again_to_work"/>' + end()
    + flows("begin", "again", "work", "again") + flow("again", "finish", "n &lt; 0")
)  # fmt: skip


def test_an_endless_loop_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution_module, "MAX_STEPS", 200)
    with pytest.raises(ServiceTaskFailed, match="疑似死循环"):
        started(LOOP + script("work", "n = 1"))


def test_work_without_end_stops_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "limits", Limits(seconds=0.02), raising=False)
    with pytest.raises(Runaway, match=r"0\.02 秒"):
        started(LOOP + script("work", "n = 1"))


class Enough(Exception):
    """What a watch raises that has seen enough."""


def impatient(looks: int) -> Callable[[], None]:
    left = iter(range(looks))

    def watch() -> None:
        if next(left, None) is None:
            raise Enough

    return watch


@pytest.mark.parametrize(
    "text",
    [
        "every a in 1..90, b in 1..200 satisfies a != b + 1000",
        "sum(for a in 1..6000 return a)",
        "string join(for a in 1..4000 return string(a))",
    ],
)
def test_a_long_expression_asks_whether_it_may_go_on(text: str) -> None:
    with pytest.raises(Enough):
        expressions.parse(text).evaluate({}, watch=impatient(20))
    expressions.parse("1 + 1").evaluate({}, watch=impatient(0))  # a short one need not ask


def test_a_long_decision_asks_whether_it_may_go_on() -> None:
    decisions = load_decisions(table("count(for a in 1..300 return a + ?) &gt; 0", "1"))
    assert decisions.decide("fee", {"x": 1}) == 1
    with pytest.raises(Enough):
        decisions.decide("fee", {"x": 1}, watch=impatient(5))


def test_one_expression_does_not_take_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Host, "limits", Limits(megabytes=16), raising=False)
    texts = "x = count(for a in 1..6000 return s + s)"
    with pytest.raises(Runaway, match="内存超过 16 MB") as caught:
        started(start() + script("work", texts) + end() + flows("begin", "work", "finish"), {"s": "长" * 40_000})
    assert caught.value.message.startswith("“work”的表达式出错")


def test_what_a_service_task_takes_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: Any) -> dict[str, Any]:
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass
        return {"done": True}

    monkeypatch.setattr(Host, "limits", Limits(seconds=0.1), raising=False)
    monkeypatch.setattr(Host, "run_service", busy)
    body = start() + service("svc", "svc") + script("work", "n = 1") + end() + flows("begin", "svc", "work", "finish")
    assert started(body).completed


def test_ten_thousand_rounds_are_no_runaway() -> None:
    body = LOOP.replace("n &lt; 0", "n = 10000") + script("work", "n = n + 1")
    execution = started(body, {"n": 0})
    assert execution.completed and execution.data()["n"] == 10_000


def test_data_that_doubles_every_round_stops() -> None:
    with pytest.raises(LianjianError):
        started(LOOP + script("work", "x = {a: x, b: x, c: x, d: x}"))


@pytest.mark.parametrize("count", ["20000", "-1", "100000000", '"a"', "1.5"])
def test_a_multi_instance_of_an_absurd_size_is_refused(count: str) -> None:
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">'
        f"{count.replace(chr(34), '&quot;')}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    )
    body = user("many").replace("</bpmn:userTask>", loop + "</bpmn:userTask>")
    with pytest.raises(ServiceTaskFailed, match=f"0 到 {MAX_INSTANCES}"):
        started(start() + body + end() + flows("begin", "many", "finish"))


@pytest.mark.parametrize("text", ["P9999Y", "-P9999Y", "P99999999999D", "PT99999999999999H"])
def test_a_duration_beyond_the_calendar_is_an_error_not_a_hang(text: str) -> None:
    with pytest.raises(ExpressionError):
        add_duration(NOW, text)


def test_months_follow_the_calendar() -> None:
    end_of_january = datetime(2026, 1, 31, tzinfo=ZONE)
    assert add_duration(end_of_january, "P1M").date().isoformat() == "2026-02-28"
    assert add_duration(end_of_january, "P1Y1M").date().isoformat() == "2027-02-28"
    assert add_duration(end_of_january, "-P1M").date().isoformat() == "2025-12-31"


def test_a_cycle_that_slept_for_decades_catches_up_a_little_and_goes_on() -> None:
    timer = (
        '<bpmn:boundaryEvent id="tick" name="每秒" attachedToRef="write" cancelActivity="false">'
        '<bpmn:timerEventDefinition id="t"><bpmn:timeCycle xsi:type="bpmn:tFormalExpression">'
        "R/1970-01-01T00:00:00Z/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    body = start() + user("write") + timer + script("note", "n = 1") + end() + end("ticked")
    found = started(body + flows("begin", "write", "finish") + flows("tick", "note", "ticked"))
    assert 1 <= found.trace.count("note") <= CATCH_UP + 1
    assert next(w.due_at for w in found.waits()) > NOW - timedelta(hours=1)


def test_a_timer_without_a_value_names_its_expression() -> None:
    with pytest.raises(LianjianError, match="publication_due"):
        started(start() + catch_timer("wait", "publication_due", "timeDate") + end() + flows("begin", "wait", "finish"))


def test_unknown_or_damaged_state_is_said_to_be_unreadable() -> None:
    definition = load_definition(
        {"probe.bpmn": diagram(start() + user("write") + end() + flows("begin", "write", "finish"))}
    )
    for state in (b"", b"{}", b"[99]", b"[1,[],false,null,{},[]]", b'[1,[["x"]],0,0,{},[]]'):
        with pytest.raises(StateUnreadable):
            Execution.load(definition, state, Host())


def test_a_task_that_does_not_exist_is_a_conflict_not_a_crash() -> None:
    found = started(start() + user("write") + end() + flows("begin", "write", "finish"))
    for task_id in ("nonsense", "0196f5a0-0000-7000-8000-000000000000"):
        with pytest.raises(Conflict):
            found.complete(task_id, {})
        with pytest.raises(Conflict):
            found.deliver(task_id, "go", {})


def test_an_abstract_task_lets_the_token_pass() -> None:
    found = started(start() + '<bpmn:task id="think" name="想"/>' + end() + flows("begin", "think", "finish"))
    assert found.completed and "think" in found.trace


def test_the_process_nobody_calls_is_the_one_that_runs() -> None:
    helper = diagram(start() + user("inner") + end() + flows("begin", "inner", "finish"), process_id="helper")
    main = diagram(
        start("b2")
        + '<bpmn:callActivity id="call" name="调用" calledElement="helper"/>'
        + end("e2")
        + flows("b2", "call", "e2"),
        process_id="main",
    )
    both = helper.replace("</bpmn:definitions>", main[main.index("<bpmn:process") :])
    assert load_definition({"both.bpmn": both}).process_id == "main"


def test_a_gateway_without_a_matching_flow_is_said_in_words() -> None:
    body = start() + '<bpmn:exclusiveGateway id="choose" name="选择"/>' + end() + end("other")
    body += flows("begin", "choose") + flow("choose", "finish", "n = 1") + flow("choose", "other", "n = 2")
    with pytest.raises(ServiceTaskFailed, match="流程无法继续"):
        started(body, {"n": 3})
