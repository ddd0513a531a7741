"""Ad-hoc sub-processes in parallel and in turn, with and without a condition, live and restored after every step."""

from __future__ import annotations

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    chain,
    finish,
    looped,
    node,
    par,
    reasons,
    script,
    sub,
    timer,
    times,
)  # fmt: skip
from tests.support.diagrams import diagram, end, start, user

ABC = user("a") + user("b") + user("c")


def free(inner: str, condition: str = "", **attributes: str) -> str:
    """A process with one ad-hoc sub-process and a step after it."""
    asked = f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:completionCondition>'
    block = node("adHocSubProcess", "free", inner + (asked if condition else ""), **attributes)
    return start() + block + user("after") + end() + chain("begin free after finish")


def done(run: Run) -> None:
    assert run.open == "after"
    run.complete("after")


# -- without a condition ---------------------------------------------------------------


@pytest.mark.parametrize("order", ["abc", "cab"])
def test_all_steps_can_be_done_in_any_order_and_the_block_ends_with_the_last(order: str) -> None:
    def story(run: Run) -> None:
        for number, name in enumerate(order):
            assert len(run.open.split()) == 3 - number
            run.complete(name, {"v": name})
        assert all(run.data[n] == {"v": n} for n in "abc")
        done(run)

    assert both(free(ABC), story).trace == f"free {' '.join(order)} after finish"


def test_automatic_steps_run_once_each() -> None:
    body = free(script("a", "x = 1") + script("b", "y = 2"))
    run = both(body, done)
    assert run.trace == "free a b after finish" and (run.data["x"], run.data["y"]) == (1, 2)


def test_in_turn_one_step_is_open_at_a_time() -> None:
    def story(run: Run) -> None:
        for name in "abc":
            assert run.open == name
            run.complete(name)
        done(run)

    assert both(free(ABC, ordering="Sequential"), story).ended


def test_steps_that_follow_others_begin_after_them() -> None:
    inner = ABC + chain("a c")

    def together(run: Run) -> None:
        assert run.open == "a b"
        run.complete("a")
        assert run.open == "b c"
        run.complete("c")
        run.complete("b")
        done(run)

    def in_turn(run: Run) -> None:
        for name in "acb":
            assert run.open == name
            run.complete(name)
        done(run)

    assert both(free(inner), together).ended
    assert both(free(inner, ordering="Sequential"), in_turn).ended


# -- with a condition --------------------------------------------------------------------


def test_the_block_ends_when_the_condition_holds_and_what_is_open_is_cancelled() -> None:
    def story(run: Run) -> None:
        run.complete("b", {"enough": False})
        assert run.open == "a c"
        run.complete("c", {"enough": True})
        done(run)

    assert both(free(ABC, "b.enough or c.enough"), story).trace == "free b c after finish"


def test_what_is_open_may_be_awaited_and_nothing_new_begins() -> None:
    def story(run: Run) -> None:
        run.complete("a", {"enough": True})
        assert run.open == "b"
        run.complete("b", {"v": 2})
        done(run)

    run = both(free(ABC + chain("a c"), "a.enough", cancelRemainingInstances="false"), story)
    assert run.trace == "free a b after finish" and run.data["b"] == {"v": 2}


def test_the_condition_sees_what_all_steps_wrote() -> None:
    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        assert run.open == "b c"
        run.complete("b", {"v": 2})
        done(run)

    assert both(free(ABC, "a.v + b.v = 3"), story).ended


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_a_true_condition_ends_the_block_after_the_first_step(ordering: str) -> None:
    body = free(script("a", "x = 1") + script("b", "x = 2"), "true", ordering=ordering)
    run = both(body, done, lawful=False)
    assert run.trace == "free a after finish" and run.data["x"] == 1


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_a_condition_that_is_always_false_is_none(ordering: str) -> None:
    body = free(script("a", "x = 1") + script("b", "y = 2"), "false", ordering=ordering)
    assert both(body, done).trace == "free a b after finish"


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_everything_begins_again_while_the_condition_does_not_hold(ordering: str) -> None:
    body = free(user("a", set_n="n + 1") + user("b"), "n = 3", ordering=ordering)

    def story(run: Run) -> None:
        for _ in range(2):
            run.complete("a")
            run.complete("b", {"v": 1})
        run.complete("a")
        done(run)

    run = both(body, story, {"n": 0})
    assert run.trace == "free a b a b a after finish" and run.data["n"] == 3


