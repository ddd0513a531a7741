"""Where an instance begins: start events with and without trigger, receive tasks and event-based gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.bpmn.execution import Execution
from tests.support.bpmn_runs import (
    Host,
    Run,
    both,
    catch,
    chain,
    definition_of,
    message,
    node,
    reasons,
    refusals,
    sub,
    timer,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user

SIGNAL = '<bpmn:signal id="sig_stop" name="停止"/>'
SIGNALLED = '<bpmn:signalEventDefinition signalRef="sig_stop"/>'


def text_of(body: str, messages: str = "go other") -> str:
    text = diagram(body, messages=messages).replace("</bpmn:definitions>", SIGNAL + "</bpmn:definitions>")
    assert not refusals(text), reasons(text)
    return text


def started_by(text: str, element_id: str, payload: Mapping[str, Any] | None = None) -> Execution:
    """A new instance that what stands at the element has started, restored once."""
    definition = definition_of(text)
    point = next(p for p in definition.starts if p.element_id == element_id)
    execution = Execution.start(definition, {}, Host({}), point)
    execution.begin(point, payload)
    return Execution.load(definition, execution.snapshot(), Host({}))


def opened(execution: Execution) -> str:
    return " ".join(sorted(t.element_id for t in execution.open_tasks()))


def points(text: str) -> list[tuple[str, str, str]]:
    return [(p.element_id, p.kind, p.name) for p in definition_of(text).starts]


SEVERAL = (
    start() + node("startEvent", "told", message("go")) + node("startEvent", "shouted", SIGNALLED)
    + node("startEvent", "clock", timer("R/2026-03-02T09:00:00+08:00/P1D", "timeCycle")) + user("by_hand") + user("a")
    + user("b") + user("c") + end()
    + chain("begin by_hand finish; told a finish; shouted b finish; clock c finish")
)  # fmt: skip


def test_started_by_hand_a_process_begins_at_its_plain_start_only() -> None:
    run = both(SEVERAL, lambda run: run.complete("by_hand"), messages="go", more=SIGNAL)
    assert run.ended and run.trace == "by_hand finish"


@pytest.mark.parametrize(("begin", "task"), [("told", "a"), ("shouted", "b"), ("clock", "c")])
def test_each_start_event_starts_instances_of_its_own(begin: str, task: str) -> None:
    payload = None if begin == "clock" else {"v": 1}
    execution = started_by(text_of(SEVERAL), begin, payload)
    assert opened(execution) == task and not list(execution.waits())
    if payload:
        assert execution.data()[begin] == payload


def test_what_starts_instances_is_known_from_the_diagram() -> None:
    assert points(text_of(SEVERAL)) == [
        ("told", "message", "go"), ("shouted", "signal", "停止"),
        ("clock", "timer", "R/2026-03-02T09:00:00+08:00/P1D"),
    ]  # fmt: skip


def test_without_a_plain_start_an_instance_waits_for_the_first_trigger() -> None:
    body = node("startEvent", "told", message("go")) + node("startEvent", "late", timer("PT2H")) + user("a") + user("b")
    body += end() + chain("told a finish; late b finish")

    def quick(run: Run) -> None:
        assert run.waiting == "late told"
        run.message("go", {"v": 1})
        assert run.waiting == "" and run.open == "a" and run.data["told"] == {"v": 1}

    both(body, quick, messages="go")

    def slow(run: Run) -> None:
        run.later(hours=2)
        assert run.waiting == "" and run.open == "b"

    both(body, slow, messages="go")


def test_a_start_event_of_several_triggers_needs_one_or_all_of_them() -> None:
    one = node("startEvent", "told", message("go") + SIGNALLED) + user("a") + end() + chain("told a finish")
    assert opened(started_by(text_of(one), "told", {"v": 1})) == "a"
    everything = one.replace('id="told"', 'id="told" parallelMultiple="true"')
    execution = started_by(text_of(everything), "told", {"v": 1})
    assert opened(execution) == "" and [w.signal for w in execution.waits()] == ["停止"]
    execution.hear("停止", {"w": 2})
    assert opened(execution) == "a" and execution.data()["told"] == {"v": 1, "w": 2}


def test_a_receive_task_may_start_a_process() -> None:
    body = node("receiveTask", "told", instantiate="true", messageRef="msg_go") + user("a") + end()
    text = text_of(body + chain("told a finish"))
    assert points(text) == [("told", "message", "go")]
    execution = started_by(text, "told", {"v": 1})
    assert opened(execution) == "a" and execution.data()["told"] == {"v": 1}
    run = both(body + chain("told a finish"), lambda run: run.message("go"), messages="go")
    assert run.told == ["told"], "what the parser put before it is no element of the diagram"


RACE = (
    node("eventBasedGateway", "g", instantiate="true") + catch("told", message("go")) + catch("other", message("other"))
    + user("a") + user("b") + end() + chain("g told a finish; g other b finish")
)  # fmt: skip


def test_an_event_gateway_may_start_a_process_and_the_first_event_decides() -> None:
    text = text_of(RACE)
    assert points(text) == [("told", "message", "go"), ("other", "message", "other")]
    execution = started_by(text, "other", {"v": 1})
    assert opened(execution) == "b" and not list(execution.waits())


def test_a_parallel_event_gateway_awaits_every_event_in_the_instance_the_first_one_started() -> None:
    text = text_of(RACE.replace('instantiate="true"', 'instantiate="true" eventGatewayType="Parallel"'))
    execution = started_by(text, "other", {"v": 1})
    assert opened(execution) == "b" and [w.message for w in execution.waits()] == ["go"]
    waiting = next(execution.waits())
    execution.complete(next(execution.open_tasks()).engine_task_id, {})
    assert not execution.completed
    execution.deliver(waiting.engine_task_id, "go", {})
    execution.complete(next(execution.open_tasks()).engine_task_id, {})
    assert execution.completed


def test_a_block_has_no_say_in_how_the_process_starts() -> None:
    body = start() + sub("block", start("b2") + user("work") + end("e2") + chain("b2 work e2")) + end()
    assert not points(text_of(body + chain("begin block finish")))
    inner = (
        node("eventBasedGateway", "g", instantiate="true") + catch("m1", message("go")) + catch("m2", message("other"))
    )
    inner += end("e2") + chain("g m1 e2; g m2 e2")
    text = diagram(start() + sub("block", inner) + end() + chain("begin block finish"), messages="go other")
    assert "start-triggers" in refusals(text)


def test_two_starts_by_one_message_are_refused() -> None:
    body = node("startEvent", "m1", message("go")) + node("startEvent", "m2", message("go")) + end()
    assert "start-triggers" in refusals(diagram(body + flow("m1", "finish") + flow("m2", "finish"), messages="go"))
