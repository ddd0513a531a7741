"""Conditional events as BPMN says, live and restored: they occur when a condition becomes true."""

from __future__ import annotations

from tests.support.bpmn_runs import (
    Run,
    both,
    boundary,
    catch,
    chain,
    each,
    finish,
    message,
    node,
    par,
    reasons,
    script,
    sub,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user


def when(text: str) -> str:
    inner = f'<bpmn:condition xsi:type="bpmn:tFormalExpression">{text}</bpmn:condition>'
    return f"<bpmn:conditionalEventDefinition>{inner}</bpmn:conditionalEventDefinition>"


def test_a_token_waits_until_another_one_makes_the_condition_true() -> None:
    body = start() + par("g1", "g2") + catch("wait", when("count.n &gt;= 3"), set_seen="count.n")
    body += script("after", "y = 1") + user("count") + node("exclusiveGateway", "g3", default="g3_to_count") + end()
    body += chain("begin g1; g1 wait after g2; g1 g3; count g3; g2 finish; g3 count")
    body += flow("g3", "g2", "count.n = 4")

    def story(run: Run) -> None:
        run.complete("count", {"n": 1})
        assert run.waiting == "wait"
        run.complete("count", {"n": 3})
        assert run.waiting == "" and "after" in run.trace
        run.complete("count", {"n": 4})

    run = both(body, story)
    assert run.ended and run.trace == "count count wait after count finish" and run.data["seen"] == 3


def test_a_condition_that_is_true_already_does_not_wait() -> None:
    body = start() + catch("wait", when("n &gt; 3")) + end() + chain("begin wait finish")
    assert both(body, lambda run: None, {"n": 4}).ended
    waiting = both(body, lambda run: None, {"n": 3})
    assert not waiting.ended and waiting.waiting == "wait"


def test_an_interrupting_condition_takes_the_task_away() -> None:
    body = start() + par("g1", "g2") + user("work") + boundary("stop", "work", when("cancel.sure = true"))
    body += user("cancel") + user("other") + end() + finish("e2")
    body += chain("begin g1; g1 work g2; g1 cancel g2; g2 finish; stop other e2")

    def story(run: Run) -> None:
        run.complete("cancel", {"sure": True})
        assert run.open == "other"

    both(body, story)

    def harmless(run: Run) -> None:
        run.complete("cancel", {"sure": False})
        assert run.open == "work" and run.waiting == "stop"
        run.complete("work")
        assert run.ended and run.waiting == ""

    both(body, harmless)


def test_a_condition_that_does_not_interrupt_occurs_each_time_it_becomes_true() -> None:
    body = start() + par("g1") + user("work") + boundary("alarm", "work", when("level.n &gt; 5"), interrupting=False)
    body += node("exclusiveGateway", "g2") + user("level") + node("exclusiveGateway", "g3", default="g3_to_g2")
    body += script("note", "z = 1") + end() + finish("e2") + finish("e3")
    body += chain("begin g1; g1 work finish; g1 g2; g2 level; level g3; g3 g2; alarm note e2")
    body += flow("g3", "e3", "level.n = 0")

    def story(run: Run) -> None:
        for n in (1, 6, 7, 2, 9, 9, 3):
            run.complete("level", {"n": n})
        assert run.trace.count("alarm") == 2, run.trace
        assert run.open == "level work" and run.waiting == "alarm"

    both(body, story)


def test_what_is_done_inside_a_block_counts_around_it() -> None:
    inner = start("begin_in") + user("a") + script("half", "share = 50") + user("b") + script("full", "share = 100")
    inner += finish("e_in") + chain("begin_in a half b full e_in")
    body = start() + sub("block", inner) + boundary("enough", "block", when("share &gt;= 50")) + end() + finish("e2")
    body += chain("begin block finish; enough e2")

    def story(run: Run) -> None:
        run.complete("a")
        assert run.ended

    assert both(body, story).trace == "block a half enough e2"


def test_instances_of_a_block_have_conditions_of_their_own() -> None:
    inner = start("begin_in") + par("g1", "g2") + user("answer") + catch("yes", when("answer.ok = true"))
    inner += finish("e_in") + chain("begin_in g1; g1 answer g2; g1 yes g2; g2 e_in")
    body = start() + sub("many", inner, each("xs", "x")) + end() + chain("begin many finish")

    def story(run: Run) -> None:
        assert run.waiting == "yes yes"
        run.complete("answer", {"ok": True}, item=1)
        assert run.waiting == "yes", "the other instance has not answered"
        run.complete("answer", {"ok": True}, item=2)

    assert both(body, story, {"xs": [1, 2]}).ended


def test_a_race_may_be_won_by_a_condition() -> None:
    body = start() + par("g1", "g2") + user("work") + node("eventBasedGateway", "g3")
    body += catch("fine", when("work.ok")) + catch("told", message("go")) + node("exclusiveGateway", "g4") + end()
    body += chain("begin g1; g1 work g2; g1 g3; g3 fine g4; g3 told g4; g4 g2; g2 finish")
    run = both(body, lambda run: run.complete("work", {"ok": True}), messages="go")
    assert run.ended and run.trace == "work fine finish"


def test_a_process_may_start_on_a_condition_of_what_it_is_given() -> None:
    body = node("startEvent", "begin", when("n &gt; 3")) + user("work") + end() + chain("begin work finish")
    assert both(body, lambda run: None, {"n": 4}).open == "work"
    assert both(body, lambda run: None, {"n": 2}).waiting == "begin"


def test_a_condition_nobody_could_evaluate_is_refused() -> None:
    body = start() + catch("wait", when("n &gt;= ")) + end() + chain("begin wait finish")
    assert reasons(diagram(body))
