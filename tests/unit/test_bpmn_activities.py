"""Tasks, sub-processes, calls, loops and multi-instances as BPMN says, live and restored after every step."""

from __future__ import annotations

from itertools import permutations
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
    choose,
    definition_of,
    each,
    finish,
    looped,
    message,
    node,
    par,
    process,
    refusals,
    script,
    sub,
    timer,
    times,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, service, start, user


def test_every_kind_of_task_passes_the_token_on_and_keeps_its_product() -> None:
    body = start() + user("write", set_x="write.n * 2") + node("manualTask", "stamp") + node("task", "think")
    body += script("count", "y = x + 1") + service("ask", "svc", set_z="ask.answer", param_n="y") + end()
    body += chain("begin write stamp think count ask finish")

    def story(run: Run) -> None:
        run.complete("write", {"n": 2})
        run.complete("stamp")

    run = both(body, story, services={"svc": lambda element, parameters: {"answer": parameters["n"] + 1}})
    assert run.ended and run.trace == "write stamp think count ask finish"
    assert (run.data["x"], run.data["y"], run.data["z"]) == (4, 5, 6)


# -- sub-processes ----------------------------------------------------------------

BLOCK = (
    start("begin_in")
    + par("g1")
    + user("a")
    + user("b")
    + finish("e1")
    + finish("e2")
    + chain("begin_in g1 a e1; g1 b e2")
)


def test_a_script_task_without_a_script_does_nothing() -> None:
    body = start() + node("scriptTask", "none") + script("blank", " ") + user("work") + end()

    def story(run: Run) -> None:
        run.complete("work")

    run = both(body + chain("begin none blank work finish"), story, {"x": 1})
    assert run.trace == "none blank work finish" and run.data["x"] == 1


def test_a_block_ends_when_its_last_token_has_and_hands_out_its_data() -> None:
    body = start() + script("before", "x = 1") + sub("block", BLOCK) + user("after") + end()
    body += chain("begin before block after finish")
    for order in ("ab", "ba"):

        def story(run: Run, order: str = order) -> None:
            run.complete(order[0], {"v": order[0]})
            assert run.open == order[1]
            run.complete(order[1], {"v": order[1]})
            assert run.open == "after" and (run.data["a"], run.data["b"]) == ({"v": "a"}, {"v": "b"})
            run.complete("after")

        assert both(body, story).data["x"] == 1


def test_blocks_nest_and_repeat_in_a_loop() -> None:
    inner = start("begin_2") + user("a") + script("n", "i = i + 1") + finish("e_2") + chain("begin_2 a n e_2")
    middle = start("begin_1") + sub("inner", inner) + finish("e_1") + chain("begin_1 inner e_1")
    body = start() + node("exclusiveGateway", "g0") + sub("outer", middle) + choose("g1", "g0") + end()
    body += chain("begin g0 outer g1") + flow("g1", "finish", "i &gt; 2") + flow("g1", "g0")

    def story(run: Run) -> None:
        for number in range(3):
            run.complete("a", {"n": number})

    run = both(body, story, {"i": 0})
    assert run.ended and run.data["i"] == 3 and run.data["a"] == {"n": 2}


def test_two_ends_of_a_block_that_write_one_name_differently_are_a_clear_failure() -> None:
    inner = start("begin_in") + par("g1") + script("a", "x = 1") + script("b", "x = 2") + finish("e1") + finish("e2")
    body = start() + sub("block", inner + chain("begin_in g1 a e1; g1 b e2")) + end() + chain("begin block finish")
    with pytest.raises(ServiceTaskFailed, match="x"):
        both(body, lambda run: None, lawful=False)


def test_blocks_run_side_by_side() -> None:
    other = start("begin_3") + user("c") + finish("e_3") + chain("begin_3 c e_3")
    body = start() + par("g8", "g9") + sub("block", BLOCK) + sub("other", other) + end()
    body += chain("begin g8 block g9 finish; g8 other g9")
    for order in permutations("abc"):

        def story(run: Run, order: tuple[str, ...] = order) -> None:
            for name in order:
                run.complete(name, {"v": name})

        run = both(body, story)
        assert run.ended and all(run.data[n] == {"v": n} for n in "abc")


# -- calls --------------------------------------------------------------------------

HELPER = process(
    "helper", start("begin_h") + user("h") + script("up", "n = n + 1") + finish("e_h") + chain("begin_h h up e_h")
)


def test_a_process_called_twice_in_turn_runs_twice() -> None:
    body = start() + call("first", "helper") + call("second", "helper") + end() + chain("begin first second finish")

    def story(run: Run) -> None:
        run.complete("h", {"v": 1})
        assert run.open == "h" and run.data["n"] == 1
        run.complete("h", {"v": 2})

    run = both(body, story, {"n": 0}, more=HELPER)
    assert run.ended and run.data["n"] == 2 and run.data["h"] == {"v": 2}


