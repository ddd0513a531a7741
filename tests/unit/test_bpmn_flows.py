"""Flows without gateways, levels without start or end, and quantities of tokens, live and restored after every step."""

from __future__ import annotations

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    chain,
    definition_of,
    finish,
    looped,
    node,
    par,
    process,
    reasons,
    refusals,
    script,
    sub,
    timer,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user

AB = user("a") + user("b")


def ways(default: str = "") -> str:
    """A task with three ways out; one of them has no condition."""
    element = user("first")
    if default:
        element = element.replace('id="first"', f'id="first" default="first_to_{default}"')
    return start() + element + AB + user("c") + finish("e") + chain("begin first; a e; b e; c e")


# -- several ways out ---------------------------------------------------------


def test_several_ways_out_of_a_step_are_all_taken_at_once() -> None:
    body = start() + user("first") + AB + end() + chain("begin first a finish; first b finish")

    def story(run: Run) -> None:
        run.complete("first", {"v": 1})
        assert run.open == "a b"
        run.complete("b")
        run.complete("a")

    run = both(body, story)
    assert run.ended and run.trace == "first b finish a finish"


def test_several_ways_out_of_a_start_a_block_and_a_boundary_event() -> None:
    inner = start("begin_in") + script("in1", "x = 1") + script("in2", "y = 2") + finish("e_in")
    inner += chain("begin_in in1 e_in; begin_in in2 e_in")
    body = start() + sub("block", inner + user("work") + chain("in1 work")) + AB + user("late")
    body = body.replace(flow("in1", "e_in"), "").replace(flow("in1", "work"), chain("in1 work e_in"))
    body += boundary("ring", "block", timer("PT1H")) + user("later") + end()
    body += chain("begin block a finish; block b finish; ring late finish; ring later finish")

    def done(run: Run) -> None:
        run.complete("work")
        assert run.open == "a b" and (run.data["x"], run.data["y"]) == (1, 2)
        run.complete("a")
        run.complete("b")

    def rung(run: Run) -> None:
        run.later(hours=2)
        assert run.open == "late later"
        run.complete("later")
        run.complete("late")

    assert both(body, done).trace == "block in1 in2 e_in work e_in a finish b finish"
    assert both(body, rung).ended


@pytest.mark.parametrize(("n", "opened"), [(0, "c"), (1, "a c"), (2, "a b c")])
def test_conditions_choose_among_the_ways_out_and_a_way_without_condition_is_always_taken(n: int, opened: str) -> None:
    body = ways() + flow("first", "a", "n &gt; 0") + flow("first", "b", "n &gt; 1") + flow("first", "c")

    def story(run: Run) -> None:
        run.complete("first")
        assert run.open == opened
        for name in opened.split():
            run.complete(name)

    assert both(body, story, {"n": n}).ended


@pytest.mark.parametrize(("n", "opened"), [(0, "c"), (1, "a"), (2, "a b")])
def test_the_default_way_is_taken_when_no_condition_holds(n: int, opened: str) -> None:
    body = ways("c") + flow("first", "a", "n &gt; 0") + flow("first", "b", "n &gt; 1") + flow("first", "c")

    def story(run: Run) -> None:
        run.complete("first")
        assert run.open == opened
        for name in opened.split():
            run.complete(name)

    assert both(body, story, {"n": n}).ended


@pytest.mark.parametrize(("n", "opened"), [(0, "a c"), (2, "a b")])
def test_a_way_without_condition_does_not_decide_about_the_default_way(n: int, opened: str) -> None:
    body = ways("c") + flow("first", "a") + flow("first", "b", "n &gt; 1") + flow("first", "c")

    def story(run: Run) -> None:
        run.complete("first")
        assert run.open == opened
        for name in opened.split():
            run.complete(name)

    assert both(body, story, {"n": n}).ended


