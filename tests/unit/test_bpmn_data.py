"""Data objects, properties, inputs and outputs, mapped calls and global tasks, live and restored after every step."""

from __future__ import annotations

import pytest

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import (
    Run,
    again,
    both,
    boundary,
    catch,
    chain,
    choose,
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
)  # fmt: skip
from tests.support.diagrams import diagram, end, flow, props, start, user


def text(tag: str, content: str) -> str:
    return f"<bpmn:{tag}>{content}</bpmn:{tag}>" if content else ""


def reads(source: str, target: str, more: str = "") -> str:
    return text("dataInputAssociation", text("sourceRef", source) + text("targetRef", target) + more)


def writes(source: str, target: str, more: str = "") -> str:
    return text("dataOutputAssociation", text("sourceRef", source) + text("targetRef", target) + more)


def io(inputs: str = "", outputs: str = "", optional: str = "") -> str:
    """An ioSpecification; inputs and outputs are ``id:name`` pairs."""
    parts, sets = "", ""
    for tag, listed in (("Input", inputs), ("Output", outputs)):
        pairs = [pair.partition(":") for pair in listed.split()]
        parts += "".join(f'<bpmn:data{tag} id="{i}" name="{n or i}"/>' for i, _, n in pairs)
        refs = "".join(text(f"data{tag}Refs", i) for i, _, _ in pairs)
        if tag == "Input":
            refs += "".join(text("optionalInputRefs", i) for i in optional.split())
        sets += f"<bpmn:{tag.lower()}Set>{refs}</bpmn:{tag.lower()}Set>"
    return text("ioSpecification", parts + sets)


def thing(identity: str, name: str) -> str:
    """A data object with a reference to it."""
    return (
        f'<bpmn:dataObject id="{identity}" name="{name}"/>'
        f'<bpmn:dataObjectReference id="{identity}_ref" name="{name}" dataObjectRef="{identity}"/>'
    )


def assigned(source: str, target: str) -> str:
    formal = 'xsi:type="bpmn:tFormalExpression"'
    return text("assignment", f"<bpmn:from {formal}>{source}</bpmn:from><bpmn:to {formal}>{target}</bpmn:to>")


def task(identity: str, content: str, lines: str) -> str:
    return node("scriptTask", identity, content + text("script", lines))


def over(collection: str, results: str, item: str, output: str) -> str:
    """Multi-instance over a collection into another."""
    inner = text("loopDataInputRef", collection) + text("loopDataOutputRef", results)
    inner += f'<bpmn:inputDataItem id="{item}"/><bpmn:outputDataItem id="{output}"/>'
    return text("multiInstanceLoopCharacteristics", inner)


ORDER, TOTAL = thing("obj_1", "order"), thing("obj_2", "total")


# -- data objects -------------------------------------------------------------------


def test_a_value_goes_from_step_to_step_through_data_objects() -> None:
    body = start() + ORDER + TOTAL
    body += task("w", io(outputs="w_out:order") + writes("w_out", "obj_1_ref"), "order = 5")
    body += task(
        "r",
        io("r_in:amount", "r_out:sum") + reads("obj_1_ref", "r_in") + writes("r_out", "obj_2_ref"),
        "sum = amount * 2",
    )
    body += choose("g", "e2") + finish("e1") + finish("e2") + chain("begin w r g") + flow("g", "e1", "total = 10")
    run = both(body + flow("g", "e2"), lambda run: None, {"amount": "outer"})
    assert run.trace == "w r e1" and (run.data["order"], run.data["total"], run.data["amount"]) == (5, 10, "outer")
    assert "sum" not in run.data


def test_what_a_person_submits_is_the_output() -> None:
    for values, kept in (({"order": 7}, 7), ({"a": 1, "b": 2}, {"a": 1, "b": 2})):
        work = looped(user("work"), io(outputs="out:order") + writes("out", "obj_1_ref"))
        body = start() + ORDER + work + user("after") + end() + chain("begin work after finish")

        def story(run: Run, values: dict[str, int] = values, kept: object = kept) -> None:
            run.complete("work", values)
            assert run.data["order"] == kept
            run.complete("after")

        assert both(body, story).data["work"] == values


