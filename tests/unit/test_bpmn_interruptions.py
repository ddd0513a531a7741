"""Boundary events on every kind of activity: what is interrupted runs nothing more, and what was submitted is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    call,
    catch,
    chain,
    codes,
    each,
    error,
    escalation,
    finish,
    looped,
    message,
    node,
    par,
    process,
    script,
    sub,
    throw,
    timer,
    xor,
)  # fmt: skip
from tests.support.diagrams import end, flow, service, start, user

SIGNAL = '<bpmn:signal id="sig" name="停"/>'
SIGNALLED = '<bpmn:signalEventDefinition signalRef="sig"/>'
CONDITION = (
    '<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">n &gt; 1</bpmn:condition>'
    "</bpmn:conditionalEventDefinition>"
)
#: What may happen on a boundary, how it is brought about, and whether it can happen again.
EVENTS: dict[str, tuple[str, Callable[[Run], None], bool]] = {
    "message": (message("go"), lambda run: run.message("go", {"m": 1}), True),
    "signal": (SIGNALLED, lambda run: run.signal("停", {"m": 1}), True),
    "duration": (timer("PT1H"), lambda run: run.later(hours=1), False),
    "cycle": (timer("R/PT1H", "timeCycle"), lambda run: run.later(hours=1), True),
    "condition": (CONDITION, lambda run: run.complete("raise"), False),
}
INNER = start("begin_in") + user("one") + user("two") + finish("e_in") + chain("begin_in one two e_in")
#: The kinds of activity that can be interrupted while people work in them; ``one`` is what they do first.
HOSTS = {
    "task": user("host"),
    "receive": node("receiveTask", "host", messageRef="msg_other"),
    "block": sub("host", INNER),
    "transaction": node("transaction", "host", INNER),
    "ad hoc": node("adHocSubProcess", "host", user("one") + user("two")),
    "call": call("host", "callee"),
    "instances": looped(user("host"), each("xs", "x")),
    "instances in turn": looped(user("host"), each("xs", "x", sequential=True)),
    "blocks": sub("host", INNER, each("xs", "x")),
    "calls in turn": call("host", "callee", each("xs", "x", sequential=True)),
    "loop": looped(user("host"), again("true", maximum=3)),
    "loop of a block": sub("host", INNER, again("true", maximum=3)),
}


def around(host: str, event: str, *, interrupting: bool) -> tuple[str, str]:
    """The host beside a task that raises ``n``; and what has to be declared."""
    body = start() + par("g1") + HOSTS[host] + user("raise", set_n="n + 1")
    body += boundary("ring", "host", event, interrupting=interrupting)
    body += user("other") + finish("e_ring") + finish("e_raise") + end()
    body += chain("begin g1 host finish; g1 raise e_raise; ring other e_ring")
    return body, SIGNAL + (process("callee", INNER) if "call" in host else "")


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("host", HOSTS)
def test_what_is_interrupted_is_gone_with_all_its_tasks_and_waits(host: str, kind: str) -> None:
    event, bring_about, _ = EVENTS[kind]
    body, more = around(host, event, interrupting=True)

    def story(run: Run) -> None:
        bring_about(run)
        assert set(run.open.split()) <= {"other", "raise"} and run.waiting == ""
        run.complete("other")
        if kind != "condition":
            run.complete("raise")

    run = both(body, story, {"n": 1, "xs": ["a", "b"]}, messages="go other", more=more)
    assert run.ended and run.trace.count("ring") - run.trace.count("e_ring") == 1 and "finish" not in run.trace


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("host", ["task", "block", "transaction", "ad hoc", "call", "instances", "loop of a block"])
def test_what_is_not_interrupted_goes_on_and_may_be_rung_again(host: str, kind: str) -> None:
    event, bring_about, repeats = EVENTS[kind]
    body, more = around(host, event, interrupting=False)

    def story(run: Run) -> None:
        before = run.open.replace("raise", "").split()
        bring_about(run)
        assert set(before) < set(run.open.split())
        if repeats:
            bring_about(run)
        assert run.open.count("other") == (2 if repeats else 1)
        assert ("ring" in run.waiting) == (repeats or kind == "condition")

    both(body, story, {"n": 1, "xs": ["a", "b"]}, messages="go other", more=more)


def test_what_people_submitted_inside_is_not_lost() -> None:
    inner = start("begin_in") + par("g3", "g4") + user("one") + user("two") + user("three", set_x="three.v")
    inner += sub(
        "deep", start("begin_d") + user("four") + user("five") + finish("e_d") + chain("begin_d four five e_d")
    )
    inner += finish("e_in") + chain("begin_in g3; g3 one g4; g3 three two g4; g3 deep g4; g4 e_in")
    body = start() + sub("host", inner) + boundary("ring", "host", message("go")) + script("read", "seen = x + 1")
    body += finish("e_ring") + end() + chain("begin host finish; ring read e_ring")

    def story(run: Run) -> None:
        run.complete("one", {"v": 1})
        run.complete("three", {"v": 3})
        run.complete("four", {"v": 4})
        run.message("go", {"m": 1})

    data = both(body, story, messages="go").data
    assert data == {
        "one": {"v": 1}, "three": {"v": 3}, "x": 3, "four": {"v": 4}, "ring": {"m": 1}, "seen": 4,
    }  # fmt: skip


@pytest.mark.parametrize("sequential", [True, False])
def test_of_many_the_finished_ones_are_kept_in_their_list(sequential: bool) -> None:
    loop = each("xs", "x", sequential=sequential)
    inner = start("begin_in") + user("one") + finish("e_in") + chain("begin_in one e_in")
    for step, host in {"host": looped(user("host"), loop), "one": sub("host", inner, loop)}.items():
        body = start() + host + boundary("ring", "host", timer("PT1H")) + finish("e_ring") + end()
        body += chain("begin host finish; ring e_ring")

        def story(run: Run, step: str = step) -> None:
            run.complete(step, {"v": 1}, item="a")
            run.later(hours=1)

        entries = both(body, story, {"xs": ["a", "b", "c"]}).data["host"]
        assert entries == [{"v": 1, "item": "a"} if step == "host" else {"one": {"v": 1}, "item": "a"}]


def test_the_interrupted_branch_does_not_run_its_next_script_in_the_same_step() -> None:
    """The signal and the error come out of the very step in which the other branch could go on."""
    inner = start("begin_in") + par("g3") + user("ready") + throw("shout", SIGNALLED) + script("s1", "n = n + 1")
    inner += finish("e_1") + catch("hear", SIGNALLED) + script("s2", "k = k + 1") + finish("e_2")
    inner += chain("begin_in g3; g3 ready shout s1 e_1; g3 hear s2 e_2")
    body = start() + sub("host", inner) + boundary("ring", "host", SIGNALLED) + finish("e_ring") + end()
    body += chain("begin host finish; ring e_ring")
    run = both(body, lambda run: run.complete("ready"), {"n": 0, "k": 0}, more=SIGNAL)
    assert run.trace == "host ready shout ring e_ring" and run.data["n"] == run.data["k"] == 0


@pytest.mark.parametrize("thrown", ["error", "escalation", "service"])
def test_nothing_runs_beside_what_was_thrown_out_of_a_block(thrown: str) -> None:
    last = {
        "error": finish("out", error("C")),
        "escalation": throw("out", escalation("C")) + finish("e_out") + chain("out e_out"),
        "service": service("out", "svc") + finish("e_out") + chain("out e_out"),
    }[thrown]
    inner = start("begin_in") + user("ready") + par("g3") + last + script("beside", "n = 1") + finish("e_beside")
    inner += chain("begin_in ready g3 out; g3 beside e_beside")
    caught = escalation("C") if thrown == "escalation" else error("C")
    body = start() + sub("host", inner) + boundary("ring", "host", caught) + finish("e_ring") + end()
    body += chain("begin host finish; ring e_ring")

    def fails(element: Any, parameters: dict[str, Any]) -> None:
        raise ServiceTaskFailed("不行", error_code="C")

    run = both(body, lambda run: run.complete("ready"), {"n": 0}, services={"svc": fails}, more=codes("C"))
    assert run.trace == "host ready out ring e_ring" and run.data["n"] == 0


def test_a_block_with_a_very_long_past_is_interrupted_whole() -> None:
    inner = start("begin_in") + script("zero", "n = 0") + xor("g3") + script("count", "n = n + 1")
    inner += node("exclusiveGateway", "g4", default="g4_to_g3") + user("work") + finish("e_in")
    inner += chain("begin_in zero g3 count g4 g3; work e_in") + flow("g4", "work", "n = 350")
    body = start() + sub("host", inner) + boundary("ring", "host", timer("PT1H")) + finish("e_ring") + end()
    body += chain("begin host finish; ring e_ring")

    def story(run: Run) -> None:
        assert run.open == "work"
        run.later(hours=1)

    run = both(body, story)
    assert run.ended and run.trace.endswith("count ring e_ring")


def test_terminating_keeps_what_the_other_branches_had_submitted() -> None:
    inner = start("begin_in") + par("g3") + user("one") + user("two") + user("stop") + finish("e_1")
    inner += finish("dead", "<bpmn:terminateEventDefinition/>") + chain("begin_in g3; g3 one two e_1; g3 stop dead")
    body = start() + sub("host", inner) + script("read", "seen = one.v") + end() + chain("begin host read finish")

    def story(run: Run) -> None:
        run.complete("one", {"v": 1})
        run.complete("stop", {"v": 2})

    run = both(body, story)
    assert run.trace == "host one stop dead read finish" and run.data["seen"] == 1 and run.data["stop"] == {"v": 2}