def test_no_way_out_is_a_clear_failure() -> None:
    body = ways() + flow("first", "a", "n = 1") + flow("first", "b", "n = 2") + flow("first", "c", "n = 3")
    with pytest.raises(ServiceTaskFailed, match="条件都不满足"):
        both(body, lambda run: run.complete("first"), {"n": 9})


def test_an_exclusive_gateway_without_a_true_branch_is_a_clear_failure() -> None:
    body = start() + node("exclusiveGateway", "g") + AB + end() + chain("begin g; a finish; b finish")
    body += flow("g", "a", "n = 1") + flow("g", "b", "n = 2")
    with pytest.raises(ServiceTaskFailed, match="排他网关“g”的条件都不满足"):
        both(body, lambda run: None, {"n": 3})


def test_a_condition_on_the_only_way_out_is_refused() -> None:
    body = start() + user("a") + end() + chain("begin a") + flow("a", "finish", "n = 1")
    assert "conditional-flow" in refusals(diagram(body))
    body = start() + AB + end() + chain("a finish; b finish") + flow("begin", "a", "n = 1") + flow("begin", "b")
    assert "conditional-flow" in refusals(diagram(body))


def test_ways_out_of_a_loop_are_taken_after_the_last_round() -> None:
    body = start() + looped(user("work", set_n="n + 1"), again("n &lt; 2")) + AB + end()
    body += chain("begin work a finish; work b finish")

    def story(run: Run) -> None:
        run.complete("work")
        assert run.open == "work"
        run.complete("work")
        assert run.open == "a b"
        run.complete("a")
        run.complete("b")

    assert both(body, story, {"n": 0}).trace == "work work a finish b finish"


def test_a_condition_in_a_loop_decides_anew_in_every_round() -> None:
    body = start() + node("exclusiveGateway", "g0") + user("work", set_n="n + 1") + user("b") + end()
    body += chain("begin g0 work; b finish") + flow("work", "g0", "n &lt; 3") + flow("work", "b", "n = 3")

    def story(run: Run) -> None:
        for _ in range(3):
            run.complete("work")
        run.complete("b")

    assert both(body, story, {"n": 0}).trace == "work work work b finish"


# -- joins without a gateway ----------------------------------------------------


def test_every_token_runs_a_step_and_an_end_once() -> None:
    body = start() + par("g1") + AB + user("c") + script("after", "x = 1") + end()
    body += chain("begin g1; g1 a after finish; g1 b after; g1 c finish")

    def story(run: Run) -> None:
        for name in "bca":
            run.complete(name)

    assert both(body, story).trace == "b after finish c finish a after finish"


def test_an_exclusive_merge_lets_every_token_pass() -> None:
    body = start() + AB + node("exclusiveGateway", "g") + script("after", "x = 1") + end()
    body += chain("begin a g after finish; begin b g")

    def story(run: Run) -> None:
        run.complete("a")
        run.complete("b")

    assert both(body, story).trace == "a after finish b after finish"


# -- levels without start or end --------------------------------------------------


def test_without_an_end_event_a_process_ends_with_its_last_token() -> None:
    body = user("a") + user("b") + user("c") + chain("a b; a c")

    def story(run: Run) -> None:
        run.complete("a")
        run.complete("c")
        assert not run.ended
        run.complete("b")

    run = both(body, story)
    assert run.ended and run.trace == "a c b"


def test_without_start_events_all_steps_nobody_leads_to_start() -> None:
    body = AB + user("c") + user("d") + chain("a c; b d")

    def story(run: Run) -> None:
        assert run.open == "a b"
        run.complete("b", {"v": 2})
        run.complete("a", {"v": 1})
        run.complete("c")
        run.complete("d")

    run = both(body, story)
    assert run.ended and run.trace == "b a c d" and run.data["a"] == {"v": 1} and run.data["b"] == {"v": 2}


def test_a_single_step_is_a_process() -> None:
    assert both(user("a"), lambda run: run.complete("a")).trace == "a"


