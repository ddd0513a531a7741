"""Event sub-processes as BPMN says: armed with their scope, instead of its tokens or beside them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    both,
    boundary,
    call,
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
    refusals,
    script,
    sub,
    terminate,
    throw,
    timer,
    xor,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, service, start, user
from tests.support.scope_models import handler

SIGNAL = '<bpmn:signal id="sig" name="停"/>'
SIGNALLED = '<bpmn:signalEventDefinition signalRef="sig"/>'
CONDITION = (
    '<bpmn:conditionalEventDefinition><bpmn:condition xsi:type="bpmn:tFormalExpression">n &gt; 1</bpmn:condition>'
    "</bpmn:conditionalEventDefinition>"
)

#: What may start a handler, and how it is brought about.
EVENTS: dict[str, tuple[str, Any]] = {
    "message": (message("go"), lambda run: run.message("go", {"m": 1})),
    "signal": (SIGNALLED, lambda run: run.signal("停", {"m": 1})),
    "duration": (timer("PT3H"), lambda run: run.later(hours=3)),
    "date": (timer("2026-03-02T12:00:00+08:00", "timeDate"), lambda run: run.later(hours=3)),
    "cycle": (timer("R5/PT3H", "timeCycle"), lambda run: run.later(hours=3)),
    "condition": (CONDITION, lambda run: run.complete("count")),
}

#: A level with a bit of everything: a task, a timer, a message, a block, and a task that raises ``n``.
BUSY = (
    start()
    + par("g1", "g2")
    + user("work")
    + user("count", set_n="n + 1")
    + node("intermediateCatchEvent", "pause", timer("P1D"))
    + node("intermediateCatchEvent", "hear", message("other"))
    + sub("block", start("begin_in") + user("inside") + finish("e_in") + chain("begin_in inside e_in"))
    + end()
    + chain("begin g1; g1 work g2; g1 count g2; g1 pause g2; g1 hear g2; g1 block g2; g2 finish")
)


def busy(run: Run) -> None:
    assert run.open == "count inside work" and {"hear", "pause"} <= set(run.waiting.split())


@pytest.mark.parametrize("kind", EVENTS)
def test_a_handler_that_interrupts_takes_everything_else_of_its_scope_away(kind: str) -> None:
    event, bring_about = EVENTS[kind]

    def story(run: Run) -> None:
        busy(run)
        run.complete("inside", {"v": 1})
        bring_about(run)
        assert run.open == "h_fix" and run.waiting == ""
        run.complete("h_fix", {"v": 2})

    run = both(BUSY + handler("h", event), story, {"n": 1}, messages="go other", more=SIGNAL)
    assert run.ended and run.trace.endswith("h h_go h_fix h_end") and "finish" not in run.trace
    assert run.data["inside"] == {"v": 1} and run.data["h_fix"] == {"v": 2}
    if kind in {"message", "signal"}:
        assert run.data["h_go"] == {"m": 1}


@pytest.mark.parametrize("kind", EVENTS)
def test_a_handler_that_does_not_interrupt_runs_beside_the_scope(kind: str) -> None:
    event, bring_about = EVENTS[kind]

    def story(run: Run) -> None:
        busy(run)
        bring_about(run)
        assert "h_fix inside" in run.open and {"hear", "pause"} <= set(run.waiting.split())
        run.complete("inside")
        if kind != "condition":
            run.complete("count")
        run.message("other")
        run.later(days=1)
        run.complete("work")
        assert run.open.startswith("h_fix") and run.waiting == "", "the scope waits for the handler, no new one begins"
        while run.open:
            run.complete("h_fix")

    run = both(BUSY + handler("h", event, interrupting=False), story, {"n": 1}, messages="go other", more=SIGNAL)
    assert run.ended and run.trace.count("h_go") == (5 if kind == "cycle" else 1)


def test_a_scope_that_ends_before_the_event_takes_its_handlers_with_it() -> None:
    inner = (
        start("begin_in") + user("work") + finish("e_in") + chain("begin_in work e_in") + handler("h", message("go"))
    )
    body = start() + sub("block", inner) + user("after") + end() + chain("begin block after finish")

    def story(run: Run) -> None:
        assert run.waiting == "h_go"
        run.complete("work")
        assert run.waiting == "" and run.open == "after"
        run.complete("after")

    assert both(body, story, messages="go").trace == "block work e_in after finish"


def test_the_scope_of_a_block_goes_on_behind_it_once_its_handler_is_done() -> None:
    inner = start("begin_in") + user("work") + finish("e_in") + chain("begin_in work e_in")
    inner += handler("h", timer("PT2H"))
    body = start() + par("g1", "g2") + sub("block", inner) + user("beside") + user("after") + end()
    body += chain("begin g1; g1 block g2; g1 beside g2; g2 after finish")

    def story(run: Run) -> None:
        run.later(hours=2)
        assert run.open == "beside h_fix", "only the tokens of the block itself are gone"
        run.complete("h_fix", {"v": 1})
        run.complete("beside")
        run.complete("after")

    run = both(body, story)
    assert run.trace == "block h h_go h_fix h_end beside after finish" and run.data["h_fix"] == {"v": 1}


def test_a_called_process_has_its_own_handlers() -> None:
    called = start("begin_c") + user("work") + finish("e_c") + chain("begin_c work e_c")
    called += handler("h", message("go"), interrupting=False) + handler("late", timer("PT2H"))
    body = start() + call("other", "callee") + user("after") + end() + chain("begin other after finish")

    def story(run: Run) -> None:
        run.message("go", {"m": 1})
        run.message("go", {"m": 2})
        assert run.open == "h_fix h_fix work" and run.waiting == "h_go late_go"
        run.later(hours=2)
        assert run.open == "late_fix" and run.waiting == "", "handlers that run are interrupted too"
        run.complete("late_fix")
        run.complete("after")

    run = both(body, story, messages="go", more=process("callee", called))
    assert run.trace == "other h h_go h h_go late late_go late_fix late_end after finish"


def test_a_cycle_begins_a_handler_every_round() -> None:
    body = start() + user("work") + end() + chain("begin work finish")
    body += handler("h", timer("R3/PT1H", "timeCycle"), script("s", "n = n + 1"), path="s", interrupting=False)

    def story(run: Run) -> None:
        run.later(hours=1)
        assert run.data["n"] == 1
        run.later(hours=5)
        assert run.waiting == ""
        run.complete("work")

    run = both(body, story, {"n": 0})
    assert run.data["n"] == 3 and run.trace == "h h_go s h_end h h_go s h_end h h_go s h_end work finish"


def test_a_condition_begins_a_handler_each_time_it_becomes_true() -> None:
    body = start() + xor("g") + user("level", set_n="level.n") + end() + chain("begin g level")
    body = body.replace('id="level" name', 'id="level" default="again" name')
    body += flow("level", "finish", "level.n = 0") + node("sequenceFlow", "again", sourceRef="level", targetRef="g")
    body += handler("h", CONDITION, interrupting=False)

    def story(run: Run) -> None:
        for value in (2, 3, 1, 5):
            run.complete("level", {"n": value})
        assert run.open == "h_fix h_fix level"
        run.complete("level", {"n": 0})
        run.complete("h_fix")
        run.complete("h_fix")

    assert both(body, story, {"n": 0}).ended


# -- data -----------------------------------------------------------------------------


def test_a_handler_sees_what_the_tokens_know_and_they_hear_what_it_writes() -> None:
    body = start() + par("g1", "g2") + user("a", set_x="a.v") + user("b") + script("read", "seen = y") + end()
    body += user("last") + chain("begin g1; g1 a b g2; g1 last read g2; g2 finish")
    body += handler("h", message("go"), script("s", "y = x + h_go.m"), path="s", interrupting=False)

    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        run.message("go", {"m": 10})
        run.complete("last")
        run.message("go", {"m": 20})
        run.complete("b")

    run = both(body, story, {"y": 0}, messages="go")
    assert run.ended and run.data["seen"] == 11 and run.data["y"] == 21 and run.data["x"] == 1
    assert run.data["h_go"] == {"m": 20}


def test_what_a_token_changed_after_the_handler_began_is_its_own() -> None:
    body = start() + user("a", set_x="a.v") + user("b", set_x="b.v") + end() + chain("begin a b finish")
    body += handler("h", message("go"), user("fix", set_y="fix.v"), path="fix", interrupting=False)

    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        run.message("go")
        run.complete("b", {"v": 2})
        run.complete("fix", {"v": 3})

    run = both(sub_with_tail(body), story, messages="go")
    assert run.ended and run.data["x"] == 2 and run.data["y"] == 3 and run.data["tail"] == 2


def sub_with_tail(inner: str) -> str:
    """The level as a block, then a script that reads what came out of it."""
    inner = inner.replace('"begin', '"begin_in').replace('"finish"', '"e_in"').replace("_to_finish", "_to_e_in")
    return start() + sub("block", inner) + script("t", "tail = x") + end() + chain("begin block t finish")


def test_two_that_change_one_name_differently_at_the_end_of_a_block_are_a_clear_failure() -> None:
    body = start() + user("a", set_x="1") + end() + chain("begin a finish")
    body += handler("h", message("go"), user("fix", set_x="2"), path="fix", interrupting=False)

    def story(run: Run) -> None:
        run.message("go")
        run.complete("a")
        with pytest.raises(ServiceTaskFailed, match="写入了不同的值"):
            run.complete("fix")

    both(sub_with_tail(body), story, {"x": 0}, messages="go")


# -- errors and escalations -----------------------------------------------------------

FAILING = start("begin_in") + user("work") + finish("boom", error("E1")) + chain("begin_in work boom")


def fails(element: Any, parameters: dict[str, Any]) -> None:
    raise ServiceTaskFailed("不行", error_code="E1")


def test_an_error_is_caught_by_the_nearest_scope_and_exactly_before_any() -> None:
    inner = FAILING + handler("other", error("E2")) + handler("any", error())
    body = start() + sub("block", inner) + boundary("ring", "block", error("E1")) + finish("e_ring") + end()
    body += chain("begin block finish; ring e_ring") + handler("outer", error("E1"))

    def story(run: Run) -> None:
        run.complete("work", {"v": 1})
        assert run.open == "any_fix"
        run.complete("any_fix")

    run = both(body, story, more=codes("E1", "E2"))
    assert run.trace == "block work boom any any_go any_fix any_end finish"
    assert run.data["any_go"] == {"code": "E1", "message": ""} and run.data["work"] == {"v": 1}


def test_the_boundary_of_the_activity_comes_before_the_handler_around_it_and_that_before_the_next_boundary() -> None:
    inner = start("begin_in") + sub("deep", FAILING.replace("begin_in", "begin_deep")) + finish("e_in")
    inner += chain("begin_in deep e_in")
    near = boundary("near", "deep", error("E1")) + finish("e_near") + chain("near e_near")
    outer = (
        start()
        + end()
        + boundary("far", "block", error("E1"))
        + finish("e_far")
        + chain("begin block finish; far e_far")
    )

    def story(run: Run) -> None:
        run.complete("work")

    h = handler("h", error("E1"), script("s", "n = 1"), path="s")
    declared = codes("E1")
    assert both(outer + sub("block", inner + near + h), story, more=declared).trace == (
        "block deep work boom near e_near finish"
    )
    assert both(outer + sub("block", inner + h), story, more=declared).trace == (
        "block deep work boom h h_go s h_end finish"
    )
    assert both(outer + sub("block", inner), story, more=declared).trace == "block deep work boom far e_far"


def test_a_failing_service_starts_the_handler_of_its_scope() -> None:
    body = start() + par("g1", "g2") + user("beside") + user("ready") + service("svc", "svc") + end()
    body += chain("begin g1; g1 beside g2; g1 ready svc g2; g2 finish") + handler("h", error("E1"))

    def story(run: Run) -> None:
        run.complete("ready")
        assert run.open == "h_fix"
        run.complete("h_fix")

    run = both(body, story, services={"svc": fails}, more=codes("E1"))
    assert run.trace == "ready svc h h_go h_fix h_end" and run.data["h_go"] == {"code": "E1", "message": "不行"}


def test_a_handler_that_fails_is_no_matter_for_itself_but_for_the_scope_around() -> None:
    broken = handler("h", error("E1"), finish("again", error("E1")), path="again").replace(
        flow("again", "h_end") + "</bpmn:subProcess>", "</bpmn:subProcess>"
    )
    broken = broken.replace(finish("h_end"), "")
    inner = FAILING + broken
    body = start() + sub("block", inner) + boundary("ring", "block", error("E1")) + finish("e_ring") + end()
    body += chain("begin block finish; ring e_ring")

    run = both(body, lambda run: run.complete("work"), more=codes("E1"))
    assert run.trace == "block work boom h h_go again ring e_ring"


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("where", ["inside", "outside"])
def test_an_escalation_starts_a_handler(interrupting: bool, where: str) -> None:
    h = handler("h", escalation("S1"), interrupting=interrupting)
    inner = start("begin_in") + throw("up", escalation("S1")) + user("work") + finish("e_in", escalation("S1"))
    inner += chain("begin_in up work e_in") + (h if where == "inside" else "")
    body = start() + sub("block", inner) + end() + chain("begin block finish") + (h if where == "outside" else "")

    def story(run: Run) -> None:
        assert run.open == ("h_fix" if interrupting else "h_fix work")
        if not interrupting:
            run.complete("work")
            assert run.open == "h_fix h_fix", "the last token of a scope still reaches its handlers"
            run.complete("h_fix")
        run.complete("h_fix")

    run = both(body, story, more=codes("S1"))
    if interrupting:
        assert run.trace == "block up h h_go h_fix h_end" + (" finish" if where == "inside" else "")
    else:
        assert run.ended and run.trace.startswith("block up h h_go work e_in h h_go")


def test_a_handler_that_throws_what_it_catches_does_not_begin_again() -> None:
    h = handler("h", escalation("S1"), throw("up", escalation("S1")), path="up", interrupting=False)
    inner = start("begin_in") + throw("first", escalation("S1")) + finish("e_in") + chain("begin_in first e_in") + h
    body = start() + sub("block", inner) + boundary("ring", "block", escalation("S1"), interrupting=False)
    body += finish("e_ring") + end() + chain("begin block finish; ring e_ring")
    assert both(body, lambda run: None, more=codes("S1")).trace.split().count("up") == 1


def test_an_escalation_that_nobody_catches_changes_nothing() -> None:
    body = start() + throw("up", escalation("S1")) + user("work") + finish("finish", escalation("S1"))
    body += chain("begin up work finish") + handler("h", escalation("S2"))
    assert both(body, lambda run: run.complete("work"), more=codes("S1", "S2")).trace == "up work finish"


# -- handlers in and around other constructs -------------------------------------------


def test_a_handler_may_have_handlers_of_its_own() -> None:
    steps = user("fix") + handler("deep", message("stop"))
    body = start() + user("work") + end() + chain("begin work finish") + handler("h", message("go"), steps, path="fix")

    def story(run: Run) -> None:
        assert run.waiting == "h_go"
        run.message("go")
        assert run.waiting == "deep_go" and run.open == "fix"
        run.message("stop")
        run.complete("deep_fix")

    assert both(body, story, messages="go stop").trace == "h h_go deep deep_go deep_fix deep_end"


def test_every_instance_of_a_block_has_handlers_of_its_own() -> None:
    inner = start("begin_in") + user("work") + finish("e_in") + chain("begin_in work e_in")
    inner += handler("h", message("go"), user("fix", role="承办人"), path="fix")
    body = start() + sub("many", inner, each("xs", "x")) + end() + chain("begin many finish")

    def story(run: Run) -> None:
        run.message("go", {"m": 1})
        assert run.open == "fix work" and run.waiting == "h_go"
        run.complete("fix", {"v": 1})
        run.complete("work", {"v": 2})

    run = both(body, story, {"xs": ["a", "b"]}, messages="go")
    assert run.ended and [e.get("fix") for e in run.data["many"]] == [{"v": 1}, None]
    assert [e.get("work") for e in run.data["many"]] == [None, {"v": 2}]


def test_a_block_in_a_loop_arms_its_handlers_in_every_round() -> None:
    inner = start("begin_in") + user("work") + finish("e_in") + chain("begin_in work e_in")
    inner += handler("h", timer("PT1H"), script("s", "n = n + 1"), path="s")
    body = start() + xor("g1") + sub("block", inner) + node("exclusiveGateway", "g2", default="g2_to_g1") + end()
    body += chain("begin g1 block g2 g1") + flow("g2", "finish", "n = 2")

    def story(run: Run) -> None:
        run.later(hours=1)
        run.complete("work")
        assert run.waiting == "h_go"
        run.later(hours=1)

    run = both(body, story, {"n": 0})
    assert run.trace == "block h h_go s h_end block work e_in block h h_go s h_end finish"


def test_terminating_a_handler_ends_the_handler_alone() -> None:
    steps = par("g1") + user("fix") + user("stop") + terminate("dead")
    h = handler("h", message("go"), steps, path="g1 fix", interrupting=False).replace(
        "</bpmn:subProcess>", chain("g1 stop dead") + "</bpmn:subProcess>"
    )
    body = start() + user("work") + end() + chain("begin work finish") + h

    def story(run: Run) -> None:
        run.message("go")
        assert run.open == "fix stop work"
        run.complete("stop")
        assert run.open == "work" and run.waiting == "h_go"
        run.complete("work")

    assert both(body, story, messages="go").trace == "h h_go stop dead work finish"


def test_terminating_the_scope_ends_its_handlers_too() -> None:
    body = start() + user("work") + terminate("dead") + chain("begin work dead")
    body += handler("h", message("go"), interrupting=False)

    def story(run: Run) -> None:
        run.message("go")
        run.complete("work")

    run = both(body, story, messages="go")
    assert run.ended and run.trace == "h h_go work dead"


def test_a_boundary_event_around_the_scope_ends_its_handlers_too() -> None:
    inner = start("begin_in") + user("work") + finish("e_in") + chain("begin_in work e_in")
    inner += handler("h", message("go"), interrupting=False)
    body = start() + sub("block", inner) + boundary("ring", "block", timer("PT1H")) + finish("e_ring") + end()
    body += chain("begin block finish; ring e_ring")

    def story(run: Run) -> None:
        run.message("go")
        run.complete("h_fix", {"v": 1})
        run.message("go")
        run.later(hours=1)

    run = both(body, story, messages="go")
    assert run.ended and run.data["h_fix"] == {"v": 1} and run.trace.endswith("h h_go ring e_ring")


def test_of_two_that_interrupt_only_the_first_begins() -> None:
    body = start() + user("work") + end() + chain("begin work finish")
    body += handler("h", timer("PT1H")) + handler("k", timer("PT2H"))

    def story(run: Run) -> None:
        run.later(hours=5)
        assert run.open == "h_fix" and run.waiting == ""
        run.complete("h_fix")

    assert both(body, story).trace == "h h_go h_fix h_end"


def test_a_handler_may_have_several_triggers() -> None:
    body = start() + user("work") + end() + chain("begin work finish")
    body += handler("h", message("go") + timer("PT1H"), script("s", "n = n + 1"), path="s", interrupting=False)

    def story(run: Run) -> None:
        run.message("go")
        run.later(hours=1)
        run.message("go")
        run.complete("work")

    assert both(body, story, {"n": 0}, messages="go").data["n"] == 3


def test_a_handler_may_hold_a_multi_instance_task_without_items() -> None:
    steps = looped(user("fix"), each("xs", "x"))
    body = start() + user("work") + end() + chain("begin work finish") + handler("h", message("go"), steps, path="fix")
    assert both(body, lambda run: run.message("go"), {"xs": []}, messages="go").ended


# -- an error nobody catches ------------------------------------------------------------


def test_an_error_nobody_catches_ends_the_instance_and_says_which() -> None:
    body = start() + par("g1", "g2") + user("beside") + sub("block", FAILING) + end()
    body += chain("begin g1; g1 beside g2; g1 block g2; g2 finish") + handler("h", error("E2"))

    def story(run: Run) -> None:
        run.complete("work", {"v": 1})
        assert run.ended and run.execution.failure == {"code": "E1", "element": "boom"}

    run = both(body, story, more=codes("E1", "E2"))
    assert run.trace == "block work boom" and run.data["work"] == {"v": 1}


# -- what is refused ---------------------------------------------------------------------


def test_wrong_event_sub_processes_are_refused_by_name() -> None:
    body = start() + user("work") + end() + chain("begin work finish")
    wrong = {
        "flow-ends": handler("h", timer("PT1H")) + chain("work h"),
        "event-sub-process-start": handler("h", ""),
        "event-triggers": handler("h", error("E1"), interrupting=False),
        "event-sub-process-place": looped(handler("h", timer("PT1H")), each("xs", "x")),
        "event-sub-process-place ": node("adHocSubProcess", "ad", user("x") + handler("h", timer("PT1H"))),
        "boundary-event-host": handler("h", timer("PT1H")) + boundary("b", "h", timer("PT1H")) + chain("b finish"),
    }
    for rule, part in wrong.items():
        text = diagram(body + part).replace("</bpmn:definitions>", codes("E1") + "</bpmn:definitions>")
        assert rule.strip() in refusals(text), rule
