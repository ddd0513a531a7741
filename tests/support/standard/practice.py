"""What widely used modellers write although the letter of the standard asks for more (ADR 0015): lawful here."""

from __future__ import annotations

from tests.support.bpmn_runs import catch, chain, finish, looped, node, throw
from tests.support.standard.core import (
    PLAIN,
    around,
    begin,
    conditional_flow,
    definition,
    lawful,
    many,
    model,
    task,
)

lawful(
    "a duration without type",
    model(around(catch("t", definition("timer", "<bpmn:timeDuration>PT1H</bpmn:timeDuration>")))),
)
lawful(
    "a number of instances without type",
    model(around(looped(task(), many("<bpmn:loopCardinality>2</bpmn:loopCardinality>")))),
)
SPLIT = begin() + node("exclusiveGateway", "x", default="x_to_b") + finish("a") + finish("b") + chain("s x b")
CONDITION = "<bpmn:conditionExpression>a = 1</bpmn:conditionExpression>"
lawful("a branch without type", model(SPLIT + conditional_flow("x", "a", CONDITION)))
JUEL = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${a == 1}</bpmn:conditionExpression>'
lawful("a branch in the wrapper of another engine", model(SPLIT + conditional_flow("x", "a", JUEL)))
NAMED = definition("message", messageRef="m")
lawful(
    "a message event without operation", model(around(throw("t", NAMED)), first='<bpmn:message id="m" name="order"/>')
)
lawful("a receive task without message", model(around(task("t", tag="receiveTask"))))
lawful("a script without format", model(around(task("t", "<bpmn:script>a = 1</bpmn:script>", "scriptTask"))))
PLACEHOLDER = (
    '<bpmn:property id="slot" name="__targetRef_placeholder"/>'
    "<bpmn:dataInputAssociation><bpmn:sourceRef>d</bpmn:sourceRef><bpmn:targetRef>slot</bpmn:targetRef>"
    "</bpmn:dataInputAssociation>"
    "<bpmn:dataOutputAssociation><bpmn:targetRef>d</bpmn:targetRef></bpmn:dataOutputAssociation>"
)
DATA = '<bpmn:dataObjectReference id="d" name="file" dataObjectRef="o"/><bpmn:dataObject id="o"/>'
lawful("data drawn beside a task", model(around(task(inner=PLACEHOLDER)) + DATA))
lawful("a data store of no kind", model(PLAIN + '<bpmn:dataStoreReference id="store" name="archive"/>'))
lawful("a process that does not say whether it is run", model(PLAIN).replace(' isExecutable="true"', ""))
FOREIGN = (
    '<bpmn:extensionElements><x:formData xmlns:x="urn:another-tool"><x:field id="f"/>'
    "</x:formData></bpmn:extensionElements>"
)
lawful("extensions of another tool", model(around(task("t", FOREIGN, "userTask"))))
TASKS = "userTask serviceTask businessRuleTask manualTask"
STEPS = "".join(task(f"t{i}", tag=tag) for i, tag in enumerate(TASKS.split()))
lawful(
    "tasks that nobody has given a form, a service or a table",
    model(begin() + STEPS + finish("e") + chain("s t0 t1 t2 t3 e")),
)
TWICE = "<bpmn:outgoing>s_to_t</bpmn:outgoing>" * 2
LISTED = begin(event=TWICE) + task(inner="<bpmn:incoming>s_to_t</bpmn:incoming><bpmn:outgoing>t_to_e</bpmn:outgoing>")
LISTED += finish("e", "<bpmn:incoming>t_to_e</bpmn:incoming>") + chain("s t e")
lawful("a flow listed twice", model(LISTED))