def test_a_step_that_did_not_make_its_output_takes_nothing_away() -> None:
    body = start() + ORDER + user("after") + end()
    for name, line in (("first", "order = 5"), ("second", "rest = 1")):
        body += task(name, io(outputs=f"{name}_out:paper") + writes(f"{name}_out", "obj_1_ref"), line)
    body += chain("begin first second after finish")

    def story(run: Run) -> None:
        assert run.data["order"] == 5
        run.complete("after")

    both(body, story)


def test_an_association_without_a_source_takes_the_name_of_its_target() -> None:
    body = start() + ORDER + task("w", writes("", "obj_1_ref"), "order = [1]\nrest = 2") + user("after") + end()
    body += chain("begin w after finish")

    def story(run: Run) -> None:
        run.complete("after")

    assert both(body, story).data["order"] == [1]


def test_tokens_side_by_side_share_a_data_object() -> None:
    body = start() + ORDER + par("g1", "g2") + user("a") + user("b") + end()
    body += task("w", writes("", "obj_1_ref"), "order = a.v") + choose("g3", "late") + node("task", "early")
    body += node("task", "late") + chain("begin g1 a w g2 finish; g1 b g3; early g2; late g2")
    body += flow("g3", "early", "order = 1") + flow("g3", "late")
    body = body.replace(flow("g2", "finish"), flow("g2", "finish"))

    def first(run: Run) -> None:
        run.complete("a", {"v": 1})
        run.complete("b")

    def last(run: Run) -> None:
        run.complete("b")
        run.complete("a", {"v": 1})

    body = body.replace(chain("early g2; late g2"), node("exclusiveGateway", "g4") + chain("early g4; late g4; g4 g2"))
    assert "early" in both(body, first, {"order": 0}).trace
    assert "late" in both(body, last, {"order": 0}).trace


def test_a_block_has_data_objects_of_its_own_in_every_instance() -> None:
    inner = thing("inner_1", "note") + start("begin_in") + user("a") + finish("e_in")
    inner += task("w", writes("", "inner_1_ref"), "note = x") + task("r", reads("inner_1_ref", "p"), "got = note")
    inner = inner.replace(
        '<bpmn:scriptTask id="r" name="r">', '<bpmn:scriptTask id="r" name="r"><bpmn:property id="p"/>'
    )
    inner += chain("begin_in w a r e_in")
    loop = over("xs", "gots", "x", "got")

    def story(run: Run) -> None:
        for item in (3, 1, 2):
            run.complete("a", item=item)

    run = both(start() + sub("many", inner, loop) + end() + chain("begin many finish"), story, {"xs": [1, 2, 3]})
    assert run.data["gots"] == [1, 2, 3] and "note" not in run.data


def test_instances_go_over_a_data_object_and_fill_another() -> None:
    many = (
        io("m_in", "m_out").replace('name="m_in"', 'isCollection="true"').replace('name="m_out"', 'isCollection="true"')
    )
    many += reads("obj_1_ref", "m_in") + writes("m_out", "obj_2_ref")
    many += over("m_in", "m_out", "x", "y")
    body = start() + (ORDER + TOTAL).replace("<bpmn:dataObject ", '<bpmn:dataObject isCollection="true" ')
    body += task("w", writes("", "obj_1_ref"), "order = [1, 2, 3]") + task("many", many, "y = x * 10") + end()
    run = both(body + chain("begin w many finish"), lambda run: None)
    assert run.data["total"] == [10, 20, 30] and run.trace == "w many many many finish"


