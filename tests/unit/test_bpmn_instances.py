"""Multi-instances that end early, count, collect outputs and throw events; loops that count; live and restored."""

from __future__ import annotations

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    chain,
    choose,
    codes,
    escalation,
    finish,
    looped,
    node,
    process,
    reasons,
    refusals,
    script,
    sub,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, service, start, user

SIGNAL = (
    '<bpmn:signal id="sig_done" name="done"/><bpmn:signalEventDefinition id="sig_thrown" signalRef="sig_done"/>'
    '<bpmn:signal id="sig_enough" name="enough"/>'
)
HEARD = '<bpmn:signalEventDefinition signalRef="sig_done"/>'
BOTH_WAYS = pytest.mark.parametrize("sequential", [False, True], ids=["side_by_side", "in_turn"])


def many(inner: str, *, sequential: bool = False, **attributes: str) -> str:
    """Multi-instance characteristics with any content."""
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"{more}>{inner}'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def count(number: object) -> str:
    return f"<bpmn:loopCardinality>{number}</bpmn:loopCardinality>"


def over(collection: str, item: str = "x") -> str:
    return f'<bpmn:loopDataInputRef>{collection}</bpmn:loopDataInputRef><bpmn:inputDataItem id="{item}"/>'


def into(collection: str, item: str) -> tuple[str, str]:
    return f"<bpmn:loopDataOutputRef>{collection}</bpmn:loopDataOutputRef>", f'<bpmn:outputDataItem id="{item}"/>'


def until(condition: str) -> str:
    return f"<bpmn:completionCondition>{condition}</bpmn:completionCondition>"


def alone(element: str) -> str:
    return start() + element + end() + chain("begin many finish")


# -- ending early -----------------------------------------------------------------


def test_instances_left_are_cancelled_when_the_condition_holds() -> None:
    body = alone(looped(user("many"), many(over("xs") + until("nrOfCompletedInstances &gt;= 2"))))

    def story(run: Run) -> None:
        run.complete("many", {"v": 30}, item=3)
        assert len(run.items) == 2
        run.complete("many", {"v": 10}, item=1)

    run = both(body, story, {"xs": [1, 2, 3]})
    assert run.ended and run.trace == "many many finish"
    assert run.data["many"] == [{"v": 10, "item": 1}, {"v": 30, "item": 3}]


def test_no_further_instance_begins_when_the_condition_holds() -> None:
    body = alone(looped(user("many"), many(over("xs") + until("many[-1].v = 0"), sequential=True)))

    def story(run: Run) -> None:
        for value in (5, 0):
            run.complete("many", {"v": value})

    run = both(body, story, {"xs": [1, 2, 3]})
    assert run.ended and [e["v"] for e in run.data["many"]] == [5, 0]


@pytest.mark.parametrize(
    ("condition", "rounds"),
    [
        ("numberOfCompletedInstances = 2", 2), ("nrOfCompletedInstances / nrOfInstances &gt;= 0.5", 2),
        ("numberOfActiveInstances &lt;= 1", 3), ("nrOfActiveInstances = 0", 4),
        ("numberOfTerminatedInstances &gt; 0", 4),
        ("loopCounter = 3", 3), ("true", 1), ("false", 4), ("stop", 2), ("n &gt; 5", 3),
    ],
)  # fmt: skip
def test_counters_and_data_decide(condition: str, rounds: int) -> None:
    work = script("many", "n = n + loopCounter\nstop = (loopCounter = 2)", many(count(4) + until(condition)))
    run = both(alone(work), lambda run: None, {"n": 0, "stop": False})
    assert run.trace == " ".join(["many"] * rounds + ["finish"])
    assert run.data["n"] == sum(range(1, rounds + 1))


def test_what_an_instance_decided_may_end_the_others() -> None:
    body = alone(looped(user("many"), many(over("xs") + until("some v in many satisfies v.decision = &quot;no&quot;"))))

    def story(run: Run) -> None:
        run.complete("many", {"decision": "yes"}, item=2)
        assert not run.ended
        run.complete("many", {"decision": "no"}, item=3)

    assert len(both(body, story, {"xs": [1, 2, 3]}).data["many"]) == 2


def test_blocks_and_calls_left_are_cancelled_with_all_inside() -> None:
    inner = start("begin_in") + user("a") + user("b") + finish("e_in") + chain("begin_in a b e_in")
    loop = many(over("xs") + until("nrOfCompletedInstances = 1"))
    for element, more in (
        (sub("many", inner, loop), ""),
        (node("callActivity", "many", loop, calledElement="helper"), process("helper", inner)),
    ):

        def story(run: Run) -> None:
            run.complete("a", item=1)
            run.complete("a", item=3)
            run.complete("b", {"v": 9}, item=3)

        run = both(alone(element), story, {"xs": [1, 2, 3]}, more=more)
        assert run.ended and run.trace == "many many many a a b e_in finish"
        assert [e["item"] for e in run.data["many"]] == [3]


