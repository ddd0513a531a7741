"""Signals, links and events with several triggers as BPMN says, live and restored."""

from __future__ import annotations

from tests.support.bpmn_runs import (
    NOW,
    Run,
    both,
    boundary,
    call,
    catch,
    chain,
    codes,
    error,
    escalation,
    finish,
    message,
    node,
    par,
    process,
    refusals,
    script,
    sub,
    throw,
    timer,
    times,
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, start, user

STOP = '<bpmn:signal id="sig_stop" name="停止"/><bpmn:signal id="sig_go" name="go"/>'


def signal(name: str = "stop") -> str:
    return f'<bpmn:signalEventDefinition signalRef="sig_{name}"/>'


def link(name: str) -> str:
    return f'<bpmn:linkEventDefinition name="{name}"/>'


# -- signals ----------------------------------------------------------------------


def test_a_signal_reaches_everybody_who_waits_and_nobody_later() -> None:
    inner = start("begin_in") + catch("deep", signal()) + finish("e_in") + chain("begin_in deep e_in")
    called = start("begin_c") + catch("called_wait", signal()) + finish("e_c") + chain("begin_c called_wait e_c")
    body = start() + par("g1", "g2") + catch("near", signal()) + sub("block", inner) + call("other", "callee")
    body += user("ready") + throw("shout", signal(), payload="{&quot;why&quot;: 1}") + catch("late", signal()) + end()
    body += chain("begin g1; g1 near g2; g1 block g2; g1 other g2; g1 ready shout late g2; g2 finish")

    def story(run: Run) -> None:
        assert run.waiting == "called_wait deep near"
        run.complete("ready")
        assert run.waiting == "late", "who begins to wait after the throw has not heard it"
        assert run.host.signals == [("停止", {"why": 1})]
        run.signal("停止", {"why": 2})

    run = both(body, story, more=STOP + process("callee", called))
    assert run.ended and run.data["near"] == {"why": 1} and run.data["late"] == {"why": 2}
    assert run.data["deep"] == {"why": 1} and run.data["called_wait"] == {"why": 1}


def test_a_signal_nobody_waits_for_is_gone() -> None:
    body = start() + throw("shout", signal()) + catch("wait", signal()) + end() + chain("begin shout wait finish")

    def story(run: Run) -> None:
        assert run.waiting == "wait"
        run.signal("go")
        assert run.waiting == "wait", "another signal is not this one"
        run.signal("停止")

    assert both(body, story, more=STOP).trace == "shout wait finish"


def test_who_comes_to_a_wait_when_a_signal_is_thrown_hears_it() -> None:
    body = start() + par("g1") + throw("shout", signal()) + finish("e1") + node("eventBasedGateway", "g2")
    body += catch("near", signal()) + catch("far", signal("go")) + finish("e2") + finish("e3")
    body += chain("begin g1; g1 shout e1; g1 g2; g2 near e2; g2 far e3")
    run = both(body, lambda run: None, more=STOP)
    assert run.ended and run.trace == "shout near e1 e2"


def test_a_signal_end_event_tells_the_others() -> None:
    body = start() + par("g1") + catch("near", signal()) + user("work") + finish("e1") + finish("shout", signal())
    body += chain("begin g1; g1 near e1; g1 work shout")

    def story(run: Run) -> None:
        run.complete("work")
        assert run.ended

    run = both(body, story, more=STOP)
    assert run.trace == "work shout near e1" and run.host.signals == [("停止", {})]


def test_an_interrupting_signal_boundary_stops_what_it_stands_on() -> None:
    inner = (
        start("begin_in") + par("g1") + user("a") + user("b") + script("after", "x = 1") + finish("e1") + finish("e2")
    )
    inner += chain("begin_in g1; g1 a after e1; g1 b e2")
    body = start() + par("g0") + sub("block", inner) + boundary("halt", "block", signal()) + user("boss")
    body += finish("shout", signal()) + end() + finish("e3")
    body += chain("begin g0; g0 block finish; g0 boss shout; halt e3")

    def story(run: Run) -> None:
        run.complete("b")
        run.complete("boss")
        assert run.ended

    run = both(body, story, more=STOP)
    assert run.trace == "block b e2 boss shout halt e3"


def test_a_block_may_interrupt_itself_by_its_own_signal() -> None:
    inner = start("begin_in") + throw("shout", signal()) + script("after", "x = 1") + finish("e_in")
    inner += chain("begin_in shout after e_in")
    body = start() + sub("block", inner) + boundary("halt", "block", signal()) + end() + finish("e2")
    run = both(body + chain("begin block finish; halt e2"), lambda run: None, more=STOP)
    assert run.ended and run.trace == "block shout halt e2" and "x" not in run.data


def test_a_signal_boundary_that_does_not_interrupt_hears_every_signal() -> None:
    body = start() + user("work") + boundary("ring", "work", signal(), interrupting=False) + user("other") + end()
    body += finish("e2") + chain("begin work finish; ring other e2")

    def story(run: Run) -> None:
        for _ in range(3):
            run.signal("停止", {"n": 1})
        assert run.open == "other other other work" and run.waiting == "ring"
        run.complete("work")
        assert run.waiting == ""
        for _ in range(3):
            run.complete("other")

    assert both(body, story, more=STOP).ended


def test_a_race_may_be_won_by_a_signal() -> None:
    body = (
        start() + node("eventBasedGateway", "g") + catch("told", signal(), set_x="told.v") + catch("late", timer("P1D"))
    )
    body += end() + finish("e2") + chain("begin g; g told finish; g late e2")
    run = both(body, lambda run: run.signal("停止", {"v": 7}), more=STOP)
    assert run.ended and run.trace == "told finish" and run.data["x"] == 7


def test_every_instance_of_a_block_hears_the_signal() -> None:
    inner = start("begin_in") + catch("wait", signal()) + finish("e_in") + chain("begin_in wait e_in")
    body = start() + sub("many", inner, times("3")) + end() + chain("begin many finish")
    run = both(body, lambda run: run.signal("停止", {"n": 1}), more=STOP)
    assert run.ended and [m["wait"] for m in run.data["many"]] == [{"n": 1}] * 3


# -- links ------------------------------------------------------------------------


def test_links_lead_to_the_catch_of_their_name() -> None:
    body = start() + node("exclusiveGateway", "g", default="g_to_b") + user("a") + throw("x1", link("甲")) + user("b")
    body += throw("x2", link("甲")) + throw("x3", link("乙")) + catch("in1", link("甲")) + catch("in2", link("乙"))
    body += user("c") + end() + chain("begin g; a x1; b x2; in1 c x3; in2 finish; g b")
    body += flow("g", "a", "n = 1")
    for n, first, thrown in ((1, "a", "x1"), (2, "b", "x2")):

        def story(run: Run, first: str = first) -> None:
            run.complete(first)
            run.complete("c")

        assert both(body, story, {"n": n}).trace == f"{first} {thrown} in1 c x3 in2 finish"


def test_links_that_name_each_other_need_no_common_name() -> None:
    def end_of(identity: str, tag: str, other: str) -> str:
        inner = f"<bpmn:{tag}>{other}</bpmn:{tag}>"
        return f'<bpmn:linkEventDefinition id="{identity}" name="{identity}">{inner}</bpmn:linkEventDefinition>'

    body = start() + throw("away", end_of("there", "target", "here")) + catch("back", end_of("here", "source", "there"))
    body += user("a") + end() + chain("begin away; back a finish")
    assert both(body, lambda run: run.complete("a")).trace == "away back a finish"


def test_a_link_back_is_a_loop() -> None:
    body = start() + user("work") + node("exclusiveGateway", "g", default="g_to_back") + throw("back", link("again"))
    body += catch("back_in", link("again")) + end() + chain("begin work g; g back; back_in work")
    body += flow("g", "finish", "work.done = true")

    def story(run: Run) -> None:
        run.complete("work", {"done": False})
        run.complete("work", {"done": True})

    assert both(body, story).trace == "work back back_in work finish"


def test_a_link_inside_a_block_stays_inside() -> None:
    inner = start("begin_in") + throw("out", link("x")) + catch("back_in", link("x")) + finish("e_in")
    inner += chain("begin_in out; back_in e_in")
    body = start() + sub("block", inner) + end() + chain("begin block finish")
    assert both(body, lambda run: None).trace == "block out back_in e_in finish"
    inside = start("b2") + catch("back_in", link("x")) + finish("e_in")
    across = start() + throw("out", link("x")) + sub("block", inside)
    across += chain("begin out; back_in e_in; b2 e_in")
    assert "link-events" in refusals(diagram(across))


# -- several triggers ----------------------------------------------------------------


def several(element_id: str, *events: str, parallel: bool = False) -> str:
    more = {"parallelMultiple": "true"} if parallel else {}
    return node("intermediateCatchEvent", element_id, "".join(events), **more)


ANY = start() + several("wait", message("go"), signal(), timer("PT2H")) + end() + chain("begin wait finish")
ALL = ANY.replace('id="wait"', 'id="wait" parallelMultiple="true"')


def test_any_of_several_triggers_is_enough() -> None:
    for act in (
        lambda run: run.message("go", {"v": 1}),
        lambda run: run.signal("停止", {"v": 1}),
        lambda run: run.later(hours=2),
    ):

        def story(run: Run, act=act) -> None:  # type: ignore[no-untyped-def]
            assert run.waiting == "wait wait wait"
            act(run)
            assert run.ended

        both(ANY, story, messages="go", more=STOP)


def test_of_parallel_triggers_all_have_to_occur_in_any_order() -> None:
    def story(run: Run) -> None:
        run.signal("停止", {"b": 2})
        run.signal("停止", {"b": 3})
        assert run.waiting == "wait wait"
        run.later(hours=3)
        assert run.waiting == "wait"
        run.message("go", {"a": 1})

    run = both(ALL, story, messages="go", more=STOP)
    assert run.ended and run.data["wait"] == {"a": 1, "b": 2}


def test_two_timers_of_one_event_are_told_apart() -> None:
    body = start() + several("wait", timer("PT5H"), timer("PT3H")) + end() + chain("begin wait finish")

    def first(run: Run) -> None:
        run.later(hours=3)
        assert run.ended

    both(body, first)

    def both_of_them(run: Run) -> None:
        run.later(hours=3)
        assert run.waiting == "wait"
        run.later(hours=2)
        assert run.ended

    both(body.replace('id="wait"', 'id="wait" parallelMultiple="true"'), both_of_them)


def test_a_boundary_with_several_triggers_waits_for_what_can_occur_again() -> None:
    events = message("go") + signal() + timer("PT1H") + timer("R2/PT2H", "timeCycle")
    body = start() + user("work") + boundary("ring", "work", events, interrupting=False) + user("other") + end()
    body += finish("e2") + chain("begin work finish; ring other e2")

    def story(run: Run) -> None:
        run.later(hours=1)
        assert run.open == "other work" and run.waiting == "ring ring ring"
        run.message("go")
        run.signal("停止")
        assert run.open == "other other other work"
        run.later(hours=1)
        run.later(hours=2)
        assert run.open == "other other other other other work" and run.waiting == "ring ring"

    both(body, story, messages="go", more=STOP)


def test_a_boundary_for_an_error_or_a_timeout() -> None:
    inner = start("begin_in") + user("work") + node("endEvent", "bad", error("E1")) + chain("begin_in work bad")
    body = start() + sub("block", inner) + boundary("ring", "block", error("E1") + timer("PT1H")) + end() + finish("e2")
    body += chain("begin block finish; ring e2")
    run = both(body, lambda run: run.complete("work"), more=codes("E1"))
    assert run.trace == "block work bad ring e2" and run.data["ring"]["code"] == "E1"
    assert both(body, lambda run: run.later(hours=1), more=codes("E1")).trace == "block ring e2"


def test_an_event_throws_all_its_triggers_in_order() -> None:
    inner = start("begin_in") + throw("tell", message("go") + signal() + escalation("X")) + finish("e_in")
    inner += chain("begin_in tell e_in")
    body = start() + sub("block", inner) + boundary("ring", "block", escalation("X"), interrupting=False) + end()
    body += finish("e2") + chain("begin block finish; ring e2")
    run = both(body, lambda run: None, messages="go", more=STOP + codes("X"))
    assert run.ended and run.host.signals == [("停止", {})] and run.host.sent == [("go", None, {})]
    assert "ring" in run.trace


def test_an_end_event_that_also_terminates_stops_its_level_after_it_has_told() -> None:
    body = start() + par("g1") + user("a") + user("b") + finish("e1") + chain("begin g1; g1 a e1; g1 b stop")
    body += node("endEvent", "stop", "<bpmn:terminateEventDefinition/>" + signal())
    run = both(body, lambda run: run.complete("b"), more=STOP)
    assert run.ended and run.trace == "b stop" and run.host.signals == [("停止", {})]


# -- referenced definitions ------------------------------------------------------------


def test_a_definition_may_stand_at_the_top_of_the_file() -> None:
    shared = timer("PT2H").replace("Definition>", 'Definition id="two_hours">', 1)
    shared += '<bpmn:signalEventDefinition id="stop_it" signalRef="sig_stop"/>'
    refer = "<bpmn:eventDefinitionRef>{}</bpmn:eventDefinitionRef>"
    body = start() + catch("wait", refer.format("two_hours")) + throw("shout", refer.format("stop_it"))
    body += several("any", message("go"), refer.format("two_hours")) + end() + chain("begin wait shout any finish")

    def story(run: Run) -> None:
        assert next(run.execution.waits()).due_at == NOW.replace(hour=11)
        run.later(hours=2)
        assert run.waiting == "any any" and run.host.signals == [("停止", {})]
        run.later(hours=2)

    assert both(body, story, messages="go", more=shared + STOP).trace == "wait shout any finish"