def test_a_loop_reads_its_inputs_once_and_hands_on_its_outputs_at_the_end() -> None:
    work = io("in_1:n", "out_1:n2") + reads("obj_1_ref", "in_1") + writes("out_1", "obj_2_ref") + again(maximum=3)
    body = start() + ORDER + TOTAL + task("w", writes("", "obj_1_ref"), "order = 1") + end()
    body += task("work", work, "n = n * 2\nn2 = n") + chain("begin w work finish")
    run = both(body, lambda run: None, {"n": "outer"})
    assert (run.data["total"], run.data["order"], run.data["n"]) == (8, 1, "outer")


def test_properties_hold_values_like_data_objects() -> None:
    body = '<bpmn:property id="p1" name="level"/>' + start()
    body += task("w", writes("", "p1"), "level = 3") + choose("g", "e2") + finish("e1") + finish("e2")
    body += chain("begin w g") + flow("g", "e1", "level = 3") + flow("g", "e2")
    assert both(body, lambda run: None).trace == "w e1"


def test_assignments_and_transformations() -> None:
    body = start() + ORDER + TOTAL
    body += task(
        "w",
        writes("", "obj_1_ref", assigned("2 + 3", "order.amount") + assigned("&quot;x&quot;", "order.kind")),
        "n = 1",
    )
    body += task(
        "r",
        '<bpmn:property id="p" name="copy"/>' + reads("obj_1_ref", "p", text("transformation", "order.amount * 10")),
        "seen = copy",
    )
    body += user("after") + end() + chain("begin w r after finish")

    def story(run: Run) -> None:
        assert run.data["order"] == {"amount": 5, "kind": "x"} and run.data["seen"] == 50
        run.complete("after")

    assert "copy" not in both(body, story).data
    wrong = body.replace("order.amount<", "getDataOutput(1)<", 1)
    assert "data-scope" in {rule for rule, _ in reasons(diagram(wrong))}


def test_a_step_that_is_interrupted_writes_nothing() -> None:
    body = start() + ORDER + looped(user("work"), io(outputs="out:order") + writes("out", "obj_1_ref"))
    body += boundary("ring", "work", timer("PT1H")) + user("late") + end() + finish("e2")
    body += chain("begin work finish; ring late e2")

    def story(run: Run) -> None:
        run.later(hours=2)
        run.complete("late")

    assert "order" not in both(body, story).data


def test_a_data_store_is_refused_where_it_is_used() -> None:
    body = start() + '<bpmn:dataStoreReference id="s_ref" dataStoreRef="store"/>' + end() + chain("begin w finish")
    body += task("w", writes("", "s_ref"), "s = 1")
    whole = diagram(body).replace("<bpmn:process", '<bpmn:dataStore id="store" name="registry"/><bpmn:process', 1)
    assert "unsupported-data-store" in refusals(whole)


# -- calls ---------------------------------------------------------------------------


def helper(inputs: str, outputs: str, optional: str = "", lines: str = "result = price + 1") -> str:
    steps = start("begin_h") + script("h", lines) + finish("e_h") + chain("begin_h h e_h")
    return process("helper", (io(inputs, outputs, optional) if inputs or outputs else "") + steps)


def calling(content: str) -> str:
    body = start() + ORDER + TOTAL + task("w", writes("", "obj_1_ref"), "order = 5")
    body += node("callActivity", "it", content, calledElement="helper") + end()
    return body + chain("begin w it finish")


def test_without_mapping_all_data_goes_in_and_comes_out() -> None:
    run = both(calling(""), lambda run: None, {"price": 1}, more=helper("", ""))
    assert run.trace == "w it h e_h finish" and run.data["result"] == 2 and run.data["price"] == 1


def test_mapped_data_goes_in_and_comes_out_and_nothing_else() -> None:
    content = io("c_in:price", "c_out:result") + reads("obj_1_ref", "c_in") + writes("c_out", "obj_2_ref")
    lines = "result = price + 1\nknown = secret\nside = 1"
    run = both(
        calling(content), lambda run: None, {"secret": 9}, more=helper("h_in:price", "h_out:result", lines=lines)
    )
    assert run.data["total"] == 6
    assert run.data.keys() == {"secret", "obj_1", "obj_1_ref", "order", "obj_2", "obj_2_ref", "total"}


