"""Sequence flows and gateways."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, catch, chain, finish, node, sub
from tests.support.standard.core import (
    CONDITION,
    DECLARED,
    INNER,
    MESSAGE,
    OK,
    PLAIN,
    SIGNAL,
    THINGS,
    TIMER,
    around,
    begin,
    conditional_flow,
    forbidden,
    formal,
    lawful,
    model,
    task,
)

# -- sequence flows --------------------------------------------------------------------------------


lawful("artifacts", model(PLAIN + THINGS))
for thing in ("note", "frame", "tie"):
    forbidden("flow-ends", f"a flow to an artifact, {thing}", model(PLAIN + chain(f"t {thing}") + THINGS))
    forbidden("flow-ends", f"a flow from an artifact, {thing}", model(PLAIN + chain(f"{thing} e") + THINGS))
LISTED = (
    '<bpmn:startEvent id="s"><bpmn:outgoing>s_to_t</bpmn:outgoing></bpmn:startEvent>'
    '<bpmn:task id="t"><bpmn:incoming>s_to_t</bpmn:incoming><bpmn:outgoing>t_to_e</bpmn:outgoing></bpmn:task>'
    '<bpmn:endEvent id="e"><bpmn:incoming>t_to_e</bpmn:incoming></bpmn:endEvent>'
) + chain("s t e")
lawful("flows listed on both sides", model(LISTED))
for tag in ("incoming", "outgoing"):
    text = LISTED.replace(f"<bpmn:{tag}>t_to_e</bpmn:{tag}>", "")
    forbidden("incoming-outgoing", f"a flow not listed as {tag}", model(text))
IMMEDIATE = model(begin() + task() + finish("e") + chain("s t") + conditional_flow("t", "e", "", isImmediate="true"))
lawful("an immediate flow", IMMEDIATE)
forbidden(
    "immediate-flows", "a flow that is not immediate", IMMEDIATE.replace('isImmediate="true"', 'isImmediate="false"')
)

forbidden(
    "conditional-flow",
    "a condition on the only flow of a task",
    model(begin() + task() + finish("e") + chain("s t") + conditional_flow("t", "e", OK)),
)
forbidden(
    "conditional-flow",
    "a condition on the flow of a start event",
    model(begin() + task() + finish("e") + chain("t e") + conditional_flow("s", "t", OK)),
)
forbidden(
    "conditional-flow",
    "a condition on the flow of a catch event",
    model(begin() + catch("t", TIMER) + finish("e") + chain("s t") + conditional_flow("t", "e", OK)),
)
TWO = begin() + finish("a") + finish("b") + chain("s x b")
SPLIT = node("exclusiveGateway", "x", default="x_to_b") + TWO + conditional_flow("x", "a", OK)
lawful("an exclusive split", model(SPLIT))
forbidden(
    "conditional-flow",
    "a condition behind a parallel gateway",
    model(SPLIT.replace("exclusiveGateway", "parallelGateway").replace(' default="x_to_b"', "")),
)
forbidden(
    "formal-expressions", "a branch that is only described", model(SPLIT.replace("tFormalExpression", "tExpression"))
)
forbidden("expression-syntax", "a branch in prose", model(SPLIT.replace("ok = 1", "some dummy condition")))
forbidden("conditional-flow", "a condition without text", model(SPLIT.replace("ok = 1", "")))
forbidden("condition-values", "a condition that is a number", model(SPLIT.replace("ok = 1", "23")))
forbidden("condition-values", "a condition that is a text", model(SPLIT.replace("ok = 1", '"yes"')))
forbidden(
    "default-flow",
    "a gateway with a default flow of another",
    model(SPLIT.replace('default="x_to_b"', 'default="s_to_x"')),
)
DECIDING = task("x", default="x_to_b") + TWO + conditional_flow("x", "a", OK)
lawful("a task that decides", model(DECIDING))
forbidden(
    "default-flow",
    "a task with a default flow of another",
    model(DECIDING.replace('default="x_to_b"', 'default="s_to_x"')),
)
forbidden("flow-borders", "a flow into a sub-process", model(around(sub("t", INNER)) + chain("s ti")))
forbidden("flow-borders", "a flow out of a sub-process", model(around(sub("t", INNER)) + chain("ti e")))
forbidden("flow-borders", "a flow inside of one that joins the outside", model(around(sub("t", INNER + chain("ti e")))))

# -- gateways --------------------------------------------------------------------------------------

PARALLEL = begin() + node("parallelGateway", "f", gatewayDirection="Diverging") + task("a") + task("b")
PARALLEL += node("parallelGateway", "j", gatewayDirection="Converging") + finish("e") + chain("s f a j e; f b j")
lawful("a parallel block", model(PARALLEL))
forbidden("gateway-direction", "a converging gateway that splits", model(PARALLEL.replace("Diverging", "Converging")))
forbidden("gateway-direction", "a diverging gateway that joins", model(PARALLEL.replace("Converging", "Diverging")))
forbidden("gateway-direction", "a mixed gateway that only splits", model(PARALLEL.replace("Diverging", "Mixed")))
forbidden("gateway-direction", "a mixed gateway that only joins", model(PARALLEL.replace("Converging", "Mixed")))
for tag in ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"):
    forbidden("gateway-degree", f"a {tag} without branches", model(around(node(tag, "t"))))
    forbidden("gateway-degree", f"a {tag} without flows", model(PLAIN + node(tag, "g")))


def wait(*targets: str, more: str = "", **attributes: str) -> str:
    """An event gateway before the given elements, whose ids are a, b, …"""
    names = "abcd"[: len(targets)]
    flows = chain("; ".join(f"g {n} e" for n in names))
    return (
        begin()
        + node("eventBasedGateway", "g", **attributes)
        + "".join(targets)
        + finish("e")
        + chain("s g")
        + flows
        + more
    )


SOON, TOLD = catch("a", TIMER), catch("b", MESSAGE)
RECEIVE = task("b", tag="receiveTask", messageRef="m_text")
lawful("an event gateway", model(wait(SOON, TOLD, catch("c", SIGNAL), catch("d", CONDITION)), first=DECLARED))
lawful("an event gateway with a receive task", model(wait(SOON, RECEIVE), first=DECLARED))
forbidden("event-gateway", "an event gateway before one event", model(wait(SOON)))
forbidden(
    "conditional-flow",
    "a condition behind an event gateway",
    model(wait(SOON, TOLD).replace(chain("g a"), conditional_flow("g", "a", OK)), first=DECLARED),
)
forbidden("event-gateway", "an event gateway before a task", model(wait(SOON, task("b"))))
forbidden("event-gateway", "an event gateway before a gateway", model(wait(SOON, node("exclusiveGateway", "b"))))
forbidden(
    "event-gateway",
    "an event gateway before an end",
    model(begin() + node("eventBasedGateway", "g") + SOON + finish("b") + finish("e") + chain("s g a e; g b")),
)
forbidden(
    "event-gateway",
    "an event gateway before a receive task and a message",
    model(wait(TOLD.replace('"b"', '"a"'), RECEIVE), first=DECLARED),
)
forbidden(
    "event-gateway",
    "an event gateway before a guarded receive task",
    model(wait(SOON, RECEIVE, more=boundary("r", "b", TIMER) + chain("r e")), first=DECLARED),
)
forbidden(
    "event-gateway",
    "an event gateway whose event has another way in",
    model(
        wait(SOON, TOLD, more=task("u") + chain("u b")).replace(
            chain("s g"), node("parallelGateway", "p") + chain("s p g; p u")
        ),
        first=DECLARED,
    ),
)
STARTING = node("eventBasedGateway", "g", instantiate="true") + SOON + TOLD + finish("e") + chain("g a e; g b e")
lawful("an event gateway that starts the process", model(STARTING, first=DECLARED))
forbidden("event-gateway", "a starting event gateway led to", model(begin() + STARTING + chain("s g"), first=DECLARED))
forbidden(
    "event-gateway",
    "a parallel event gateway in the middle",
    model(wait(SOON, TOLD, eventGatewayType="Parallel"), first=DECLARED),
)
FIRST = task("t", tag="receiveTask", messageRef="m_text", instantiate="true") + finish("e") + chain("t e")
lawful("a receive task that starts the process", model(FIRST, first=DECLARED))
forbidden("receive-task-start", "a starting receive task led to", model(begin() + FIRST + chain("s t"), first=DECLARED))
COMPLEX = begin() + node("parallelGateway", "f") + task("a") + task("b") + finish("e") + chain("s f a j; f b j e")
for name, tag in (
    ("prose", formal("activationCondition", "when two of them came")),
    ("no words", formal("activationCondition", "")),
):
    gateway = node("complexGateway", "j", tag)
    forbidden("expression-syntax", f"a complex gateway activated by {name}", model(COMPLEX + gateway))
gateway = node("complexGateway", "j", "<bpmn:activationCondition>activationCount = 1</bpmn:activationCondition>")
forbidden("formal-expressions", "a complex gateway whose activation is only described", model(COMPLEX + gateway))