def test_a_loop_back_after_an_early_end_starts_all_over() -> None:
    for sequential in (False, True):
        loop = many(count(3) + until("nrOfCompletedInstances = 2"), sequential=sequential)
        body = (
            start() + node("exclusiveGateway", "g0") + looped(user("many"), loop) + user("judge") + choose("g1", "g0")
        )
        body += end() + chain("begin g0 many judge g1") + flow("g1", "finish", "judge.done") + flow("g1", "g0")

        def story(run: Run) -> None:
            for done in (False, True):
                run.complete("many")
                run.complete("many")
                run.complete("judge", {"done": done})

        assert both(body, story).trace == "many many judge many many judge finish"


def test_impossible_numbers_are_a_clear_failure() -> None:
    for number in ("-1", "1001", "2.5", "&quot;3&quot;", "null"):
        with pytest.raises(ServiceTaskFailed, match="不在 0 到 1000 之间"):
            both(alone(looped(user("many"), many(count(number)))), lambda run: None, lawful=False)
    assert "loop-characteristics" in refusals(diagram(alone(looped(user("many"), many(count("-1"))))))


# -- data of instances ----------------------------------------------------------------


@BOTH_WAYS
def test_outputs_are_collected_in_item_order(sequential: bool) -> None:
    reference, item = into("results", "score")
    inner = f'<bpmn:loopDataInputRef>xs</bpmn:loopDataInputRef>{reference}<bpmn:inputDataItem id="x"/>{item}'
    loop = many(inner, sequential=sequential)

    def story(run: Run) -> None:
        for item in (1, 2, 3) if sequential else (3, 1, 2):
            run.complete("many", {"score": item * 10}, item=item)

    run = both(alone(looped(user("many"), loop)), story, {"xs": [1, 2, 3], "score": "outer", "results": "old"})
    assert run.data["results"] == [10, 20, 30] and run.data["score"] == "outer" and "x" not in run.data
    run = both(alone(script("many", "score = x + 1", loop)), lambda run: None, {"xs": [1, 2, 3]})
    assert run.data["results"] == [2, 3, 4] and "score" not in run.data
    block = start("begin_in") + script("s", "score = x + 1") + finish("e_in") + chain("begin_in s e_in")
    assert both(alone(sub("many", block, loop)), lambda run: None, {"xs": [1, 2]}).data["results"] == [2, 3]
    assert both(alone(script("many", "score = 1", loop)), lambda run: None, {"xs": []}).data["results"] == []


def test_tasks_without_a_wait_hand_on_what_they_wrote() -> None:
    for sequential in (False, True):
        loop = many(over("xs"), sequential=sequential)
        run = both(alone(script("many", "sum = sum + x", loop)), lambda run: None, {"xs": [1, 2, 3], "sum": 0})
        assert run.data["sum"] == 6
        body = alone(looped(service("many", "svc", set_sum="sum + many.v"), loop))
        run = both(body, lambda run: None, {"xs": [1, 2], "sum": 0}, services={"svc": lambda element, _: {"v": 5}})
        assert run.data["sum"] == 10


@BOTH_WAYS
def test_an_instance_knows_its_number(sequential: bool) -> None:
    block = start("begin_in") + script("s", "note = [loopCounter, nrOfInstances]") + user("w") + finish("e_in")
    loop = many(count(3) + "".join(into("notes", "note")), sequential=sequential)
    body = alone(sub("many", block + chain("begin_in s w e_in"), loop))

    def story(run: Run) -> None:
        while not run.ended:
            run.complete("w")

    assert both(body, story).data["notes"] == [[1, 3], [2, 3], [3, 3]]


def test_rounds_of_a_loop_are_counted() -> None:
    work = script("many", "seen = append(seen, loopCounter)", again("loopCounter &lt; 4"))
    assert both(alone(work), lambda run: None, {"seen": []}).data["seen"] == [1, 2, 3, 4]
    work = script("many", "seen = append(seen, loopCounter)", again("loopCounter &lt; 2", before=True))
    assert both(alone(work), lambda run: None, {"seen": []}).data["seen"] == [1, 2]


def test_loops_of_every_kind_of_activity() -> None:
    inner = start("begin_in") + script("s", "n = n + 1") + finish("e_in") + chain("begin_in s e_in")
    loop = again("n &lt; 3")
    elements = [
        (sub("many", inner, loop), "many s e_in many s e_in many s e_in finish"),
        (node("callActivity", "many", loop, calledElement="helper"), "many s e_in many s e_in many s e_in finish"),
        (looped(service("many", "svc", set_n="n + 1"), loop), "many many many finish"),
        (looped(node("task", "many"), again(maximum=3)), "many many many finish"),
    ]
    for element, trace in elements:
        more = process("helper", inner) if "calledElement" in element else ""
        run = both(alone(element), lambda run: None, {"n": 0}, more=more, services={"svc": lambda element, _: {}})
        assert run.trace == trace


