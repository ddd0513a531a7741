"""Ids, formats, where a level starts and ends."""

from __future__ import annotations

from tests.support.bpmn_runs import chain, finish, node, process, sub
from tests.support.standard.core import (
    DECLARED,
    INNER,
    KINDS,
    PLAIN,
    TIMER,
    around,
    begin,
    conditional_flow,
    forbidden,
    formal,
    lawful,
    many,
    model,
    task,
)

# -- ids and form ----------------------------------------------------------------------------------


lawful("a start, a task, an end", model(PLAIN))
lawful(
    "a picture of a partner beside the process", model(PLAIN, more='<bpmn:process id="partner" isExecutable="false"/>')
)
forbidden("unique-ids", "two tasks of one id", model(PLAIN + task("t")))
forbidden("flow-ends", "a start event without id", model(PLAIN.replace('<bpmn:startEvent id="s"', "<bpmn:startEvent")))
forbidden("missing-ids", "a task without id", model(PLAIN.replace('<bpmn:task id="t"', "<bpmn:task")))
DOCUMENTED = model(around(task(inner='<bpmn:documentation textFormat="text/html">x</bpmn:documentation>')))
lawful("documentation in HTML", DOCUMENTED)
forbidden("text-formats", "documentation in no format", DOCUMENTED.replace("text/html", "INVALID"))
NOTE = '<bpmn:textAnnotation id="note" textFormat="text/plain"><bpmn:text>x</bpmn:text></bpmn:textAnnotation>'
lawful("a text annotation", model(PLAIN + NOTE))
forbidden("text-formats", "a text annotation in no format", model(PLAIN + NOTE.replace("text/plain", "letter")))
LANGUAGE = node("exclusiveGateway", "x", default="x_to_b") + begin() + finish("a") + finish("b") + chain("s x b")
LANGUAGE += conditional_flow("x", "a", formal("conditionExpression", "ok", language="http://www.omg.org/spec/FEEL"))
lawful("a condition with its language", model(LANGUAGE))
forbidden("schema", "a language that is no URI", model(LANGUAGE.replace("http://www.omg.org/spec/FEEL", "_bad%$! uri")))
SCRIPT = task("t", "<bpmn:script>a = 1</bpmn:script>", "scriptTask", scriptFormat="text/feel")
lawful("a script with its format", model(around(SCRIPT)))
lawful("a script with the name of its language", model(around(SCRIPT.replace("text/feel", "Python"))))
lawful("a script in a language unknown here", model(around(SCRIPT.replace("text/feel", "someLanguage"))))
forbidden("text-formats", "a script in no format", model(around(SCRIPT.replace("text/feel", "some language"))))
forbidden("text-formats", "a script in a language of no name", model(around(SCRIPT.replace("text/feel", "INVALID"))))
forbidden("script-tasks", "a script that is prose", model(around(SCRIPT.replace("a = 1", "some words"))))
forbidden("schema", "a property beside the processes", model(PLAIN, first='<bpmn:property id="p"/>'))
TWICE = "<bpmn:standardLoopCharacteristics>" + formal("loopCondition", "a = 1") + "</bpmn:standardLoopCharacteristics>"
TWICE += many(formal("loopCardinality", "2"))
forbidden("schema", "a task that loops twice", model(around(task(inner=TWICE))))

# -- processes -------------------------------------------------------------------------------------

lawful("a private process", model(PLAIN, processType="Private"))
forbidden("process-type", "a public process that is run", model(PLAIN, processType="Public"))
lawful("no start and no end event", model(task("a") + task("b") + chain("a b")))
lawful("a process that ends with its last step", model(begin() + task() + chain("s t")))
forbidden("start-and-end", "an end event without start event", model(task() + finish("e") + chain("t e")))
forbidden(
    "start-and-end",
    "a start without end in a picture",
    model(PLAIN, more=process("p", begin("s2") + task("t2") + chain("s2 t2")).replace("true", "false")),
)

lawful("a sub-process", model(around(sub("t", INNER))))
lawful("a sub-process of one task", model(around(sub("t", task("ti")))))
forbidden(
    "start-and-end", "a sub-process that never ends", model(around(sub("t", begin("si") + task("ti") + chain("si ti"))))
)
forbidden(
    "start-and-end",
    "a sub-process that never starts",
    model(around(sub("t", task("ti") + finish("ei") + chain("ti ei")))),
)
forbidden("start-event-incoming", "a flow into a start event", model(PLAIN + chain("t s")))
forbidden("end-event-outgoing", "a flow out of an end event", model(PLAIN + task("u") + chain("e u")))
forbidden("dead-ends", "a start event that leads nowhere", model(PLAIN + begin("s2", TIMER)))
forbidden("unreachable-nodes", "an end event nothing leads to", model(PLAIN + finish("e2")))
forbidden("unreachable-nodes", "a task nothing leads to", model(PLAIN + task("u") + chain("u e")))
forbidden(
    "dead-ends", "a task that leads nowhere", model(begin() + task() + task("u") + finish("e") + chain("s t e; t u"))
)
forbidden(
    "event-triggers",
    "a timer start inside a sub-process",
    model(around(sub("t", INNER.replace("</bpmn:startEvent>", TIMER + "</bpmn:startEvent>")))),
)
for kind in ("message", "timer", "conditional", "signal"):
    lawful(
        f"a {kind} start",
        model(around(task()).replace("</bpmn:startEvent>", KINDS[kind] + "</bpmn:startEvent>"), first=DECLARED),
    )
for kind in ("cancel", "compensate", "error", "escalation", "link", "terminate"):
    text = model(around(task()).replace("</bpmn:startEvent>", KINDS[kind] + "</bpmn:startEvent>"), first=DECLARED)
    forbidden("event-triggers", f"a {kind} start", text)
