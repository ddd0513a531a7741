"""Complex gateways: activated by a condition, then reset; live and restored after every step."""

from __future__ import annotations

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import Run, both, chain, choose, finish, incl, node, par, refusals, script
from tests.support.diagrams import diagram, end, flow, start, user

ABC = user("a") + user("b") + user("c")


def complex_(element_id: str, condition: str = "", default: str = "") -> str:
    inner = f'<bpmn:activationCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:activationCondition>'
    more = {"default": f"{element_id}_to_{default}"} if default else {}
    return node("complexGateway", element_id, inner if condition else "", **more)


def joining(condition: str) -> str:
    """Three branches side by side into a complex gateway."""
    body = start() + par("g1") + ABC + complex_("g2", condition) + user("after") + end()
    return body + chain("begin g1 a g2 after finish; g1 b g2; g1 c g2")


@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
@pytest.mark.parametrize("needed", [1, 2, 3])
def test_so_many_branches_are_enough_and_the_rest_ends_at_the_gateway(needed: int, order: str) -> None:
    def story(run: Run) -> None:
        for number, name in enumerate(order, 1):
            assert ("after" in run.open) == (number > needed)
            run.complete(name, {"v": name})
        assert run.open == "after"
        run.complete("after")

    run = both(joining(f"activationCount &gt;= {needed}"), story)
    assert run.ended and run.trace.count("after") == 1 and run.trace.count("finish") == 1


def test_the_process_waits_for_the_rest_after_the_end() -> None:
    def story(run: Run) -> None:
        run.complete("b")
        run.complete("after")
        assert run.open == "a c" and not run.ended
        run.complete("a")
        assert not run.ended
        run.complete("c")

    assert both(joining("activationCount &gt;= 1"), story).trace == "b after finish a c"


def test_data_may_activate_it() -> None:
    def story(run: Run) -> None:
        run.complete("a", {"ok": False})
        assert "after" not in run.open
        run.complete("b", {"ok": True})
        assert "after" in run.open
        run.complete("c")
        run.complete("after")

    assert both(joining("activationCount = 3 or b.ok"), story, {"b": {"ok": False}}).ended


def test_a_gateway_that_is_never_activated_is_a_clear_failure() -> None:
    def story(run: Run) -> None:
        for name in "abc":
            run.complete(name)

    with pytest.raises(ServiceTaskFailed, match="停滞"):
        both(joining("activationCount &gt; 3"), story)


def test_each_phase_chooses_its_own_ways_out() -> None:
    body = start() + par("g1") + ABC + complex_("g2", "activationCount = 1") + user("first") + user("rest") + end()
    body += chain("begin g1 a g2; g1 b g2; g1 c g2; first finish; rest finish")
    body += flow("g2", "first", "waitingForStart") + flow("g2", "rest", "not(waitingForStart)")

    def story(run: Run) -> None:
        run.complete("b", {"v": 2})
        assert run.open == "a c first"
        run.complete("c", {"v": 3})
        assert run.open == "a first"
        run.complete("a", {"v": 1})
        assert run.open == "first rest"
        run.complete("rest")
        run.complete("first")

    run = both(body, story)
    assert run.ended and [run.data[n]["v"] for n in "abc"] == [1, 2, 3]


def test_in_a_loop_it_starts_anew_in_every_round() -> None:
    body = start() + choose("g0", "g1") + par("g1") + user("a") + user("b") + complex_("g2", "activationCount = 1")
    body += user("judge") + choose("g3", "g0") + end() + chain("begin g0; g0 g1; g1 a g2 judge g3; g1 b g2")
    body += flow("g3", "finish", "judge.done") + flow("g3", "g0")

    def story(run: Run) -> None:
        for order, done in (("ab", False), ("ba", True)):
            run.complete(order[0])
            assert run.open == " ".join(sorted([order[1], "judge"]))
            run.complete(order[1])
            assert run.open == "judge"
            run.complete("judge", {"done": done})

    assert both(body, story).trace == "a b judge b a judge finish"


def test_it_resets_at_once_when_no_other_branch_was_taken() -> None:
    body = (
        start() + choose("g0", "g1") + incl("g1", "b") + user("a") + user("b") + complex_("g2", "activationCount = 1")
    )
    body += user("judge") + choose("g3", "g0") + end() + chain("begin g0; g0 g1; a g2; b g2; g2 judge g3")
    body += flow("g1", "a", "first") + flow("g1", "b") + flow("g3", "finish", "judge.done") + flow("g3", "g0")

    def story(run: Run) -> None:
        for done in (False, False, True):
            run.complete("a")
            run.complete("judge", {"done": done})

    assert both(body, story, {"first": True}).trace == "a judge a judge a judge finish"


@pytest.mark.parametrize(("n", "trace"), [(2, "s1 s2"), (1, "s1"), (0, "s3")])
def test_as_a_split_it_takes_every_way_whose_condition_holds(n: int, trace: str) -> None:
    body = start() + complex_("g1", default="s3") + "".join(script(f"s{i}", f"x{i} = 1") for i in (1, 2, 3))
    body += finish("e1") + finish("e2") + finish("e3") + chain("begin g1; s1 e1; s2 e2; s3 e3")
    body += flow("g1", "s1", "n &gt; 0") + flow("g1", "s2", "n &gt; 1") + flow("g1", "s3")
    run = both(body, lambda run: None, {"n": n})
    assert [e for e in run.trace.split() if e.startswith("s")] == trace.split()


def test_a_join_without_condition_is_refused() -> None:
    assert "complex-gateway" in refusals(diagram(joining("")))