# -- events of instances ---------------------------------------------------------------


def guarded(loop: str, event: str, *, interrupting: bool) -> str:
    body = start() + looped(user("many"), loop) + boundary("ring", "many", event, interrupting=interrupting)
    return body + script("note", "rung = rung + 1") + finish("e2") + end() + chain("begin many finish; ring note e2")


@BOTH_WAYS
@pytest.mark.parametrize(("behavior", "times"), [("All", 0), ("None", 3), ("One", 1)])
def test_instances_throw_an_event_when_they_complete(behavior: str, times: int, sequential: bool) -> None:
    attributes = {} if behavior == "All" else {f"{behavior.lower()}BehaviorEventRef": "sig_thrown"}
    loop = many(count(3), sequential=sequential, behavior=behavior, **attributes)

    def story(run: Run) -> None:
        for _ in range(3):
            run.complete("many")

    run = both(guarded(loop, HEARD, interrupting=False), story, {"rung": 0}, more=SIGNAL, lawful=False)
    assert run.ended and run.trace.count("ring") == times and run.trace.count("many") == 3


def test_the_event_of_instances_may_be_the_one_its_boundary_event_waits_for() -> None:
    loop = many(count(2), behavior="None", noneBehaviorEventRef="own")
    own = HEARD.replace("Definition ", 'Definition id="own" ')

    def story(run: Run) -> None:
        run.complete("many")
        run.complete("many")

    run = both(guarded(loop, own, interrupting=False), story, {"rung": 0}, more=SIGNAL, lawful=False)
    assert run.ended and run.trace == "many ring note e2 many ring note finish e2"


@BOTH_WAYS
def test_an_error_of_the_first_instance_ends_the_rest(sequential: bool) -> None:
    loop = many(count(3), sequential=sequential, behavior="One", oneBehaviorEventRef="err_thrown")
    caught = '<bpmn:errorEventDefinition errorRef="err_first"/>'
    thrown = caught.replace("Definition ", 'Definition id="err_thrown" ')
    done = '<bpmn:error id="err_first" errorCode="FIRST"/>' + thrown
    run = both(guarded(loop, caught, interrupting=True), lambda run: run.complete("many"), {"rung": 0}, more=done)
    assert run.ended and run.trace == "many ring note e2"


@pytest.mark.parametrize("behavior", ["None", "One"])
def test_whether_an_interrupting_event_of_instances_ends_the_others_is_not_guessed(behavior: str) -> None:
    loop = many(count(3), behavior=behavior, **{f"{behavior.lower()}BehaviorEventRef": "sig_thrown"})
    text = diagram(guarded(loop, HEARD, interrupting=True)).replace(
        "</bpmn:definitions>", SIGNAL + "</bpmn:definitions>"
    )
    assert [rule for rule, _ in reasons(text)] == ["instance-events"]


def test_a_complex_behaviour_throws_by_condition() -> None:
    complex_ = (
        "<bpmn:complexBehaviorDefinition><bpmn:condition>nrOfCompletedInstances = 2</bpmn:condition>"
        '<bpmn:event id="thrown"><bpmn:escalationEventDefinition escalationRef="esc_E"/></bpmn:event>'
        "</bpmn:complexBehaviorDefinition>"
    )
    loop = many(count(3) + complex_, behavior="Complex")

    def story(run: Run) -> None:
        run.complete("many")
        assert "ring" not in run.trace
        run.complete("many")
        assert "ring" in run.trace
        run.complete("many")

    run = both(guarded(loop, escalation("E"), interrupting=False), story, {"rung": 0}, more=codes("E"), lawful=False)
    assert run.trace == "many many ring note e2 many finish"


def test_events_of_instances_are_declared() -> None:
    unknown = many(count(2), behavior="One", oneBehaviorEventRef="nothing")
    for loop in (unknown, many(count(2), behavior="Complex")):
        text = diagram(alone(looped(user("many"), loop)))
        assert "instance-events" in {rule for rule, _ in reasons(text)}


# -- names of instances side by side ------------------------------------------------------


def test_blocks_side_by_side_keep_names_of_their_own_to_themselves() -> None:
    inner = start("begin_in") + script("double", "y = x * 2") + user("a") + finish("e_in")
    body = alone(sub("many", inner + chain("begin_in double a e_in"), many(over("xs"))))

    def story(run: Run) -> None:
        for item in (2, 1):
            run.complete("a", item=item)

    run = both(body, story, {"xs": [1, 2]})
    assert [(e["item"], e["y"]) for e in run.data["many"]] == [(1, 2), (2, 4)] and "y" not in run.data
    read = body.replace(chain("begin many finish"), chain("begin many read finish")) + script("read", "z = y")
    counting = body.replace("y = x * 2", "y = y + 1")
    for text in (read, counting):
        assert "parallel-writes" in refusals(diagram(text))
