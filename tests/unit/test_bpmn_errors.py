"""Errors, escalations and ends as BPMN says, live and restored."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    both,
    boundary,
    catch,
    chain,
    choose,
    codes,
    each,
    error,
    escalation,
    finish,
    guarded,
    looped,
    message,
    node,
    par,
    process,
    script,
    sub,
    terminate,
    throw,
    times,
)  # fmt: skip
from tests.support.diagrams import end, flow, service, start, user

# -- errors -----------------------------------------------------------------------


def failing(code: str) -> dict[str, Any]:
    def fail(*_: Any) -> None:
        raise ServiceTaskFailed("对方系统拒绝", error_code=code)

    return {"svc": fail}


ERROR_ON_SERVICE = (
    start() + service("call", "svc") + boundary("down", "call", error("E1")) + boundary("any", "call", error())
    + user("fix") + user("other") + end() + finish("e1") + finish("e2")
    + chain("begin call finish; down fix e1; any other e2")
)  # fmt: skip


def test_a_failed_service_enters_the_error_boundary_of_its_code() -> None:
    for code, opened in (("E1", "fix"), ("E9", "other")):

        def story(run: Run, opened: str = opened) -> None:
            assert run.open == opened and run.waiting == ""
            run.complete(opened)

        run = both(ERROR_ON_SERVICE, story, services=failing(code), more=codes("E1"))
        assert run.ended and "call" not in run.data
        caught = run.data["down" if code == "E1" else "any"]
        assert caught == {"code": code, "message": "对方系统拒绝"}


def test_a_service_that_succeeds_passes_by_its_error_boundary() -> None:
    run = both(ERROR_ON_SERVICE, lambda run: None, services={"svc": lambda *_: {"n": 1}}, more=codes("E1"))
    assert run.ended and run.trace == "call finish" and run.data["call"] == {"n": 1}


def test_a_failure_without_a_code_or_without_a_catcher_is_raised() -> None:
    with pytest.raises(ServiceTaskFailed, match="对方"):
        both(ERROR_ON_SERVICE, lambda run: None, services=failing(""), more=codes("E1"))
    lonely = start() + service("call", "svc") + end() + chain("begin call finish")
    with pytest.raises(ServiceTaskFailed, match="对方"):
        both(lonely, lambda run: None, services=failing("E1"))


def test_a_failed_service_inside_reaches_the_boundary_of_the_block_around() -> None:
    inner = start("begin_in") + par("g1", "g2") + user("a") + user("b") + service("call", "svc") + finish("e_in")
    inner += chain("begin_in g1 a call g2 e_in; g1 b g2")
    deep = start("begin_mid") + sub("mid", inner) + finish("e_mid") + chain("begin_mid mid e_mid")
    for host in (sub("work", inner), sub("work", deep), sub("work", inner, each("xs", "x"))):

        def story(run: Run) -> None:
            run.complete("a", {"v": 1})
            assert (run.open, run.waiting) == ("other", "")
            run.complete("other")

        body = guarded(error("E1"), interrupting=True, host=host)
        assert both(body, story, {"xs": [1, 2]}, services=failing("E1"), more=codes("E1")).ended


def test_one_failed_instance_of_many_interrupts_them_all() -> None:
    body = guarded(
        error("E1"), interrupting=True, host=looped(service("work", "svc"), each("xs", "x", sequential=True))
    )
    run = both(body, lambda run: run.complete("other"), {"xs": [1, 2, 3]}, services=failing("E1"), more=codes("E1"))
    assert run.ended and run.trace == "work ring other end_other"


BLOCK_WITH_ERROR = (
    start("begin_in") + par("g1") + user("a") + user("b") + finish("bad", error("E1")) + finish("e_in")
    + chain("begin_in g1 a bad; g1 b e_in")
)  # fmt: skip


def test_an_error_end_cancels_the_block_and_carries_its_data_to_the_boundary() -> None:
    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        assert (run.open, run.waiting) == ("other", "")
        assert run.data["a"] == {"v": 1} and run.data["ring"] == {"code": "E1", "message": ""}
        run.complete("other")

    run = both(guarded(error("E1"), interrupting=True, host=sub("work", BLOCK_WITH_ERROR)), story, more=codes("E1"))
    assert run.trace == "work a bad ring other end_other"


def test_an_error_is_caught_by_the_activity_around_it_and_never_by_a_neighbour() -> None:
    neighbour = sub("next", start("begin_n") + user("n") + finish("bad_n", error("E1")) + chain("begin_n n bad_n"))
    body = start() + par("g8", "g9") + sub("work", BLOCK_WITH_ERROR) + neighbour + boundary("r1", "work", error("E1"))
    body += boundary("r2", "next", error("E1")) + user("x1") + user("x2") + end()
    body += node("exclusiveGateway", "m1") + node("exclusiveGateway", "m2")
    body += chain("begin g8 work m1 g9 finish; g8 next m2 g9; r1 x1 m1; r2 x2 m2")

    def story(run: Run) -> None:
        run.complete("n")
        assert run.open == "a b x2"
        run.complete("a")
        assert run.open == "x1 x2"
        run.complete("x1")
        run.complete("x2")

    assert both(body, story, more=codes("E1")).ended


def test_the_exact_code_is_caught_before_any_and_others_travel_on() -> None:
    inner = (
        start("begin_in") + user("a") + choose("g", "bad2") + finish("bad1", error("E1")) + finish("bad2", error("E2"))
    )
    inner += chain("begin_in a g") + flow("g", "bad1", "a.n = 1") + flow("g", "bad2")
    mid = (
        start("begin_mid")
        + sub("mid", inner)
        + boundary("c1", "mid", error("E1"))
        + user("x1")
        + finish("e1")
        + finish("e2")
    )
    mid += chain("begin_mid mid e2; c1 x1 e1")
    body = start() + sub("outer", mid) + boundary("c2", "outer", error()) + user("x2") + end() + finish("e3")
    body += chain("begin outer finish; c2 x2 e3")
    for n, opened in ((1, "x1"), (2, "x2")):

        def story(run: Run, n: int = n, opened: str = opened) -> None:
            run.complete("a", {"n": n})
            assert run.open == opened
            run.complete(opened)

        assert both(body, story, more=codes("E1", "E2")).ended


def test_an_error_leaves_a_called_process_through_the_call() -> None:
    called = process("helper", start("begin_h") + user("h") + finish("bad", error("E1")) + chain("begin_h h bad"))
    body = guarded(error("E1"), interrupting=True, host=node("callActivity", "work", calledElement="helper"))

    def story(run: Run) -> None:
        run.complete("h", {"v": 1})
        assert run.open == "other" and run.data["h"] == {"v": 1}
        run.complete("other")

    assert both(body, story, more=called + codes("E1")).ended


def test_work_beside_an_error_stops_at_once() -> None:
    ran: list[str] = []
    inner = start("begin_in") + par("g1") + script("s", "z = 1") + finish("bad", error("E1")) + service("late", "svc")
    inner += service("later", "svc") + finish("e_in") + chain("begin_in g1 s bad; g1 late later e_in")
    body = guarded(error("E1"), interrupting=True, host=sub("work", inner))
    both(
        body,
        lambda run: run.complete("other"),
        services={"svc": lambda e, p: ran.append(e.element_id)},
        more=codes("E1"),
    )
    assert "later" not in ran


# -- escalations --------------------------------------------------------------------


def test_an_escalation_rings_around_and_the_block_goes_on() -> None:
    inner = (
        start("begin_in") + user("a") + throw("call", escalation("S1")) + user("b") + throw("call2", escalation("S1"))
    )
    inner += finish("e_in", escalation("S2")) + chain("begin_in a call b call2 e_in")
    body = guarded(escalation("S1"), interrupting=False, host=sub("work", inner))

    def story(run: Run) -> None:
        run.complete("a")
        assert run.open == "b other"
        run.complete("b")
        assert run.open == "other other"
        run.complete("other")
        run.complete("other")

    assert both(body, story, more=codes("S1", "S2")).ended


@pytest.mark.parametrize("event", [escalation("late"), '<bpmn:signalEventDefinition signalRef="sig_late"/>'],
                         ids=["escalation", "signal"])  # fmt: skip
def test_two_branches_that_throw_in_the_same_step_are_both_heard(event: str) -> None:
    inner = start("in") + par("gsplit") + throw("one", event) + throw("two", event) + end("out_1") + end("out_2")
    inner += chain("in gsplit one out_1; gsplit two out_2")
    body = start() + sub("block", inner) + boundary("ring", "block", event, interrupting=False) + user("told")
    body += end() + finish("end_told") + chain("begin block finish; ring told end_told")

    def story(run: Run) -> None:
        assert run.open == "told told"
        run.complete("told")
        run.complete("told")

    run = both(body, story, more='<bpmn:signal id="sig_late" name="late"/>' + codes("late"))
    assert run.ended and run.trace.split().count("ring") == 2


def test_an_interrupting_escalation_stops_the_block_at_once() -> None:
    inner = start("begin_in") + par("g1") + throw("call", escalation("S1")) + user("b") + finish("e_in")
    inner += script("x", "k = 1") + script("y", "m = 1") + finish("e2") + chain("begin_in g1 call b e_in; g1 x y e2")

    def story(run: Run) -> None:
        assert run.open == "other" and "y" not in run.trace.split()
        run.complete("other")

    run = both(guarded(escalation("S1"), interrupting=True, host=sub("work", inner)), story, more=codes("S1"))
    assert run.ended and run.data["ring"] == {"code": "S1", "message": ""}


# -- ends ---------------------------------------------------------------------------


def test_a_terminate_end_inside_a_block_ends_the_block_alone() -> None:
    inner = start("begin_in") + par("g1") + user("a") + user("b") + catch("m", message("go")) + terminate("stop")
    inner += finish("e1") + finish("e2") + chain("begin_in g1 a stop; g1 b e1; g1 m e2")
    body = start() + par("g0", "g9") + sub("work", inner) + user("c") + user("after") + end()
    body += chain("begin g0 work g9 after finish; g0 c g9")

    def story(run: Run) -> None:
        run.complete("a", {"v": 3})
        assert run.open == "c" and run.waiting == ""
        run.complete("c")
        assert run.open == "after" and run.data["a"] == {"v": 3}
        run.complete("after")

    assert both(body, story, messages="go").ended


def test_a_terminate_end_at_the_top_ends_blocks_and_calls_too() -> None:
    called = process("helper", start("begin_h") + user("h") + finish("e_h") + chain("begin_h h e_h"))
    body = (
        start()
        + par("g1")
        + user("a")
        + sub("work", start("begin_in") + user("b") + finish("e_in") + chain("begin_in b e_in"))
    )
    body += node("callActivity", "call", calledElement="helper") + looped(user("m"), times("2")) + terminate("stop")
    body += "".join(finish(f"e{n}") for n in range(3)) + chain("begin g1 a stop; g1 work e0; g1 call e1; g1 m e2")

    def story(run: Run) -> None:
        assert run.open == "a b h m m"
        run.complete("a")
        assert run.ended

    both(body, story, more=called)


def test_a_terminate_end_deep_in_a_long_loop_still_stops_everything() -> None:
    body = (
        start() + par("g1") + user("b") + node("exclusiveGateway", "g2") + script("n", "i = i + 1") + choose("g3", "g2")
    )
    body += user("a") + terminate("stop") + finish("e1") + chain("begin g1 g2 n g3; g1 b e1; a stop")
    body += flow("g3", "a", "i &gt; 400") + flow("g3", "g2")

    def story(run: Run) -> None:
        assert run.open == "a b"
        run.complete("a")
        assert run.ended

    both(body, story, {"i": 0})