def test_a_block_without_start_and_end() -> None:
    body = start() + sub("block", AB) + user("after") + end() + chain("begin block after finish")

    def story(run: Run) -> None:
        run.complete("b", {"v": 2})
        assert run.open == "a"
        run.complete("a", {"v": 1})
        assert run.open == "after" and run.data["b"] == {"v": 2}
        run.complete("after")

    assert both(body, story).trace == "block b a after finish"


def test_an_empty_block_passes() -> None:
    body = start() + sub("block", "") + end() + chain("begin block finish")
    assert both(body, lambda run: None).trace == "block finish"


def test_a_called_process_without_start_and_end_returns() -> None:
    body = start() + node("callActivity", "it", calledElement="helper") + end() + chain("begin it finish")

    def story(run: Run) -> None:
        run.complete("h", {"v": 1})

    run = both(body, story, more=process("helper", user("h")))
    assert run.trace == "it h finish" and run.data["h"] == {"v": 1}


def test_without_an_end_a_boundary_event_may_be_the_last_thing() -> None:
    body = user("a") + boundary("ring", "a", timer("PT1H"), interrupting=False) + user("hurry")
    body += chain("ring hurry")

    def story(run: Run) -> None:
        run.later(hours=2)
        run.complete("a")
        assert not run.ended
        run.complete("hurry")

    assert both(body, story).trace == "ring a hurry"


def test_a_process_without_end_event_ends_with_its_last_steps() -> None:
    body = start() + AB + chain("begin a; begin b")

    def story(run: Run) -> None:
        run.complete("a")
        assert not run.ended
        run.complete("b")
        assert run.ended

    both(body, story)
    assert not refusals(diagram(body))


def test_an_end_needs_a_start_and_a_circle_has_neither() -> None:
    assert "start-and-end" in refusals(diagram(user("a") + end() + chain("a finish")))
    assert "process-start" in refusals(diagram(AB + chain("a b a")))
    assert "process-start" in refusals(diagram(""))
    assert "dead-ends" in refusals(diagram(start() + AB + end() + chain("begin a finish; begin b")))
    assert "unreachable-nodes" in refusals(diagram(start() + AB + end() + chain("begin a finish; b finish")))


# -- quantities ---------------------------------------------------------------------


def quantity(element_id: str, **attributes: str) -> str:
    text = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return user(element_id).replace(f'id="{element_id}"', f'id="{element_id}"{text}')


def test_a_step_waits_for_as_many_tokens_as_it_takes() -> None:
    body = start() + par("g1") + AB + user("c") + user("d") + quantity("after", startQuantity="2") + end()
    body += chain("begin g1; g1 a after finish; g1 b after; g1 c after; g1 d after")

    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        assert run.open == "b c d"
        run.complete("c", {"v": 3})
        assert run.open == "after b d"
        run.complete("after")
        run.complete("d")
        run.complete("b", {"v": 2})
        assert run.open == "after" and run.data["b"] == {"v": 2}
        run.complete("after")

    assert both(body, story).trace == "a c after finish d b after finish"


def test_a_step_gives_as_many_tokens_as_it_says_on_every_way_out() -> None:
    body = start() + quantity("first", completionQuantity="3") + script("note", "x = 1") + user("b") + end()
    body += chain("begin first note finish; first b finish")

    def story(run: Run) -> None:
        run.complete("first")
        assert run.open == "b b b"
        for _ in range(3):
            run.complete("b")

    trace = "first note note note finish finish finish b finish b finish b finish"
    assert both(body, story).trace == trace


def test_what_a_step_gives_the_next_one_may_gather() -> None:
    body = start() + quantity("first", completionQuantity="4") + quantity("pair", startQuantity="2") + end()

    def story(run: Run) -> None:
        run.complete("first")
        assert run.open == "pair pair"
        run.complete("pair")
        run.complete("pair")

    assert both(body + chain("begin first pair finish"), story).trace == "first pair finish pair finish"


