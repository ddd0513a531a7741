"""Gateways as BPMN says, live and restored after every step: decisions, forks, joins, races."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from engine.bpmn.execution import Execution
from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    NOW,
    Host,
    Run,
    both,
    catch,
    chain,
    choose,
    definition_of,
    finish,
    incl,
    message,
    node,
    par,
    refusals,
    script,
    timer,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ABC = user("a") + user("b") + user("c")


@pytest.mark.parametrize(("kind", "trace"), [("exclusive", "b finish"), ("parallel", "b a finish finish")])
def test_branches_are_taken_in_the_order_in_which_their_gateway_lists_them(kind: str, trace: str) -> None:
    condition = "n > 0" if kind == "exclusive" else ""
    listed = "".join(f"<bpmn:outgoing>g_to_{each}</bpmn:outgoing>" for each in "ba")
    body = start() + flow("g", "a", condition) + script("a", "x = 1") + flow("g", "b", condition) + script("b", "y = 1")
    body += node(f"{kind}Gateway", "g", listed) + end() + chain("begin g; a finish; b finish")
    run = both(body, lambda run: None, {"n": 1}, lawful=False)  # only the gateway has lists
    assert run.ended and run.trace == trace


def test_the_first_true_branch_of_a_decision_wins_and_the_default_is_the_last_resort() -> None:
    body = start() + choose("g", "c") + script("a", "x = 1") + script("b", "x = 2") + script("c", "x = 3") + end()
    body += chain("begin g; a finish; b finish; c finish") + flow("g", "a", "n &gt; 5") + flow("g", "b", "n &gt; 3")
    body += flow("g", "c")
    for n, path in ((9, "a"), (4, "b"), (1, "c")):
        run = both(body, lambda run: None, {"n": n})
        assert run.trace == f"{path} finish" and run.ended


def test_a_join_waits_for_all_branches_in_any_order() -> None:
    body = start() + par("g1", "g2") + ABC + user("after") + end()
    body += chain("begin g1 a g2 after finish; g1 b g2; g1 c g2")

    for order in ("abc", "acb", "bac", "bca", "cab", "cba"):

        def story(run: Run, order: str = order) -> None:
            for number, name in enumerate(order):
                assert ("after" in run.open) is False
                run.complete(name, {"v": number})
            assert run.open == "after"
            assert {n: run.data[n]["v"] for n in "abc"} == {n: i for i, n in enumerate(order)}
            run.complete("after")

        assert both(body, story).ended


def test_a_join_in_a_loop_waits_for_all_branches_in_every_round_whatever_the_order() -> None:
    body = (
        start() + choose("g0", "g1") + par("g1", "g2") + user("a") + user("b") + choose("g3", "again") + user("again")
    )
    body += end() + chain("begin g0; g0 g1; g1 a g2; g1 b g2; g2 g3; again g0") + flow("g3", "finish", "a.v &gt; 2")
    body += flow("g3", "again")

    def story(run: Run) -> None:
        for number, order in enumerate(("ab", "ba", "ab", "ba")):
            if number:
                assert run.open == "again"
                run.complete("again")
            assert run.open == "a b"
            run.complete(order[0], {"v": number})
            assert run.open == order[1]
            run.complete(order[1], {"v": number})

    run = both(body, story)
    assert run.ended and run.data["b"] == {"v": 3}
    assert run.trace == "a b again b a again a b again b a finish"


def test_what_one_branch_wrote_survives_a_branch_that_ends_later() -> None:
    body = start() + par("g1", "g2") + user("a") + user("b") + script("note", "x = a.v") + end()
    body += chain("begin g1 a note g2 finish; g1 b g2")

    def story(run: Run) -> None:
        run.complete("a", {"v": 7})
        run.complete("b")

    assert both(body, story, {"x": 1}).data["x"] == 7


def test_two_branches_that_write_one_name_differently_are_a_clear_failure() -> None:
    body = start() + par("g1", "g2") + script("a", "x = 1") + script("b", "x = 2") + end()
    body += chain("begin g1 a g2 finish; g1 b g2")
    assert "parallel-writes" in refusals(diagram(body))
    with pytest.raises(ServiceTaskFailed, match="x"):
        both(body, lambda run: None, lawful=False)


def test_two_branches_that_write_the_same_agree() -> None:
    body = start() + par("g1", "g2") + script("a", "x = 1") + script("b", "x = 1") + end()
    assert both(body + chain("begin g1 a g2 finish; g1 b g2"), lambda run: None).data["x"] == 1


def test_forks_nest() -> None:
    body = start() + par("g1", "g2", "g3", "g4") + ABC + user("d") + end()
    body += chain("begin g1 g2 a g3 d g4 finish; g2 b g3; g1 c g4")

    for order in ("abdc", "cabd", "bacd", "acbd"):

        def story(run: Run, order: str = order) -> None:
            for name in order:
                assert not run.ended
                run.complete(name, {"by": name})

        run = both(body, story)
        assert run.ended and all(run.data[n] == {"by": n} for n in "abcd")


def test_a_join_may_join_some_branches_and_a_later_one_the_rest() -> None:
    body = start() + par("g1", "g2", "g3") + ABC + user("d") + end()
    body += chain("begin g1 a g2 d g3 finish; g1 b g2; g1 c g3")

    for order in ("abcd", "cbad", "bcad", "abdc"):

        def story(run: Run, order: str = order) -> None:
            for name in order:
                run.complete(name, {"by": name})

        run = both(body, story)
        assert run.ended and all(run.data[n] == {"by": n} for n in "abcd")


def test_one_gateway_may_join_and_fork() -> None:
    body = start() + par("g1", "g2", "g3") + user("a") + user("b") + user("c") + user("d") + end()
    body += chain("begin g1 a g2 c g3 finish; g1 b g2 d g3")

    def story(run: Run) -> None:
        run.complete("b")
        assert run.open == "a"
        run.complete("a")
        assert run.open == "c d"
        run.complete("d")
        run.complete("c")

    assert both(body, story).ended


def test_a_branch_may_end_on_its_own_and_the_process_waits_for_the_others() -> None:
    body = (
        start()
        + par("g1")
        + user("a")
        + user("b")
        + finish("end_a")
        + finish("end_b")
        + chain("begin g1 a end_a; g1 b end_b")
    )

    def story(run: Run) -> None:
        run.complete("b", {"v": 2})
        assert not run.ended and run.open == "a"
        run.complete("a", {"v": 1})

    run = both(body, story)
    assert run.ended and run.trace == "b end_b a end_a"
    assert run.data["a"] == {"v": 1} and run.data["b"] == {"v": 2}


def test_without_a_gateway_several_flows_into_a_task_run_it_once_each() -> None:
    body = start() + par("g1") + user("a") + user("b") + user("after") + end()
    body += chain("begin g1 a after finish; g1 b after")

    def story(run: Run) -> None:
        run.complete("a")
        assert run.open == "after b"
        run.complete("after")
        assert run.open == "b"
        run.complete("b")
        run.complete("after")

    run = both(body, story)
    assert run.ended and run.trace == "a after finish b after finish"


# -- inclusive ----------------------------------------------------------------

OR = start() + incl("g1", "c") + node("inclusiveGateway", "g2") + ABC + user("after") + end()
OR += chain("begin g1; a g2; b g2; c g2; g2 after finish") + flow("g1", "a", "&quot;a&quot; in ways")
OR = OR.replace("in ways", "= first or all") + flow("g1", "b", "&quot;b&quot; = first or all or two") + flow("g1", "c")
OR = OR.replace("&quot;a&quot; = first or all", "&quot;a&quot; = first or all or two")


@pytest.mark.parametrize(
    ("ways", "opened"),
    [({"first": "a"}, "a"), ({"first": "b"}, "b"), ({"two": True}, "a b"), ({"all": True}, "a b"), ({}, "c")],
)
def test_an_inclusive_join_waits_for_exactly_the_branches_taken(ways: dict[str, object], opened: str) -> None:
    for order in (opened.split(), opened.split()[::-1]):

        def story(run: Run, order: list[str] = order) -> None:
            assert run.open == opened
            for name in order:
                assert "after" not in run.open
                run.complete(name, {"by": name})
            assert run.open == "after"
            run.complete("after")

        run = both(OR, story, {"first": "", "all": False, "two": False, **ways})
        assert run.ended and all(run.data[n] == {"by": n} for n in order)


def test_an_inclusive_join_goes_on_when_the_branch_it_waited_for_turned_away() -> None:
    body = start() + incl("g1", "b") + node("inclusiveGateway", "g2") + user("a") + user("b") + choose("g3", "g2")
    body += user("after") + end() + finish("end_away")
    body += chain("begin g1; a g2 after finish; b g3") + flow("g1", "a", "true") + flow("g1", "b")
    body = body.replace('default="g1_to_b"', "").replace(flow("g1", "b"), flow("g1", "b", "true"))
    body += flow("g3", "end_away", "b.away") + flow("g3", "g2")

    def away(run: Run) -> None:
        run.complete("a")
        assert run.open == "b"
        run.complete("b", {"away": True})
        assert run.open == "after"
        run.complete("after")

    def here(run: Run) -> None:
        run.complete("a")
        run.complete("b", {"away": False})
        assert run.open == "after"
        run.complete("after")

    assert both(body, away).ended
    assert both(body, here).trace.count("after") == 1


def test_a_parallel_block_inside_an_inclusive_one() -> None:
    body = start() + incl("g1", "c") + node("inclusiveGateway", "g4") + par("g2", "g3") + ABC + user("d") + end()
    body += chain("begin g1; g2 a g3 g4; g2 b g3; d g4; c g4; g4 finish") + flow("g1", "g2", "n &gt; 0")
    body += flow("g1", "d", "n &gt; 1") + flow("g1", "c")

    for n, order in ((2, "abd"), (2, "dba"), (2, "adb"), (1, "ba"), (0, "c")):

        def story(run: Run, order: str = order) -> None:
            for name in order:
                assert not run.ended
                run.complete(name)

        run = both(body, story, {"n": n})
        assert run.ended and run.trace.count("finish") == 1


def test_an_inclusive_block_in_a_loop_waits_anew_in_every_round() -> None:
    body = start() + choose("g0", "g1") + incl("g1", "b") + node("inclusiveGateway", "g2") + user("a") + user("b")
    body += choose("g3", "g0") + end() + chain("begin g0; g0 g1; a g2; b g2; g2 g3") + flow("g1", "a", "true")
    body = body.replace('default="g1_to_b"', "") + flow("g1", "b", "true")
    body += flow("g3", "finish", "a.done and b.done") + flow("g3", "g0")

    def story(run: Run) -> None:
        for order, done in (("ab", False), ("ba", False), ("ba", False), ("ab", True)):
            assert run.open == "a b"
            for name in order:
                run.complete(name, {"done": done})

    run = both(body, story)
    assert run.ended and run.trace == "a b b a b a a b finish"


def test_an_inclusive_join_that_forks_decides_on_the_merged_data() -> None:
    body = start() + par("g1") + node("inclusiveGateway", "g2", default="g2_to_d") + user("a") + user("b") + user("c")
    body += user("d") + finish("e1") + finish("e2") + chain("begin g1 a g2; g1 b g2; c e1; d e2")
    body += flow("g2", "c", "a.v = 1 and b.v = 2") + flow("g2", "d")

    for order in ("ab", "ba"):

        def story(run: Run, order: str = order) -> None:
            for name in order:
                run.complete(name, {"v": 1 if name == "a" else 2})
            assert run.open == "c"
            run.complete("c")

        assert both(body, story, {"a": {"v": 0}, "b": {"v": 0}}).ended


def test_nothing_true_and_no_default_is_a_clear_failure() -> None:
    body = (
        start() + node("inclusiveGateway", "g") + user("a") + user("b") + end() + chain("begin g; a finish; b finish")
    )
    body += flow("g", "a", "n = 1") + flow("g", "b", "n = 2")
    with pytest.raises(ServiceTaskFailed):
        both(body, lambda run: None, {"n": 3})


# -- event-based --------------------------------------------------------------

RACE = start() + node("eventBasedGateway", "g") + catch("told", message("go"), set_x="told.v")
RACE += catch("soon", timer("PT1H")) + catch("late", timer("PT3H")) + user("a") + user("b") + user("c") + end()
RACE += chain("begin g; g told a finish; g soon b finish; g late c finish")


def test_in_a_race_the_message_wins_before_the_timer() -> None:
    def story(run: Run) -> None:
        assert run.waiting == "late soon told"
        run.message("go", {"v": 5})
        assert run.open == "a" and run.waiting == ""
        assert run.data["told"] == {"v": 5} and run.data["x"] == 5
        run.later(hours=9)
        assert run.open == "a"
        run.complete("a")

    run = both(RACE, story, messages="go")
    assert run.ended and run.trace == "told a finish"


def test_in_a_race_the_earlier_timer_wins_even_when_both_are_overdue() -> None:
    def story(run: Run) -> None:
        run.later(hours=5)
        assert run.open == "b"
        run.complete("b")

    assert both(RACE, story, messages="go").trace == "soon b finish"


def test_the_later_timer_may_stand_first() -> None:
    body = RACE.replace("PT1H", "PT4H")

    def story(run: Run) -> None:
        run.later(hours=5)
        assert run.open == "c"
        run.complete("c")

    assert both(body, story, messages="go").trace == "late c finish"


def test_two_messages_race() -> None:
    body = start() + node("eventBasedGateway", "g") + catch("yes", message("yes")) + catch("no", message("no")) + end()
    body += chain("begin g; g yes finish; g no finish")
    for name in ("yes", "no"):
        run = both(body, partial(Run.message, name=name, payload={"n": name}), messages="yes no")
        assert run.trace == f"{name} finish" and run.data[name] == {"n": name}


def test_receive_tasks_race_too() -> None:
    body = start() + node("eventBasedGateway", "g") + node("receiveTask", "yes", messageRef="msg_yes") + end()
    body += catch("late", timer("P1D")) + chain("begin g; g yes finish; g late finish")
    run = both(body, lambda run: run.message("yes", {"n": 1}), messages="yes")
    assert run.trace == "yes finish" and run.data["yes"] == {"n": 1}
    assert both(body, lambda run: run.later(days=2), messages="yes").trace == "late finish"


def test_a_race_in_a_loop_starts_its_clocks_anew() -> None:
    body = start() + choose("g0", "g") + node("eventBasedGateway", "g") + catch("told", message("go"))
    body += catch("soon", timer("PT1H")) + user("a") + end() + chain("begin g0; g0 g; g told finish; g soon a g0")

    def story(run: Run) -> None:
        for _ in range(3):
            run.later(minutes=30)
            assert run.open == ""
            run.later(minutes=31)
            assert run.open == "a" and run.waiting == ""
            run.complete("a")
        run.message("go")

    body = body.replace(' default="g0_to_g"', "")
    run = both(body, story, messages="go")
    assert run.ended and run.trace == "soon a soon a soon a told finish"


def test_a_race_saved_while_gateways_still_waited_goes_on() -> None:
    state = (GOLDEN / "race-format-1.json").read_bytes()
    definition = definition_of(diagram(RACE, messages="go"))
    gateway = next(UUID(row[0]) for row in json.loads(state)[1] if row[2] == "g")

    def restored(**spans: float) -> Execution:
        host = Host({})
        host.now += timedelta(**spans)
        return Execution.load(definition, state, host)

    told = restored()
    told.deliver(str(gateway), "go", {"v": 5})
    assert [t.element_id for t in told.open_tasks()] == ["a"] and told.data()["told"] == {"v": 5}
    late = restored(minutes=90)
    assert [w.due_at for w in late.waits() if w.element_id == "soon"] == [NOW.replace(hour=10)]
    late.run()
    assert [t.element_id for t in late.open_tasks()] == ["b"] and not list(late.waits())


# -- tokens -------------------------------------------------------------------


def test_a_terminate_end_stops_everything_at_once() -> None:
    body = start() + par("g1") + user("a") + user("b") + catch("wait", timer("PT1H")) + finish("end_a", TERMINATE)
    body += finish("end_b") + finish("end_c") + chain("begin g1 a end_a; g1 b end_b; g1 wait end_c")

    def story(run: Run) -> None:
        run.complete("a")
        assert run.ended

    run = both(body, story)
    assert run.trace == "a end_a" and run.open == "" and run.waiting == ""


TERMINATE = "<bpmn:terminateEventDefinition/>"