def test_a_process_called_in_a_loop_runs_every_round() -> None:
    body = start() + node("exclusiveGateway", "g0") + call("it", "helper") + choose("g1", "g0") + end()
    body += chain("begin g0 it g1") + flow("g1", "finish", "n = 3") + flow("g1", "g0")

    def story(run: Run) -> None:
        for _ in range(3):
            run.complete("h")

    assert both(body, story, {"n": 0}, more=HELPER).ended


def test_different_processes_called_side_by_side() -> None:
    one = process("one", start("b1") + user("a") + finish("e1") + chain("b1 a e1"))
    two = process("two", start("b2") + user("b") + finish("e2") + chain("b2 b e2"))
    body = (
        start()
        + par("g1", "g2")
        + call("c1", "one")
        + call("c2", "two")
        + end()
        + chain("begin g1 c1 g2 finish; g1 c2 g2")
    )
    for order in ("ab", "ba"):

        def story(run: Run, order: str = order) -> None:
            for name in order:
                run.complete(name, {"v": name})

        run = both(body, story, more=one + two)
        assert run.ended and run.data["a"] == {"v": "a"} and run.data["b"] == {"v": "b"}


def test_one_process_called_side_by_side_is_refused() -> None:
    body = start() + par("g1", "g2") + call("c1", "helper") + call("c2", "helper") + end()
    body += chain("begin g1 c1 g2 finish; g1 c2 g2")
    assert "parallel-writes" in refusals(diagram(body).replace("</bpmn:definitions>", HELPER + "</bpmn:definitions>"))


def test_one_process_called_side_by_side_runs_twice_when_no_step_keeps_a_result() -> None:
    plain = start("begin_h") + node("task", "look") + script("note", "seen = true") + finish("e_h")
    helper = process("helper", plain + chain("begin_h look note e_h"))
    body = start() + par("g1", "g2") + call("c1", "helper") + call("c2", "helper") + end()
    body += chain("begin g1 c1 g2 finish; g1 c2 g2")
    run = both(body, lambda run: None, more=helper)
    assert run.ended and run.trace == "c1 c2 look look note note e_h e_h finish" and run.data["seen"] is True


# -- standard loops -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loop", "rounds"),
    [
        (again("n &lt; 3"), 3), (again("n &lt; 0"), 1), (again("n &lt; 3", before=True), 3),
        (again("n &lt; 0", before=True), 0), (again(maximum=2), 2), (again("n &lt; 9", maximum=2), 2),
        (again("n &lt; 9", before=True, maximum=2), 2), (again("n &lt; 3").replace('"false"', '"0"'), 3),
        (again("n &lt; 0", before=True).replace('"true"', '"1"'), 0),
    ],
)  # fmt: skip
def test_a_loop_tests_before_or_after_and_keeps_its_maximum(loop: str, rounds: int) -> None:
    work = user("work", set_n="n + 1")
    blocks = {
        "work": looped(work, loop),
        "block": sub("block", start("begin_in") + work + finish("e_in") + chain("begin_in work e_in"), loop),
    }
    for name, element in blocks.items():

        def story(run: Run) -> None:
            for number in range(rounds):
                run.complete("work", {"v": number})

        run = both(start() + element + end() + chain(f"begin {name} finish"), story, {"n": 0})
        assert run.ended and run.data["n"] == rounds


def test_a_loop_may_shorten_a_list() -> None:
    body = (
        start() + script("drop", "xs = xs[item > 1]; n = n + 1", again("n &lt; 2")) + end() + chain("begin drop finish")
    )
    body = body.replace("xs[item > 1]; n", "xs[item &gt; 1]\nn")
    assert both(body, lambda run: None, {"n": 0, "xs": [1, 2, 1, 3]}).data["xs"] == [2, 3]


# -- multi-instance -------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_side_by_side_instances_are_collected_in_item_order(order: tuple[int, ...]) -> None:
    body = start() + looped(user("many"), each("xs", "x")) + end() + chain("begin many finish")

    def story(run: Run) -> None:
        for item in order:
            run.complete("many", {"v": item * 10}, item=item)

    run = both(body, story, {"xs": [1, 2, 3]})
    assert run.ended and run.data["many"] == [{"v": n * 10, "item": n} for n in (1, 2, 3)] and "x" not in run.data