def test_inputs_of_the_caller_and_of_the_called_match_by_their_order() -> None:
    content = io("c_in:paid", "c_out:got") + reads("obj_1_ref", "c_in") + writes("c_out", "obj_2_ref")
    run = both(calling(content), lambda run: None, more=helper("h_in:price", "h_out:result"))
    assert run.data["total"] == 6


def test_a_called_process_may_name_what_it_needs() -> None:
    called = helper("h_in:price", "h_out:result", lines="result = price + 1\nside = secret")
    run = both(calling(""), lambda run: None, {"price": 2, "secret": 1}, more=called, lawful=False)
    assert run.data["result"] == 3 and "side" not in run.data
    with pytest.raises(ServiceTaskFailed, match="需要输入“price”"):
        both(calling(""), lambda run: None, more=called, lawful=False)
    optional = helper("h_in:price", "h_out:result", "h_in", lines="result = if price = null then 0 else 1")
    assert both(calling(""), lambda run: None, more=optional, lawful=False).data["result"] == 0


def test_mapped_calls_of_many_instances_collect_their_outputs() -> None:
    loop = over("xs", "results", "price", "result")
    run = both(calling(loop), lambda run: None, {"xs": [1, 2]}, more=helper("h_in:price", "h_out:result"), lawful=False)
    assert run.data["results"] == [2, 3] and "price" not in run.data


def test_a_called_process_that_does_not_say_whether_it_is_executable_is() -> None:
    silent = helper("", "").replace(' isExecutable="true"', "")
    assert both(calling(""), lambda run: None, {"price": 1}, more=silent).data["result"] == 2


def test_calls_nest_and_circles_are_refused() -> None:
    middle = process(
        "middle",
        start("b_m") + node("callActivity", "inner", calledElement="helper") + finish("e_m") + chain("b_m inner e_m"),
    )
    body = start() + node("callActivity", "it", calledElement="middle") + end() + chain("begin it finish")
    run = both(body, lambda run: None, {"price": 1}, more=middle + helper("", ""))
    assert run.trace == "it b_m inner h e_h e_m finish" and run.data["result"] == 2
    circle = middle.replace('calledElement="helper"', 'calledElement="middle"')
    assert "call-activity" in refusals(diagram(body).replace("</bpmn:definitions>", circle + "</bpmn:definitions>"))


# -- global tasks ----------------------------------------------------------------------

GLOBALS = {
    "globalTask": ("", ""),
    "globalManualTask": ("", "open"),
    "globalUserTask": ("", "open"),
    "globalScriptTask": ("<bpmn:script>n = n + 1</bpmn:script>", ""),
}


@pytest.mark.parametrize("tag", GLOBALS)
def test_a_global_task_is_called_like_a_process_of_one_step(tag: str) -> None:
    content, opened = GLOBALS[tag]
    more = node(tag, "shared", content)
    body = start() + node("callActivity", "one", calledElement="shared") + user("halfway")
    body += node("callActivity", "two", calledElement="shared") + end() + chain("begin one halfway two finish")

    def story(run: Run) -> None:
        for last in (False, True):
            if opened:
                assert run.open == "shared"
                run.complete("shared", {"v": 1})
            if not last:
                run.complete("halfway")

    run = both(body, story, {"n": 0}, more=more)
    assert run.ended and run.trace == "one shared halfway two shared finish"
    assert run.data["n"] == (2 if "Script" in tag else 0)


def test_a_global_script_is_looked_at_like_any_other() -> None:
    more = node("globalScriptTask", "shared", "<bpmn:script>import os</bpmn:script>")
    body = start() + node("callActivity", "one", calledElement="shared") + end() + chain("begin one finish")
    assert "script-tasks" in refusals(diagram(body).replace("</bpmn:definitions>", more + "</bpmn:definitions>"))


# -- plain tasks of other modellers -------------------------------------------------------