def test_nobody_left_to_fulfil_the_condition_is_a_clear_failure() -> None:
    with pytest.raises(ServiceTaskFailed, match="完成条件仍不满足"):
        both(free(script("a", "x = 1"), "x = 2"), lambda run: None)
    inner = start("begin_in") + script("a", "x = 1") + finish("e_in") + chain("begin_in a e_in")
    with pytest.raises(ServiceTaskFailed, match="完成条件仍不满足"):
        both(free(sub("block", inner), "x = 2"), lambda run: None)


def test_blocks_calls_loops_and_instances_inside() -> None:
    inner = sub("block", start("begin_in") + user("w") + finish("e_in") + chain("begin_in w e_in"))
    inner += looped(user("many"), times("2")) + looped(user("rounds", set_n="n + 1"), again("n &lt; 2"))

    def story(run: Run) -> None:
        assert run.open == "many many rounds w"
        run.complete("many", item=1)
        run.complete("rounds")
        run.complete("rounds")
        run.complete("w", {"v": 1})
        assert run.open == "many"
        run.complete("many", item=0)
        done(run)

    run = both(free(inner), story, {"n": 0})
    assert run.ended and len(run.data["many"]) == 2 and run.data["w"] == {"v": 1}


def test_boundary_events_inside_and_around() -> None:
    inner = user("a") + user("b") + boundary("late", "a", timer("PT1H")) + user("hurry") + chain("late hurry")
    body = free(inner, "b.enough") + boundary("stop", "free", timer("PT9H")) + finish("e2") + chain("stop e2")

    def rung(run: Run) -> None:
        run.later(hours=2)
        assert run.open == "b hurry"
        run.complete("hurry")
        run.complete("b", {"enough": True})
        done(run)

    def stopped(run: Run) -> None:
        run.later(hours=10)

    assert both(body, rung, {"b": {"enough": False}}).trace == "free late hurry b after finish"
    assert both(body, stopped, {"b": {"enough": False}}).trace == "free late stop e2"


def test_gateways_inside() -> None:
    inner = user("a") + par("g1", "g2") + user("b") + user("c") + chain("a g1 b g2; g1 c g2")

    def story(run: Run) -> None:
        for name in "acb":
            run.complete(name)
        done(run)

    assert both(free(inner), story).ended
    rules = {rule for rule, _ in reasons(diagram(free(inner, ordering="Sequential")))}
    assert "ad-hoc-order" in rules


def test_an_ad_hoc_block_in_many_instances() -> None:
    block = node("adHocSubProcess", "free", times("2") + user("a") + user("b"))
    body = start() + block + end() + chain("begin free finish")

    def story(run: Run) -> None:
        for name, item in (("b", 1), ("a", 0), ("a", 1), ("b", 0)):
            run.complete(name, {"v": name}, item=item)

    run = both(body, story)
    assert run.ended and run.data["free"][0] == {"a": {"v": "a"}, "b": {"v": "b"}, "item": 0}


def test_in_turn_one_step_may_change_what_another_wrote() -> None:
    body = free(script("a", "x = 1") + script("b", "x = x + 1"), ordering="Sequential")
    assert both(body, done).data["x"] == 2
    rules = {rule for rule, _ in reasons(diagram(free(script("a", "x = 1") + script("b", "x = 2"))))}
    assert "parallel-writes" in rules
