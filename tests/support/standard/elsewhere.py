"""What is lawful but cannot be run here: no error of the model, and never deployed (ADR 0015).

``UNSUPPORTED`` names the rule that says so.
"""

from __future__ import annotations

from tests.support.bpmn_runs import chain, finish, node
from tests.support.standard.core import PLAIN, around, begin, conditional_flow, formal, lawful, many, model, task

UNSUPPORTED: dict[str, str] = {}


def unsupported(rule: str, name: str, text: str) -> None:
    lawful(name, text)
    UNSUPPORTED[name] = rule


def in_xpath(text: str) -> str:
    return text.replace("<bpmn:definitions ", '<bpmn:definitions expressionLanguage="http://www.w3.org/1999/XPath" ', 1)


NOTE = '<bpmn:textAnnotation id="note" textFormat="text/plain"><bpmn:text>x</bpmn:text></bpmn:textAnnotation>'
unsupported("process-start", "a process without a step", model(""))
unsupported("process-start", "a process that is a note", model(NOTE))
INPUT = (
    '<bpmn:ioSpecification><bpmn:dataInput id="i"/><bpmn:inputSet><bpmn:dataInputRefs>i</bpmn:dataInputRefs>'
    "</bpmn:inputSet><bpmn:outputSet/></bpmn:ioSpecification>"
)
unsupported("process-start", "a process that only declares its data", model(INPUT))
TWICE = begin() + begin("s2") + task() + finish("e") + chain("s t e; s2 t")
unsupported("process-start", "a process with two blank starts", model(TWICE))

SPLIT = begin() + node("exclusiveGateway", "x", default="x_to_b") + finish("a") + finish("b") + chain("s x b")
unsupported("gateway-conditions", "a branch that does not say when", model(SPLIT + chain("x a")))
WORDS = "string(/order/@kind) eq 'A'"
unsupported(
    "unsupported-expression-language",
    "a branch in another language",
    in_xpath(model(SPLIT + conditional_flow("x", "a", formal("conditionExpression", WORDS)))),
)
OTHER = formal("conditionExpression", WORDS, language="http://www.w3.org/1999/XPath")
unsupported(
    "unsupported-expression-language",
    "a branch that names another language itself",
    model(SPLIT + conditional_flow("x", "a", OTHER)),
)
unsupported(
    "unsupported-expression-language",
    "a number of instances in another language",
    in_xpath(model(around(task("t", many(formal("loopCardinality", "count(/order/item) idiv 2")))))),
)
SCRIPT = task("t", "<bpmn:script>println order.kind</bpmn:script>", "scriptTask", scriptFormat="groovy")
unsupported("unsupported-expression-language", "a script in another language", model(around(SCRIPT)))
lawful(
    "an expression that reads the same in either language",
    in_xpath(model(SPLIT + conditional_flow("x", "a", formal("conditionExpression", "a = 1")))),
)

DRAWN = model(PLAIN).replace('isExecutable="true"', 'isExecutable="false"')
unsupported("executable-process", "a process that is only drawn", DRAWN)
PARTIES = (
    '<bpmn:participant id="p1" name="A"/><bpmn:participant id="p2" name="B"/>'
    '<bpmn:messageFlow id="mf" sourceRef="p1" targetRef="p2"/>'
)
TALK = "<bpmn:participantRef>p1</bpmn:participantRef><bpmn:participantRef>p2</bpmn:participantRef>"
TALK += "<bpmn:messageFlowRef>mf</bpmn:messageFlowRef>"
CHOREOGRAPHY = f'<bpmn:choreography id="c">{PARTIES}' + begin("cs")
CHOREOGRAPHY += node("choreographyTask", "ct", TALK, initiatingParticipantRef="p1")
CHOREOGRAPHY += finish("ce") + chain("cs ct ce") + "</bpmn:choreography>"
HEAD, TAIL = DRAWN[: DRAWN.index("<bpmn:process")], "</bpmn:definitions>"
unsupported("executable-process", "a choreography alone", HEAD + CHOREOGRAPHY + TAIL)
lawful("a choreography beside a process", model(PLAIN, more=CHOREOGRAPHY))
unsupported(
    "executable-process",
    "a conversation alone",
    HEAD + f'<bpmn:globalConversation id="g">{PARTIES}</bpmn:globalConversation>' + TAIL,
)
unsupported("executable-process", "declarations alone", HEAD + '<bpmn:itemDefinition id="i"/>' + TAIL)
lawful(
    "an import of an address",
    model(
        PLAIN,
        first=(
            '<bpmn:import namespace="urn:x" location="https://example.org/x.bpmn" '
            'importType="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
        ),
    ),
)