@pytest.mark.parametrize("sequential", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_any_number_of_instances(sequential: bool, count: int) -> None:
    block = start("begin_in") + user("w") + finish("e_in") + chain("begin_in w e_in")
    loops = (each("xs", "x", sequential=sequential), times("n", sequential=sequential))
    for loop in loops:
        for name, element in (("many", looped(user("many"), loop)), ("many", sub("many", block, loop))):

            def story(run: Run) -> None:
                for number in range(count):
                    assert len(run.items) == (1 if sequential else count - number)
                    run.complete(run.open.split()[0], {"v": number})

            run = both(start() + element + end() + chain(f"begin {name} finish"), story,
                       {"xs": list(range(count)), "n": count})  # fmt: skip
            assert run.ended and [entry["item"] for entry in run.data["many"]] == list(range(count))


def test_instances_may_handle_empty_values() -> None:
    for sequential in (False, True):
        body = start() + looped(service("many", "svc"), each("xs", "x", sequential=sequential)) + end()
        seen: list[Any] = []
        run = both(body + chain("begin many finish"), lambda run: None, {"xs": [1, None, 0, ""]},
                   services={"svc": lambda element, _: {"got": element.item}})  # fmt: skip
        assert [entry["got"] for entry in run.data["many"]] == [1, None, 0, ""] and not seen


def test_instances_in_turn_see_what_the_one_before_wrote() -> None:
    body = start() + looped(user("many", set_sum="sum + many.v"), each("xs", "x", sequential=True)) + end()

    def story(run: Run) -> None:
        for value in (1, 2, 3):
            run.complete("many", {"v": value})

    run = both(body + chain("begin many finish"), story, {"xs": [7, 8, 9], "sum": 0})
    assert run.data["sum"] == 6 and [e["v"] for e in run.data["many"]] == [1, 2, 3]


def test_a_block_of_many_collects_what_its_steps_produced() -> None:
    inner = start("begin_in") + user("a") + service("b", "svc") + finish("e_in") + chain("begin_in a b e_in")
    for sequential in (False, True):
        body = start() + sub("many", inner, each("xs", "x", sequential=sequential)) + user("after") + end()

        def story(run: Run, sequential: bool = sequential) -> None:
            for item in (1, 2, 3) if sequential else (3, 1, 2):
                run.complete("a", {"v": item}, item=item)
            assert run.open == "after" and "a" not in run.data and "x" not in run.data
            run.complete("after")

        run = both(body + chain("begin many after finish"), story, {"xs": [1, 2, 3]},
                   services={"svc": lambda element, _: {"w": element.data["x"] * 10}})  # fmt: skip
        assert run.data["many"] == [{"a": {"v": n}, "b": {"w": n * 10}, "item": n} for n in (1, 2, 3)]


def test_many_calls_of_one_process_collect_their_steps() -> None:
    helper = process("helper", start("begin_h") + user("h") + finish("e_h") + chain("begin_h h e_h"))
    for sequential in (False, True):
        body = (
            start()
            + call("many", "helper", each("xs", "x", sequential=sequential))
            + end()
            + chain("begin many finish")
        )

        def story(run: Run, sequential: bool = sequential) -> None:
            for item in (1, 2) if sequential else (2, 1):
                run.complete("h", {"v": item}, item=item)

        run = both(body, story, {"xs": [1, 2]}, more=helper)
        assert run.data["many"] == [{"h": {"v": 1}, "item": 1}, {"h": {"v": 2}, "item": 2}]


def test_many_in_many() -> None:
    inner = start("begin_in") + looped(user("w"), each("y.parts", "z").replace("y.parts", "parts")) + finish("e_in")
    inner += chain("begin_in w e_in")
    for outer in (False, True):
        for deep in (False, True):
            block = inner.replace('isSequential="false"', f'isSequential="{str(deep).lower()}"')
            body = start() + sub("many", block, each("xs", "x", sequential=outer)) + end() + chain("begin many finish")

            def story(run: Run) -> None:
                while not run.ended:
                    item = run.items[-1]
                    run.complete("w", {"v": item}, item=item)

            run = both(body, story, {"xs": ["p", "q"], "parts": [1, 2]})
            parts = [{"v": n, "item": n} for n in (1, 2)]
            assert run.data["many"] == [{"w": parts, "item": "p"}, {"w": parts, "item": "q"}]


def test_many_with_the_same_item_name_in_many() -> None:
    inner = start("begin_in") + looped(user("w"), each("parts", "x")) + script("note", "seen = x") + finish("e_in")
    inner += chain("begin_in w note e_in")
    body = start() + sub("many", inner, each("xs", "x", sequential=True)) + end() + chain("begin many finish")

    def story(run: Run) -> None:
        for _ in range(2):
            run.complete("w", item=2)
            run.complete("w", item=1)

    run = both(body, story, {"xs": ["p", "q"], "parts": [1, 2], "x": "outer"}, lawful=False)
    assert run.data["seen"] == "q" and run.data["x"] == "outer"


def test_a_loop_back_into_many_starts_afresh_with_the_items_of_that_time() -> None:
    for sequential in (False, True):
        body = start() + node("exclusiveGateway", "g0") + looped(user("many"), each("xs", "x", sequential=sequential))
        body += user("judge", set_xs="judge.xs") + choose("g1", "g0") + end()
        body += chain("begin g0 many judge g1") + flow("g1", "finish", "judge.xs = []") + flow("g1", "g0")

        def story(run: Run) -> None:
            for items, following in (([1, 2, 3], [5]), ([5], [7, 8]), ([7, 8], [])):
                for item in items:
                    run.complete("many", {"v": item}, item=item)
                assert run.data["many"] == [{"v": i, "item": i} for i in items]
                run.complete("judge", {"xs": following})

        assert both(body, story, {"xs": [1, 2, 3]}).ended


def test_items_in_turn_stay_the_same_when_the_collection_changes_meanwhile() -> None:
    body = (
        start()
        + looped(user("many", set_xs="[]"), each("xs", "x", sequential=True))
        + end()
        + chain("begin many finish")
    )

    def story(run: Run) -> None:
        for item in (1, 2):
            run.complete("many", item=item)

    run = both(body, story, {"xs": [1, 2]})
    assert run.ended and run.data["xs"] == [] and [e["item"] for e in run.data["many"]] == [1, 2]


def test_many_waits_and_decisions_keep_their_products() -> None:
    body = start() + looped(node("receiveTask", "many", messageRef="msg_go"), each("xs", "x")) + end()

    def story(run: Run) -> None:
        run.message("go", {"n": 1})
        assert run.waiting == "many"
        run.message("go", {"n": 2})

    run = both(body + chain("begin many finish"), story, {"xs": [1, 2]}, messages="go")
    assert run.ended and sorted(e["n"] for e in run.data["many"]) == [1, 2]


def test_many_side_by_side_with_other_work() -> None:
    body = start() + par("g1", "g2") + looped(user("many"), each("xs", "x")) + user("b") + end()
    body += chain("begin g1 many g2 finish; g1 b g2")

    def story(run: Run) -> None:
        run.complete("many", {"v": 1}, item=1)
        run.complete("b", {"v": 2})
        run.complete("many", {"v": 3}, item=2)

    run = both(body, story, {"xs": [1, 2]})
    assert run.ended and run.data["b"] == {"v": 2} and len(run.data["many"]) == 2


def test_a_block_with_a_race_and_a_reminder_in_many_instances() -> None:
    inner = (
        start("begin_in") + node("eventBasedGateway", "g") + catch("told", message("go")) + catch("late", timer("PT9H"))
    )
    inner += user("a") + user("b") + finish("e1") + finish("e2") + chain("begin_in g told a e1; g late b e2")
    body = start() + sub("many", inner, each("xs", "x")) + boundary("nag", "many", timer("PT1H"), interrupting=False)
    body += user("hurry") + finish("e3") + end() + chain("begin many finish; nag hurry e3")

    def story(run: Run) -> None:
        run.message("go", {"n": 1})
        run.later(hours=1)
        assert run.open == "a hurry"
        run.later(hours=9)
        assert run.open == "a b hurry"
        for name in ("b", "hurry", "a"):
            run.complete(name)

    run = both(body, story, {"xs": [1, 2]}, messages="go")
    assert run.ended and len(run.data["many"]) == 2


def test_branches_are_tried_as_written_not_as_drawn() -> None:
    body = start() + choose("g", "c") + script("a", "x = 1") + script("b", "x = 2") + script("c", "x = 3") + end()
    body += (
        chain("begin g; a finish; b finish; c finish")
        + flow("g", "a", "true")
        + flow("g", "b", "true")
        + flow("g", "c")
    )
    shapes = "".join(
        f'<bpmndi:BPMNShape id="s_{i}" bpmnElement="{i}"><dc:Bounds x="0" y="{y}" width="9" height="9"/>'
        "</bpmndi:BPMNShape>"
        for i, y in (("a", 900), ("b", 100), ("c", 10))
    )
    drawn = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">'
        f'<bpmndi:BPMNPlane bpmnElement="probe">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )
    assert both(body, lambda run: None, more=drawn, lawful=False).data["x"] == 1


def test_no_spec_is_changed_by_running() -> None:
    text = diagram(start() + looped(user("many"), each("xs", "x")) + end() + chain("begin many finish"))
    spec = definition_of(text).spec
    before = {name: (list(s._inputs), list(s._outputs)) for name, s in spec.task_specs.items()}
    test_any_number_of_instances(False, 2)
    assert before == {name: (list(s._inputs), list(s._outputs)) for name, s in spec.task_specs.items()}
