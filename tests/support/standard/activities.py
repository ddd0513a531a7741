"""Activities and their loops."""

from __future__ import annotations

from tests.support.bpmn_runs import call, chain, finish, looped, node, process
from tests.support.standard.core import (
    DECLARED,
    MESSAGE,
    PLAIN,
    SIGNAL,
    around,
    begin,
    forbidden,
    formal,
    lawful,
    many,
    model,
    task,
)

# -- activities ------------------------------------------------------------------------------------

for name in ("startQuantity", "completionQuantity"):
    lawful(f"a {name} of one", model(around(task(**{name: "1"}))))
    for number in ("0", "-2"):
        forbidden("quantity", f"a {name} of {number}", model(around(task(**{name: number}))))
DESK = '<bpmn:resource id="clerk" name="clerk"><bpmn:resourceParameter id="rank" name="rank"/></bpmn:resource>'
BINDING = (
    '<bpmn:resourceParameterBinding parameterRef="rank">'
    "<bpmn:formalExpression>1</bpmn:formalExpression></bpmn:resourceParameterBinding>"
)
ASSIGNED = (
    "<bpmn:resourceAssignmentExpression><bpmn:formalExpression>x</bpmn:formalExpression>"
    "</bpmn:resourceAssignmentExpression>"
)
lawful(
    "a performer by reference",
    model(
        around(task(inner=f"<bpmn:performer><bpmn:resourceRef>clerk</bpmn:resourceRef>{BINDING}</bpmn:performer>")),
        first=DESK,
    ),
)
lawful(
    "a performer by expression", model(around(task(inner=f"<bpmn:performer>{ASSIGNED}</bpmn:performer>")), first=DESK)
)
forbidden(
    "schema",
    "a performer by reference and expression",
    model(
        around(task(inner=f"<bpmn:performer><bpmn:resourceRef>clerk</bpmn:resourceRef>{ASSIGNED}</bpmn:performer>")),
        first=DESK,
    ),
)
forbidden(
    "schema",
    "parameters of an expression",
    model(around(task(inner=f"<bpmn:performer>{BINDING}{ASSIGNED}</bpmn:performer>")), first=DESK),
)


TWICE = formal("loopCardinality", "2")
DONE = formal("completionCondition", "nrOfCompletedInstances = 1")
lawful("two instances", model(around(looped(task(), many(TWICE)))))
lawful("two instances until one is done", model(around(looped(task(), many(TWICE, DONE)))))
lawful("two instances with their items", model(around(looped(task(), many(TWICE, '<bpmn:inputDataItem id="each"/>')))))
forbidden("loop-characteristics", "instances without number", model(around(looped(task(), many()))))
forbidden(
    "expression-syntax",
    "a number of instances in prose",
    model(around(looped(task(), many(formal("loopCardinality", "some dummy number"))))),
)
forbidden(
    "formal-expressions",
    "a number of instances that is only described",
    model(around(looped(task(), many(formal("loopCardinality", "2", "tExpression"))))),
)
forbidden(
    "expression-syntax",
    "a completion in prose",
    model(around(looped(task(), many(TWICE, formal("completionCondition", "when all is done"))))),
)
forbidden(
    "condition-values",
    "a completion that is a number",
    model(around(looped(task(), many(TWICE, formal("completionCondition", "23"))))),
)
COMPLEX = (
    "<bpmn:complexBehaviorDefinition>"
    + formal("condition", "{}")
    + '<bpmn:event id="ev">'
    + SIGNAL.replace("<bpmn:signalEventDefinition", '<bpmn:signalEventDefinition id="sd"')
    + "</bpmn:event></bpmn:complexBehaviorDefinition>"
)
COMPLEX = COMPLEX.replace('<bpmn:event id="ev">', '<bpmn:event id="ev" xsi:type="bpmn:tImplicitThrowEvent">')
forbidden(
    "condition-values",
    "a complex behaviour on a number",
    model(around(looped(task(), many(TWICE, COMPLEX.format("23"), behavior="Complex"))), first=DECLARED),
)
forbidden(
    "formal-expressions",
    "a complex behaviour on nothing",
    model(
        around(
            looped(
                task(),
                many(
                    TWICE,
                    "<bpmn:complexBehaviorDefinition><bpmn:condition/></bpmn:complexBehaviorDefinition>",
                    behavior="Complex",
                ),
            )
        ),
        first=DECLARED,
    ),
)
WHILE = "<bpmn:standardLoopCharacteristics>" + formal("loopCondition", "a = 1") + "</bpmn:standardLoopCharacteristics>"
lawful("a loop that does not say until when", model(around(looped(task(), "<bpmn:standardLoopCharacteristics/>"))))
forbidden(
    "formal-expressions",
    "a loop condition without type",
    model(around(looped(task(), WHILE.replace(' xsi:type="bpmn:tFormalExpression"', "")))),
)
lawful("a loop", model(around(looped(task(), WHILE))))
forbidden(
    "formal-expressions",
    "a loop condition that is only described",
    model(around(looped(task(), WHILE.replace("tFormal", "t")))),
)
forbidden(
    "condition-values", "a loop condition that is a number", model(around(looped(task(), WHILE.replace("a = 1", "3"))))
)
FREE = node(
    "adHocSubProcess",
    "t",
    '{}<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">done</bpmn:completionCondition>',
)
lawful("an ad-hoc sub-process", model(around(FREE.format(task("a") + task("b")))))
forbidden("ad-hoc-content", "an ad-hoc sub-process without activity", model(around(FREE.format(""))))
forbidden(
    "ad-hoc-content",
    "an ad-hoc sub-process with a start event",
    model(around(FREE.format(begin("sa") + task("a") + chain("sa a")))),
)
forbidden(
    "ad-hoc-content",
    "an ad-hoc sub-process with an end event",
    model(around(FREE.format(task("a") + finish("ea") + chain("a ea")))),
)
forbidden(
    "formal-expressions",
    "an ad-hoc completion that is only described",
    model(around(FREE.format(task("a")).replace("tFormal", "t"))),
)
forbidden(
    "expression-syntax",
    "an ad-hoc completion in prose",
    model(around(FREE.format(task("a")).replace(">done<", ">when it is done<"))),
)
CALLED = process("callee", begin("sc") + task("tc") + finish("ec") + chain("sc tc ec"))
lawful("a call", model(around(call("t", "callee")), more=CALLED))
forbidden(
    "call-activity",
    "a call of a process that waits for a message",
    model(
        around(call("t", "callee")),
        first=DECLARED,
        more=CALLED.replace("</bpmn:startEvent>", MESSAGE + "</bpmn:startEvent>"),
    ),
)
forbidden("call-activity", "a call of nothing", model(around(call("t", "nothing"))))
forbidden("call-activity", "a call of a task", model(around(call("t", "tc")), more=CALLED))
lawful(
    "a lane",
    model(
        PLAIN.replace(
            '<bpmn:startEvent id="s"',
            (
                '<bpmn:laneSet id="ls"><bpmn:lane id="la" name="承办人">'
                '<bpmn:flowNodeRef>t</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet><bpmn:startEvent id="s"'
            ),
        )
    ),
)
TYPED = FREE.format(task("a"))
forbidden(
    "formal-expressions",
    "an ad-hoc completion without type",
    model(around(TYPED.replace(' xsi:type="bpmn:tFormalExpression"', ""))),
)