def test_a_join_takes_one_token_of_a_flow_with_several() -> None:
    body = start() + quantity("first", completionQuantity="2") + par("g1") + user("b") + end()
    body += chain("begin first g1 finish; begin b g1")

    def story(run: Run) -> None:
        run.complete("first")
        run.complete("b")

    with pytest.raises(ServiceTaskFailed, match="停滞"):
        both(body, story)


def test_too_few_tokens_are_a_clear_failure() -> None:
    body = start() + quantity("a", startQuantity="2") + end() + chain("begin a finish")
    with pytest.raises(ServiceTaskFailed, match="停滞"):
        both(body, lambda run: None)


@pytest.mark.parametrize("value", ["0", "-1", "1000000"])
def test_quantities_are_positive_and_small(value: str) -> None:
    body = start() + quantity("a", completionQuantity=value) + end() + chain("begin a finish")
    assert "quantity" in {rule for rule, _ in reasons(diagram(body))}


def test_quantities_that_multiply_are_refused() -> None:
    body = start() + "".join(quantity(name, completionQuantity="100") for name in "abc") + end()
    assert "quantity" in refusals(diagram(body + chain("begin a b c finish")))


def test_ids_of_what_the_kernel_draws_are_reserved() -> None:
    body = start() + user("a.Split") + end() + chain("begin a.Split finish")
    assert "reserved-ids" in refusals(diagram(body))


# -- long runs -------------------------------------------------------------------------


def test_ten_thousand_rounds_run_at_once() -> None:
    body = start() + node("exclusiveGateway", "g0") + script("work", "n = n + 1") + end()
    body += node("exclusiveGateway", "g1", default="g1_to_g0") + chain("begin g0 work g1")
    body += flow("g1", "finish", "n = 10000") + flow("g1", "g0")
    found = Run(definition_of(diagram(body)), {"n": 0}, {}, restoring=False)
    assert found.ended and found.data["n"] == 10_000


def test_ten_thousand_rounds_of_one_step_and_a_join_in_every_round() -> None:
    loop = again("n &lt; 10000", maximum=20_000)
    body = start() + script("work", "n = n + 1", loop) + end() + chain("begin work finish")
    assert Run(definition_of(diagram(body)), {"n": 0}, {}, restoring=False).data["n"] == 10_000
    body = (
        start() + node("exclusiveGateway", "g0") + par("g1", "g2") + script("a", "x = x + 1") + script("b", "y = y + 1")
    )
    body += node("exclusiveGateway", "g3", default="g3_to_g0") + end() + chain("begin g0 g1 a g2 g3; g1 b g2")
    body += flow("g3", "finish", "x = 500") + flow("g3", "g0")
    found = Run(definition_of(diagram(body)), {"x": 0, "y": 0}, {}, restoring=False)
    assert found.ended and found.data["x"] == found.data["y"] == 500


def test_parallel_blocks_in_a_row_cost_no_more_than_they_are() -> None:
    body, last = start(), "begin"
    for n in range(40):
        body += par(f"g{n}", f"gj{n}") + script(f"a{n}", f"x{n} = 1") + script(f"b{n}", f"y{n} = 2")
        body += chain(f"{last} g{n}; g{n} a{n} gj{n}; g{n} b{n} gj{n}")
        last = f"gj{n}"
    run = both(body + end() + chain(f"{last} finish"), lambda run: None)
    assert run.ended and len(run.told) == 2 + 40 * 4 and sum(run.data.values()) == 120


def test_a_loop_without_a_decision_is_left_by_a_boundary_event() -> None:
    body = start() + user("a") + boundary("late", "a", timer("PT1H")) + script("note", "n = a.v") + end()

    def story(run: Run) -> None:
        for n in range(3):
            run.complete("a", {"v": n})
        run.later(hours=2)

    run = both(body + chain("begin a note a; late finish"), story)
    assert run.ended and run.trace == "a note a note a note late finish" and run.data["n"] == 2
