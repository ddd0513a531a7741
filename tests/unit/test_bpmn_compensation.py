"""Compensation as BPMN says: what was completed is undone, the last first, each once."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    call,
    chain,
    codes,
    each,
    error,
    finish,
    looped,
    message,
    node,
    par,
    process,
    reasons,
    refusals,
    script,
    sub,
    throw,
    timer,
    times,
    xor,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, service, start, user
from tests.support.scope_models import compensate, handler, undone

ZERO = {"undone": 0}


def steps(*tasks: str, then: str) -> str:
    """User tasks in a row between ``begin`` and ``then``."""
    return start() + "".join(user(t) for t in tasks) + chain(f"begin {' '.join(tasks)} {then}")


def complete(*tasks: str) -> Any:
    def story(run: Run) -> None:
        for number, task in enumerate(tasks, 1):
            run.complete(task, {"v": number})

    return story


def test_everything_that_was_completed_is_undone_the_last_first() -> None:
    body = steps("a", "b", "c", then="back") + throw("back", compensate()) + user("after") + end()
    body += chain("back after finish") + undone("a", "c")
    run = both(body, complete("a", "b", "c", "after"), ZERO)
    assert run.trace == "a b c back undo_c un_c undo_a un_a after finish" and run.data["undone"] == 2


def test_one_activity_alone_is_undone_where_it_is_named() -> None:
    body = steps("a", "b", then="back") + throw("back", compensate("a")) + user("after") + end()
    body += chain("back after finish") + undone("a", "b")
    assert both(body, complete("a", "b", "after"), ZERO).trace == "a b back undo_a un_a after finish"


def test_a_named_block_or_multi_instance_is_undone_whole() -> None:
    inner = start("begin_in") + user("x") + finish("e_in") + chain("begin_in x e_in") + undone("x")
    many = looped(user("many"), times("2"))
    body = start() + user("a") + sub("block", inner) + many + throw("back", compensate("block"))
    body += throw("more", compensate("many")) + end() + chain("begin a block many back more finish")
    run = both(body + undone("a", "many"), complete("a", "x", "many", "many"), ZERO)
    assert run.trace.endswith("back undo_x un_x more undo_many un_many undo_many un_many finish")


def test_an_end_event_undoes_too_before_the_process_is_over() -> None:
    body = steps("a", then="back") + finish("back", compensate())
    body += undone("a", by=user("un_a"))

    def story(run: Run) -> None:
        run.complete("a")
        assert run.open == "un_a" and not run.ended
        run.complete("un_a", {"v": 1})

    run = both(body, story)
    assert run.ended and run.trace == "a back undo_a un_a" and run.data["un_a"] == {"v": 1}


def test_what_was_never_done_or_is_not_done_yet_is_not_undone() -> None:
    body = start() + par("g1", "g2") + user("a") + user("b") + user("ready") + throw("back", compensate()) + end()
    body += chain("begin g1; g1 a g2; g1 b g2; g1 ready back g2; g2 finish") + undone("a", "b")

    def story(run: Run) -> None:
        run.complete("a")
        run.complete("ready")
        assert run.open == "b"
        run.complete("b")

    run = both(body, story, ZERO)
    assert run.trace == "a ready back undo_a un_a b finish" and run.data["undone"] == 1


def test_nothing_to_undo_is_no_matter() -> None:
    body = start() + throw("back", compensate()) + throw("again", compensate("a")) + user("a") + end()
    body += chain("begin back again a finish") + undone("a")
    assert both(body, complete("a"), ZERO).trace == "back again a finish"


def test_each_completion_is_undone_once() -> None:
    body = start() + xor("g1") + user("a", set_n="a.n") + throw("back", compensate())
    body += node("exclusiveGateway", "g2", default="g2_to_g1") + end() + chain("begin g1 a g2 g1")
    body += flow("g2", "back", "n &gt; 2") + throw("once_more", compensate()) + chain("back once_more finish")
    body += undone("a", by=script("un_a", "seen = append(seen, n)"))

    def story(run: Run) -> None:
        for number in (1, 2, 3):
            run.complete("a", {"n": number})

    run = both(body, story, {"seen": []})
    assert run.data["seen"] == [3, 2, 1], "every handler sees the data its activity left behind"
    assert run.trace == "a a a back undo_a un_a undo_a un_a undo_a un_a once_more finish"


@pytest.mark.parametrize("loop", ["parallel", "sequential", "rounds"])
def test_every_instance_and_every_round_is_undone_for_itself(loop: str) -> None:
    host = {
        "parallel": looped(user("a"), each("xs", "x")),
        "sequential": looped(user("a"), each("xs", "x", sequential=True)),
        "rounds": looped(user("a"), again(maximum=2)),
    }[loop]
    body = start() + host + throw("back", compensate()) + user("after") + end() + chain("begin a back after finish")
    body += undone("a", by=script("un_a", "seen = append(seen, a.v)"))

    def story(run: Run) -> None:
        run.complete("a", {"v": 1})
        run.complete("a", {"v": 2})
        run.complete("after")

    run = both(body, story, {"xs": ["p", "q"], "seen": []})
    assert run.data["seen"] == [2, 1]


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("kind", ["task", "in the block", "of the block"])
def test_a_handler_knows_the_item_of_its_instance(kind: str, sequential: bool) -> None:
    loop = each("xs", "x", sequential=sequential)
    inner = start("begin_in") + user("a") + finish("e_in") + chain("begin_in a e_in")
    host = {
        "task": looped(user("a"), loop),
        "in the block": sub("many", inner + undone("a", by=user("un_a")), loop),
        "of the block": sub("many", inner, loop),
    }[kind]
    name = "many" if "many" in host else "a"
    body = start() + host + throw("back", compensate()) + end() + chain(f"begin {name} back finish")
    if kind != "in the block":
        body += undone(name, by=user(f"un_{name}"))

    def story(run: Run) -> None:
        run.complete("a", item="p")
        run.complete("a", item="q")
        for item in "qp":
            (task,) = run.execution.open_tasks()
            assert run.execution.evaluate(task.engine_task_id, "x") == item
            run.complete(task.element_id)

    assert both(body, story, {"xs": ["p", "q"]}).ended


def test_what_a_handler_writes_goes_to_the_token_that_threw() -> None:
    body = start() + user("a", set_state="'booked'") + user("b", set_state="'paid'") + throw("back", compensate())
    body += script("read", "seen = state") + end() + chain("begin a b back read finish")
    body += undone("a", by=user("un_a", set_state="'gone'"))

    def story(run: Run) -> None:
        run.complete("a", {"v": 7})
        run.complete("b")
        assert run.execution.evaluate(next(run.execution.open_tasks()).engine_task_id, "state") == "booked"
        run.complete("un_a", {"why": 1})

    run = both(body, story)
    assert run.data["seen"] == "gone" and run.data["un_a"] == {"why": 1} and run.data["b"] == {}


def test_a_thrower_that_does_not_wait_goes_on_and_the_scope_waits_for_it() -> None:
    body = steps("a", then="back") + throw("back", compensate(wait=False)) + user("after") + end()
    body += chain("back after finish") + undone("a", by=user("un_a"))

    def story(run: Run) -> None:
        run.complete("a")
        assert run.open == "after un_a"
        run.complete("after")
        assert run.open == "un_a" and not run.ended
        run.complete("un_a", {"v": 1})

    run = both(body, story)
    assert run.ended and run.data["un_a"] == {"v": 1} and run.trace == "a back undo_a after finish un_a"


# -- blocks and calls -------------------------------------------------------------------

INNER = start("begin_in") + user("a") + user("b") + finish("e_in") + chain("begin_in a b e_in")


def around(block: str, more: str = "") -> str:
    """The block, then a task, then everything is undone."""
    return (
        start() + block + user("c") + throw("back", compensate()) + user("after") + end()
        + chain("begin block c back after finish") + more
    )  # fmt: skip


@pytest.mark.parametrize("how", ["block", "call", "in turn", "side by side"])
def test_a_block_without_a_handler_is_undone_through_what_is_in_it(how: str) -> None:
    inner = INNER + undone("a", "b")
    many = {"in turn": times("2", sequential=True), "side by side": times("2")}
    block = call("block", "callee") if how == "call" else sub("block", inner, many.get(how, ""))

    def story(run: Run) -> None:
        for _ in range(2 if how in many else 1):
            run.complete("a", {"v": 1})
            run.complete("b", {"v": 2})
        run.complete("c")
        assert run.open == "after"
        run.complete("after")

    run = both(around(block, undone("c")), story, ZERO, more=process("callee", inner) if how == "call" else "")
    undoing = run.trace.split("back ")[1]
    once = "undo_b un_b undo_a un_a "
    assert undoing == "undo_c un_c " + once * (2 if how in many else 1) + "after finish"
    assert run.data["undone"] == (5 if how in many else 3)


def test_what_a_called_process_keeps_to_itself_stays_in_it_when_it_is_undone() -> None:
    declared = (
        '<bpmn:ioSpecification><bpmn:dataOutput id="out" name="result"/><bpmn:inputSet/>'
        "<bpmn:outputSet><bpmn:dataOutputRefs>out</bpmn:dataOutputRefs></bpmn:outputSet></bpmn:ioSpecification>"
    )
    inner = declared + INNER + undone("a", by=user("un_a", set_secret="a.v"))
    body = around(call("block", "callee"))

    def story(run: Run) -> None:
        complete("a", "b", "c")(run)
        assert run.execution.evaluate(next(run.execution.open_tasks()).engine_task_id, "a.v") == 1
        complete("un_a", "after")(run)

    run = both(body, story, more=process("callee", inner), lawful=False)
    assert run.ended and not {"secret", "a", "un_a"} & run.data.keys()


def test_the_handler_of_a_block_stands_for_all_that_is_in_it() -> None:
    body = around(sub("block", INNER + undone("a", "b")), undone("block"))
    run = both(body, complete("a", "b", "c", "after"), ZERO)
    assert run.trace.endswith("back undo_block un_block after finish")


def test_a_block_undoes_itself_by_its_own_compensation_handler() -> None:
    own = handler("h", compensate(), user("h_fix") + throw("deep", compensate("a")), path="h_fix deep")
    body = around(sub("block", INNER + own + undone("a", "b")))

    def story(run: Run) -> None:
        complete("a", "b", "c")(run)
        assert run.open == "h_fix"
        assert run.execution.evaluate(next(run.execution.open_tasks()).engine_task_id, "a.v") == 1
        run.complete("h_fix", {"w": 1})
        run.complete("after")

    run = both(body, story, ZERO)
    assert run.trace.endswith("back h h_go h_fix deep undo_a un_a h_end after finish")
    assert run.data["undone"] == 1 and run.data["h_fix"] == {"w": 1}


def test_blocks_in_blocks_are_undone_level_by_level() -> None:
    deep = start("begin_d") + user("d") + finish("e_d") + chain("begin_d d e_d") + undone("d")
    inner = start("begin_in") + user("a") + sub("deep", deep) + user("b") + finish("e_in")
    inner += chain("begin_in a deep b e_in") + undone("a", "b")
    run = both(around(sub("block", inner), undone("c")), complete("a", "d", "b", "c", "after"), ZERO)
    assert run.trace.endswith("back undo_c un_c undo_b un_b undo_d un_d undo_a un_a after finish")


def test_a_block_that_was_interrupted_is_not_undone() -> None:
    body = start() + sub("block", INNER + undone("a")) + boundary("ring", "block", timer("PT1H"))
    body += throw("back", compensate()) + end() + finish("e_block") + chain("begin block e_block; ring back finish")

    def story(run: Run) -> None:
        run.complete("a")
        run.later(hours=1)

    assert both(body, story, ZERO).trace == "block a ring back finish"


@pytest.mark.parametrize("ordering", ["Parallel", "Sequential"])
def test_the_steps_of_an_ad_hoc_block_are_undone_each_time_they_were_done(ordering: str) -> None:
    until = '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">done</bpmn:completionCondition>'
    inner = user("a") + user("b", set_done="b.v = 2") + undone("b")
    body = around(node("adHocSubProcess", "block", inner + until, ordering=ordering))

    def story(run: Run) -> None:
        for number in (1, 2):
            run.complete("a")
            run.complete("b", {"v": number})
        complete("c", "after")(run)

    run = both(body, story, {"done": False, "undone": 0})
    assert run.trace == "block a b a b c back undo_b un_b undo_b un_b after finish" and run.data["undone"] == 2


def test_who_throws_in_a_block_sees_that_block_alone() -> None:
    inner = start("begin_in") + user("a") + throw("back", compensate()) + finish("e_in") + chain("begin_in a back e_in")
    body = steps("c", then="block") + sub("block", inner + undone("a")) + end() + chain("block finish") + undone("c")
    assert both(body, complete("c", "a"), ZERO).trace == "c block a back undo_a un_a e_in finish"


def test_a_handler_of_an_error_undoes_the_scope_around_it() -> None:
    body = start() + user("a") + service("svc", "svc") + end() + chain("begin a svc finish")
    body += handler("h", error("E1"), throw("back", compensate("a")) + user("h_fix"), path="back h_fix")
    body += undone("a")

    def fails(element: Any, parameters: dict[str, Any]) -> None:
        raise ServiceTaskFailed("不行", error_code="E1")

    run = both(body, complete("a", "h_fix"), ZERO, services={"svc": fails}, more=codes("E1"))
    assert run.trace == "a svc h h_go back undo_a un_a h_fix h_end" and run.data["undone"] == 1


# -- handlers of every kind ---------------------------------------------------------------


def test_a_handler_may_be_a_block_a_call_or_a_multi_instance() -> None:
    inner = start("begin_u") + user("u") + finish("e_u") + chain("begin_u u e_u")
    kinds = {
        "block": sub("un_a", inner),
        "call": call("un_a", "callee"),
        "many": looped(user("un_a"), each("xs", "x")),
    }
    called = process("callee", inner)
    for kind, by in kinds.items():
        body = (
            steps("a", then="back") + throw("back", compensate()) + user("after") + end() + chain("back after finish")
        )

        def story(run: Run, kind: str = kind) -> None:
            run.complete("a")
            for _ in range(2 if kind == "many" else 1):
                run.complete("un_a" if kind == "many" else "u", {"v": 1})
            run.complete("after")

        run = both(body + undone("a", by=by), story, {"xs": [1, 2]}, more=called if kind == "call" else "")
        assert run.ended and (run.data.get("u") == {"v": 1} or len(run.data["un_a"]) == 2), kind


def test_who_interrupts_the_thrower_interrupts_what_it_undoes() -> None:
    inner = start("begin_d") + user("d") + finish("e_d") + chain("begin_d d e_d")
    block = start("begin_in") + sub("deep", inner + undone("d", by=user("un_d"))) + throw("back", compensate())
    block += finish("e_in") + chain("begin_in deep back e_in")
    body = start() + sub("block", block) + boundary("ring", "block", message("stop")) + user("after") + end()
    body += finish("e_block") + chain("begin block e_block; ring after finish")

    def story(run: Run) -> None:
        run.complete("d")
        assert run.open == "un_d"
        run.message("stop")
        assert run.open == "after"
        run.complete("after")

    assert both(body, story, messages="stop").trace == "block deep d e_d back undo_d ring after finish"


def test_an_error_of_a_handler_is_caught_around_the_thrower() -> None:
    by = sub("un_a", start("begin_u") + finish("boom", error("E1")) + chain("begin_u boom"))
    inner = start("begin_in") + user("a") + throw("back", compensate()) + finish("e_in") + chain("begin_in a back e_in")
    body = start() + sub("block", inner + undone("a", by=by)) + boundary("ring", "block", error("E1")) + end()
    body += finish("e_block") + chain("begin block e_block; ring finish")
    run = both(body, complete("a"), more=codes("E1"))
    assert run.trace == "block a back undo_a un_a boom ring finish"


def test_two_throwers_share_what_there_is_to_undo() -> None:
    body = start() + user("a") + user("b") + par("g1", "g2") + throw("back_a", compensate("a"))
    body += throw("back_all", compensate()) + end()
    body += chain("begin a b g1; g1 back_a g2; g1 back_all g2; g2 finish") + undone("a", "b")
    run = both(body, complete("a", "b"), ZERO)
    assert run.ended and run.trace.count("undo_a") == 1 and run.trace.count("undo_b") == 1


def test_an_event_sub_process_for_compensation_may_be_marked_as_such() -> None:
    marked = handler("h", compensate(), throw("all", compensate()), path="all").replace(
        "<bpmn:subProcess", '<bpmn:subProcess isForCompensation="true"'
    )
    inner = start("in") + user("a") + end("out") + chain("in a out") + marked + undone("a")
    body = start() + sub("block", inner) + throw("back", compensate()) + end() + chain("begin block back finish")
    assert both(body, complete("a"), ZERO).trace == "block in a out back h h_go all undo_a un_a h_end finish"
    wrong = diagram(body.replace(marked, marked.replace(compensate(), timer("PT1H"), 1)))
    assert "event-sub-process-place" in refusals(wrong)


# -- what is refused ------------------------------------------------------------------------


def test_wrong_compensation_is_refused_by_name() -> None:
    body = steps("a", then="back") + throw("back", compensate()) + end() + chain("back finish")
    fine = body + undone("a")
    assert not refusals(diagram(fine)), reasons(diagram(fine))
    tie = fine[fine.index("<bpmn:association") :]
    wrong = {
        "compensation-handlers": fine.replace(tie, ""),
        "boundary-event-flows": fine.replace(tie, chain("undo_a finish") + tie),
        "compensation-reference": (
            start() + sub("block", INNER + undone("a")) + throw("back", compensate("a")) + end()
            + chain("begin block back finish")
        ),
        "compensation-reference  ": fine.replace(compensate() + "</bpmn:b", compensate() + timer("PT1H") + "</bpmn:b"),
        "compensation-reference ": fine.replace(
            tie, boundary("twice", "a", compensate()) + tie + tie.replace("undo_a", "twice").replace("tie_a", "tie_2")
        ),
        "event-triggers": start() + node("intermediateCatchEvent", "w", compensate()) + end() + chain("begin w finish"),
    }  # fmt: skip
    for rule, text in wrong.items():
        assert rule.strip() in refusals(diagram(text)), rule
    assert "compensation-handlers" in refusals(diagram(fine.replace(tie, chain("un_a finish") + tie)))