def test_tasks_without_any_property_of_ours_run() -> None:
    body = start() + node("task", "t") + node("manualTask", "m") + node("userTask", "u") + end()
    body += node("scriptTask", "s", text("script", "x = 1"), scriptFormat="javascript") + chain("begin t m u s finish")

    def story(run: Run) -> None:
        run.complete("m")
        run.complete("u", {"v": 1})

    assert both(body, story).trace == "t m u s finish"


# -- what messages and signals carry ---------------------------------------------------


def test_a_caught_message_fills_its_output_and_a_thrown_one_carries_its_input() -> None:
    taken = '<bpmn:dataOutput id="o1" name="amount"/>' + writes("o1", "obj_1_ref")
    taken += text("outputSet", text("dataOutputRefs", "o1"))
    given = '<bpmn:dataInput id="i1" name="amount"/>' + reads("obj_1_ref", "i1")
    given += text("inputSet", text("dataInputRefs", "i1"))
    body = start() + ORDER + catch("got", taken + message("go")) + throw("tell", given + message("go"))
    body += node("sendTask", "send", io("i2:total") + reads("obj_1_ref", "i2"), messageRef="msg_go") + end()
    run = both(body + chain("begin got tell send finish"), lambda run: run.message("go", {"amount": 5}), messages="go")
    assert run.data["order"] == 5 and [payload for _, _, payload in run.host.sent] == [{"amount": 5}, {"total": 5}]


def test_a_condition_waits_for_a_data_object() -> None:
    when = '<bpmn:condition xsi:type="bpmn:tFormalExpression">order &gt; 3</bpmn:condition>'
    body = start() + ORDER + par("g1", "g2") + user("ready")
    body += task("w", io(outputs="w_out:order") + writes("w_out", "obj_1_ref"), "order = 5")
    body += catch("enough", f"<bpmn:conditionalEventDefinition>{when}</bpmn:conditionalEventDefinition>") + end()
    body += chain("begin g1; g1 ready w g2; g1 enough g2; g2 finish")
    assert both(body, lambda run: run.complete("ready")).trace == "ready w enough finish"


# -- events ----------------------------------------------------------------------------------


def test_an_event_hands_on_what_it_carries_and_throws_what_it_is_given() -> None:
    heard = '<bpmn:dataOutput id="told_out" name="order"/>' + writes("told_out", "obj_1_ref")
    heard += "<bpmn:outputSet><bpmn:dataOutputRefs>told_out</bpmn:dataOutputRefs></bpmn:outputSet>"
    said = '<bpmn:dataInput id="say_in" name="what"/>' + reads("obj_1_ref", "say_in")
    said += "<bpmn:inputSet><bpmn:dataInputRefs>say_in</bpmn:dataInputRefs></bpmn:inputSet>"
    body = start() + ORDER + node("intermediateCatchEvent", "told", heard + message("go"))
    body += node("intermediateThrowEvent", "say", props(payload="{n: what}") + said + message("back")) + end()

    def story(run: Run) -> None:
        run.message("go", {"order": 7})
        assert run.host.sent == [("back", None, {"n": 7})]

    run = both(body + chain("begin told say finish"), story, messages="go back")
    assert run.data["order"] == 7 and "what" not in run.data


def test_an_interrupted_step_gives_the_names_it_hid_back() -> None:
    work = looped(user("work"), '<bpmn:property id="p" name="amount"/>' + reads("obj_1_ref", "p"))
    body = start() + ORDER + task("w", writes("", "obj_1_ref"), "order = 5") + work
    body += boundary("ring", "work", timer("PT1H")) + script("late", "seen = amount") + end() + finish("e2")

    def story(run: Run) -> None:
        assert run.execution.data()["amount"] == "outer"
        run.later(hours=2)

    run = both(body + chain("begin w work finish; ring late e2"), story, {"amount": "outer"})
    assert run.trace == "w ring late e2" and run.data["seen"] == "outer"
