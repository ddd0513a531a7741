"""Boundary events, timers, messages and starts as BPMN says, live and restored."""

from __future__ import annotations

import pytest

from engine.bpmn.parser import load_definition
from engine.errors import Conflict
from tests.support.bpmn_runs import (
    NOW,
    Run,
    both,
    boundary,
    catch,
    chain,
    choose,
    definition_of,
    each,
    finish,
    guarded,
    looped,
    message,
    node,
    par,
    script,
    sub,
    throw,
    timer,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user

# -- boundary timers ------------------------------------------------------------


@pytest.mark.parametrize(("kind", "when"), [("timeDuration", "PT2H"), ("timeDate", "2026-03-02T11:00:00+08:00"),
                                            ("timeDate", "until"), ("timeCycle", "R3/PT2H")])  # fmt: skip
def test_an_interrupting_timer_takes_the_task_away_once(kind: str, when: str) -> None:
    def story(run: Run) -> None:
        run.later(hours=1)
        assert (run.open, run.waiting) == ("work", "ring")
        run.later(hours=1)
        assert (run.open, run.waiting) == ("other", "")
        run.later(hours=9)
        run.complete("other")

    run = both(guarded(timer(when, kind), interrupting=True), story, {"until": "2026-03-02T11:00:00+08:00"})
    assert run.ended and run.trace == "ring other end_other"


def test_a_timer_does_not_ring_for_a_task_that_was_done_in_time() -> None:
    for interrupting in (True, False):

        def story(run: Run) -> None:
            run.later(hours=1)
            run.complete("work")
            assert run.ended and run.waiting == ""

        assert both(guarded(timer("PT2H"), interrupting=interrupting), story).trace == "work finish"


def test_a_reminder_leaves_the_task_and_rings_once() -> None:
    def story(run: Run) -> None:
        run.later(hours=2)
        assert (run.open, run.waiting) == ("other work", "")
        run.later(hours=2)
        assert run.open == "other work"
        run.complete("work")
        assert run.open == "other"
        run.complete("other")

    run = both(guarded(timer("PT2H"), interrupting=False), story)
    assert run.ended and run.trace == "ring work finish other end_other"


def test_a_cycle_rings_every_time_and_what_it_started_outlives_the_task() -> None:
    def story(run: Run) -> None:
        run.later(hours=2)
        assert (run.open, run.waiting) == ("other work", "ring")
        run.later(hours=2)
        assert run.open == "other other work"
        run.complete("work")
        assert (run.open, run.waiting) == ("other other", "")
        run.later(hours=2)
        run.complete("other")
        run.complete("other")

    run = both(guarded(timer("R3/PT2H", "timeCycle"), interrupting=False), story)
    assert run.ended and run.trace == "ring ring work finish other end_other other end_other"


def test_a_cycle_ends_after_its_last_round_and_makes_up_for_missed_ones() -> None:
    def story(run: Run) -> None:
        run.later(hours=5)
        assert run.open == "other other work" and run.waiting == "ring"
        run.later(hours=5)
        assert run.open == "other other other work" and run.waiting == ""

    both(guarded(timer("R3/PT2H", "timeCycle"), interrupting=False), story)


def test_a_deadline_that_passed_unnoticed_rings_before_a_late_submission() -> None:
    def late(run: Run) -> None:
        run.host.now = NOW.replace(hour=12)
        run.complete("work")
        assert run.open == "other"

    assert both(guarded(timer("PT2H"), interrupting=False), late).trace == "ring work finish"

    def too_late(run: Run) -> None:
        run.host.now = NOW.replace(hour=12)
        with pytest.raises(Conflict):
            run.complete("work")

    both(guarded(timer("PT2H"), interrupting=True), too_late)


def test_of_two_overdue_timers_the_earlier_one_rings() -> None:
    body = start() + user("work") + boundary("late", "work", timer("PT5H")) + boundary("soon", "work", timer("PT3H"))
    body += end() + finish("e1") + finish("e2") + chain("begin work finish; late e1; soon e2")
    assert both(body, lambda run: run.later(hours=9)).trace == "soon e2"


def test_a_timer_inside_rings_before_a_later_one_around() -> None:
    inner = start("begin_in") + user("work") + boundary("soon", "work", timer("PT1H")) + script("note", "x = 1")
    inner += finish("e1") + finish("e2") + chain("begin_in work e1; soon note e2")
    body = start() + sub("block", inner) + boundary("late", "block", timer("PT1H30M")) + end() + finish("e3")
    body += chain("begin block finish; late e3")
    assert both(body, lambda run: run.later(hours=9)).trace == "block soon note e2 finish"
    body = body.replace("PT1H30M", "PT30M")
    assert both(body, lambda run: run.later(hours=9)).trace == "block late e3"


def test_a_timer_around_a_block_takes_everything_in_it_away() -> None:
    inner = (
        start("begin_in") + par("g1", "g2") + user("a") + looped(user("b"), each("xs", "x")) + catch("m", message("go"))
    )
    inner += sub("deep", start("begin_deep") + user("c") + finish("e_deep") + chain("begin_deep c e_deep"))
    inner += finish("e_in") + chain("begin_in g1 a g2 e_in; g1 b g2; g1 deep g2; g1 m g2")
    for multi, opened in (("", 1), (each("ys", "y"), 2), (each("ys", "y", sequential=True), 1)):

        def story(run: Run, opened: int = opened) -> None:
            assert run.open == " ".join(["a"] * opened + ["b"] * 2 * opened + ["c"] * opened)
            assert run.waiting == " ".join(["m"] * opened + ["ring"])
            run.later(hours=2)
            assert (run.open, run.waiting) == ("other", "")
            run.complete("other")

        body = guarded(timer("PT2H"), interrupting=True, host=sub("work", inner, multi))
        assert both(body, story, {"xs": [1, 2], "ys": [1, 2]}, messages="go").ended


def test_a_timer_on_many_instances_takes_them_all_away_in_every_round() -> None:
    body = (
        start() + choose("g0", "many") + looped(user("many"), each("xs", "x")) + boundary("ring", "many", timer("PT1H"))
    )
    body += user("fix") + end() + chain("begin g0; g0 many finish; ring fix g0")
    body = body.replace(' default="g0_to_many"', "")

    def story(run: Run) -> None:
        for _ in range(3):
            assert sorted(run.items) == [1, 2]
            run.complete("many", {"n": 0}, item=2)
            run.later(hours=1)
            assert run.open == "fix"
            run.complete("fix")
        for item in (1, 2):
            run.complete("many", {"n": item}, item=item)

    run = both(body, story, {"xs": [1, 2]})
    assert run.ended and run.data["many"] == [{"n": 1, "item": 1}, {"n": 2, "item": 2}]


def test_several_boundary_events_on_one_task() -> None:
    body = start() + user("work") + boundary("nag", "work", timer("R/PT1H", "timeCycle"), interrupting=False)
    body += boundary("told", "work", message("go"), interrupting=False) + boundary("stop", "work", timer("P1D"))
    body += script("n1", "a = 1") + script("n2", "b = told.n") + finish("e1") + finish("e2") + finish("e3") + end()
    body += chain("begin work finish; nag n1 e1; told n2 e2; stop e3")

    def story(run: Run) -> None:
        run.message("go", {"n": 1})
        run.later(hours=1)
        run.message("go", {"n": 2})
        run.later(hours=1)
        assert run.waiting == "nag stop told" and run.open == "work"
        run.later(hours=22)

    run = both(body, story, messages="go")
    assert (
        run.ended
        and run.trace.startswith("told n2 e2 nag n1 e1 told n2 e2 nag n1 e1")
        and run.trace.endswith("stop e3")
    )
    assert run.trace.count("nag") in (23, 24)


def test_a_reminder_answered_twice_inside_a_block_keeps_the_last_answer() -> None:
    inner = (
        start("begin_in") + user("work") + boundary("nag", "work", timer("R2/PT1H", "timeCycle"), interrupting=False)
    )
    inner += user("answer") + finish("e_in") + finish("e_nag") + chain("begin_in work e_in; nag answer e_nag")
    body = start() + sub("block", inner) + end() + chain("begin block finish")

    def story(run: Run) -> None:
        run.later(hours=3)
        run.complete("answer", {"v": 1})
        run.complete("answer", {"v": 2})
        run.complete("work", {"v": 3})

    run = both(body, story)
    assert run.ended and run.data["answer"] == {"v": 2} and run.data["work"] == {"v": 3}


# -- messages ---------------------------------------------------------------------


def test_an_interrupting_message_takes_the_task_away() -> None:
    def story(run: Run) -> None:
        run.message("go", {"why": "x"})
        assert (run.open, run.waiting) == ("other", "")
        assert run.data["ring"] == {"why": "x"}
        run.complete("other")

    assert both(guarded(message("go"), interrupting=True), story, messages="go").trace == "ring other end_other"


def test_a_message_that_does_not_interrupt_may_come_again_and_again() -> None:
    def story(run: Run) -> None:
        for number in range(3):
            run.message("go", {"n": number})
        assert run.open == "other other other work"
        run.complete("other", {"v": 1})
        run.complete("work")
        assert run.open == "other other" and run.waiting == ""
        run.complete("other", {"v": 1})
        run.complete("other", {"v": 1})

    assert both(guarded(message("go"), interrupting=False), story, messages="go").ended


def test_messages_are_caught_thrown_sent_and_received() -> None:
    body = start() + catch("hear", message("go"), set_x="hear.n + 1") + throw("say", message("done"), payload="{x: x}")
    body += node("sendTask", "send", messageRef="msg_done") + node("receiveTask", "take", messageRef="msg_go")
    body += finish("finish", message("done")) + chain("begin hear say send take finish")

    def story(run: Run) -> None:
        run.message("go", {"n": 1})
        assert run.waiting == "take"
        run.message("go", {"n": 5})
        assert [s[0] for s in run.host.sent] == ["done"] * 3
        assert run.host.sent[0][2] == {"x": 2}

    run = both(body, story, messages="go done")
    assert run.ended and run.data["hear"] == {"n": 1} and run.data["take"] == {"n": 5} and run.data["x"] == 2


def test_a_message_wakes_one_waiting_element_only() -> None:
    body = start() + par("g1", "g2") + catch("a", message("go")) + catch("b", message("go")) + end()
    body += chain("begin g1 a g2 finish; g1 b g2")

    def story(run: Run) -> None:
        run.message("go", {"n": 1})
        assert not run.ended
        run.message("go", {"n": 2})

    run = both(body, story, messages="go")
    assert run.ended and sorted(run.data[n]["n"] for n in "ab") == [1, 2]


@pytest.mark.parametrize(("kind", "when"), [("timeDuration", "PT2H"), ("timeDate", "2026-03-02T11:00:00+08:00")],
                         ids=["duration", "date"])  # fmt: skip
def test_a_timer_catch_waits(kind: str, when: str) -> None:
    body = start() + catch("wait", timer(when, kind)) + user("work") + end() + chain("begin wait work finish")

    def story(run: Run) -> None:
        run.later(hours=1)
        assert run.open == ""
        run.later(hours=5)
        assert (run.open, run.waiting) == ("work", "")
        run.complete("work")

    assert both(body, story).trace == "wait work finish"


def test_a_cycle_that_is_waited_for_lets_a_token_go_on_in_every_round() -> None:
    body = start() + catch("wait", timer("R3/PT2H", "timeCycle")) + script("note", "x = 1") + end()
    body += chain("begin wait note finish")

    def story(run: Run) -> None:
        run.later(hours=2)
        assert run.waiting == "wait" and not run.ended
        run.later(hours=4)
        assert run.ended

    assert both(body, story).trace.split().count("note") == 3


def test_the_first_timer_of_a_loop_starts_anew_each_round() -> None:
    body = (
        start()
        + node("exclusiveGateway", "g0")
        + catch("wait", timer("PT1H"))
        + user("work")
        + choose("g1", "g0")
        + end()
    )
    body += chain("begin g0 wait work g1") + flow("g1", "finish", "work.done") + flow("g1", "g0")

    def story(run: Run) -> None:
        for done in (False, False, True):
            run.later(minutes=59)
            assert run.open == ""
            run.later(minutes=1)
            run.complete("work", {"done": done})

    assert both(body, story).trace == "wait work wait work wait work finish"


# -- starts and names ------------------------------------------------------------


def test_a_timer_start_waits_for_its_time() -> None:
    body = node("startEvent", "begin", timer("PT1H")) + user("work") + end() + chain("begin work finish")

    def story(run: Run) -> None:
        assert run.waiting == "begin"
        run.later(hours=1)
        assert run.open == "work"
        run.complete("work")

    both(body, story)


def test_specs_are_shared_and_stay_unchanged() -> None:
    body = guarded(message("go"), interrupting=False)
    text = diagram(body, messages="go")
    definition = definition_of(text)
    before = {name: (list(s._inputs), list(s._outputs)) for name, s in definition.spec.task_specs.items()}
    both(body, lambda run: run.message("go"), messages="go")
    assert before == {name: (list(s._inputs), list(s._outputs)) for name, s in definition.spec.task_specs.items()}


def test_a_message_may_be_named_by_the_operation_that_carries_it() -> None:
    operation = '<bpmn:interface id="desk" name="desk"><bpmn:operation id="op" name="op">'
    operation += "<bpmn:inMessageRef>msg_go</bpmn:inMessageRef></bpmn:operation></bpmn:interface>"
    body = start() + node("sendTask", "send", operationRef="op") + node("receiveTask", "got", operationRef="op")
    body += end() + chain("begin send got finish")
    run = both(body, lambda run: run.message("go"), messages="go", more=operation)
    assert run.ended and [name for name, _, _ in run.host.sent] == ["go"]


def test_a_receive_task_that_names_no_message_waits_for_one_of_its_own_name() -> None:
    body = start() + '<bpmn:receiveTask id="got" name="回执"/>' + node("receiveTask", "later") + end()
    body += chain("begin got later finish")

    def story(run: Run) -> None:
        run.message("回执")
        assert not run.ended
        run.message("later")

    assert both(body, story).ended


def test_what_nobody_named_is_not_sent_and_doubted() -> None:
    arranged = '<bpmn:messageEventDefinition xmlns:other="urn:other" other:topic="post"/>'
    body = start() + node("sendTask", "send") + throw("tell", arranged)
    body += throw("shout", "<bpmn:signalEventDefinition/>") + end() + chain("begin send tell shout finish")
    run = both(body, lambda run: None)
    assert run.ended and not run.host.sent and not run.host.signals


def test_ids_of_messages_signals_and_errors_belong_to_their_file() -> None:
    def file(process_id: str, name: str, body: str) -> str:
        declared = f'<bpmn:message id="m" name="{name}"/><bpmn:signal id="s" name="{name}"/>'
        declared += f'<bpmn:error id="e" name="{name}" errorCode="{name}"/>'
        return diagram(body, process_id=process_id).replace("</bpmn:definitions>", declared + "</bpmn:definitions>")

    told, heard = '<bpmn:messageEventDefinition messageRef="m"/>', '<bpmn:signalEventDefinition signalRef="s"/>'
    failed = '<bpmn:errorEventDefinition errorRef="e"/>'
    inner = start() + catch("in_told", told) + catch("in_heard", heard) + finish("bad", failed)
    outer = start() + catch("told", told) + node("callActivity", "call", calledElement="called") + end() + finish("e2")
    outer += boundary("caught", "call", failed) + chain("begin told call finish; caught e2")
    files = {
        "a.bpmn": file("probe", "outer", outer),
        "b.bpmn": file("called", "inner", inner + chain("begin in_told in_heard bad")),
    }
    run = Run(load_definition(files), {}, {}, restoring=True)
    run.message("outer")
    run.message("inner")
    run.signal("inner")
    assert run.execution.failure is not None and run.execution.failure["code"] == "inner"
