"""Reusable definitions, boundary events, event sub-processes."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, catch, chain, finish, node, sub, throw
from tests.support.standard.core import (
    COMPENSATE,
    DECLARED,
    ERROR,
    INNER,
    KINDS,
    PLAIN,
    TIMER,
    around,
    begin,
    definition,
    forbidden,
    formal,
    lawful,
    model,
    task,
)

# -- reusable definitions --------------------------------------------------------------------------

REFERENCE = "<bpmn:eventDefinitionRef>d</bpmn:eventDefinitionRef>"
REUSABLE = definition("timer", formal("timeDuration", "PT1H"), "d")
lawful("a reusable timer", model(around(catch("t", REFERENCE)), first=REUSABLE))
OWN = throw("u", definition("message", element_id="d", messageRef="m_text"))
forbidden(
    "event-definition-refs",
    "a definition borrowed from a throw event",
    model(begin("s", REFERENCE) + OWN + finish("e") + chain("s u e"), first=DECLARED),
)
forbidden(
    "event-definition-refs",
    "a definition borrowed from an end event",
    model(
        begin()
        + catch("c", REFERENCE)
        + finish("e", definition("message", element_id="d", messageRef="m_text"))
        + chain("s c e"),
        first=DECLARED,
    ),
)
forbidden(
    "event-triggers",
    "a sub-process started by a reusable timer",
    model(around(sub("t", INNER.replace("</bpmn:startEvent>", REFERENCE + "</bpmn:startEvent>"))), first=REUSABLE),
)
forbidden("references", "a definition that is not there", model(around(catch("t", REFERENCE))))
forbidden(
    "references",
    "a definition that is a message",
    model(around(catch("t", REFERENCE)), first='<bpmn:message id="d" name="d"/>'),
)

# -- boundary events -------------------------------------------------------------------------------

OUT = finish("eb") + chain("b eb")
for kind in ("message", "timer", "conditional", "signal", "escalation"):
    for interrupting in (True, False):
        lawful(
            f"a {kind} boundary, interrupting {interrupting}",
            model(
                around(sub("t", INNER)) + boundary("b", "t", KINDS[kind], interrupting=interrupting) + OUT,
                first=DECLARED,
            ),
        )
lawful("an error boundary", model(around(sub("t", INNER)) + boundary("b", "t", ERROR) + OUT, first=DECLARED))
for kind in ("link", "terminate"):
    forbidden("event-triggers", f"a {kind} boundary", model(PLAIN + boundary("b", "t", KINDS[kind]) + OUT))
for kind in ("cancel", "compensate", "error", "link", "terminate"):
    text = boundary("b", "t", KINDS[kind], interrupting=False) + OUT
    forbidden(
        "event-triggers",
        f"a {kind} boundary that does not interrupt",
        model(around(sub("t", INNER)) + text, first=DECLARED),
    )
forbidden("event-triggers", "a boundary of nothing", model(PLAIN + boundary("b", "t", "") + OUT))
forbidden(
    "event-triggers",
    "a boundary of nothing that does not interrupt",
    model(PLAIN + boundary("b", "t", "", interrupting=False) + OUT),
)
forbidden(
    "boundary-event-flows",
    "a flow into a boundary event",
    model(PLAIN + boundary("b", "t", TIMER) + OUT + task("u") + chain("s u b")),
)
forbidden("boundary-event-flows", "a boundary event without flow", model(PLAIN + boundary("b", "t", TIMER)))
HANDLER = task("undo", isForCompensation="true")
TIE = '<bpmn:association id="tie" sourceRef="b" targetRef="undo" associationDirection="One"/>'
lawful("a compensated task", model(PLAIN + boundary("b", "t", COMPENSATE) + HANDLER + TIE))
forbidden(
    "event-triggers",
    "a compensation boundary that says it does not interrupt",
    model(PLAIN + boundary("b", "t", COMPENSATE, interrupting=False) + HANDLER + TIE),
)
forbidden(
    "boundary-event-flows",
    "a compensation boundary with a flow",
    model(PLAIN + boundary("b", "t", COMPENSATE) + HANDLER + TIE + OUT),
)
forbidden(
    "compensation-handlers",
    "a compensation boundary without handler",
    model(PLAIN + boundary("b", "t", COMPENSATE) + HANDLER),
)
forbidden(
    "compensation-handlers",
    "a handler that is not for compensation",
    model(
        begin() + task() + task("undo") + finish("e") + chain("s t e; t undo e") + boundary("b", "t", COMPENSATE) + TIE
    ),
)
forbidden(
    "compensation-handlers",
    "a handler in the normal flow",
    model(PLAIN + boundary("b", "t", COMPENSATE) + HANDLER + TIE + finish("eu") + chain("undo eu")),
)
forbidden(
    "references",
    "compensation of what is not there",
    model(around(throw("t", definition("compensate", activityRef="nothing")))),
)

# -- event sub-processes ---------------------------------------------------------------------------


def event_sub(trigger: str, interrupting: str = "true", starts: int = 1, **attributes: str) -> str:
    begins = "".join(begin(f"s{i}", trigger, isInterrupting=interrupting) + chain(f"s{i} te") for i in range(starts))
    inner = begins + task("te") + finish("ee") + chain("te ee")
    return node("subProcess", "on", inner, triggeredByEvent="true", **attributes)


for kind in ("message", "timer", "conditional", "signal", "escalation"):
    for value in ("true", "false"):
        lawful(
            f"an event sub-process on {kind}, interrupting {value}",
            model(PLAIN + event_sub(KINDS[kind], value), first=DECLARED),
        )
lawful("an event sub-process on error", model(PLAIN + event_sub(ERROR), first=DECLARED))
for kind in ("cancel", "link", "terminate"):
    forbidden(
        "event-triggers", f"an event sub-process on {kind}", model(PLAIN + event_sub(KINDS[kind]), first=DECLARED)
    )
for kind in ("error", "compensate"):
    forbidden(
        "event-triggers",
        f"an event sub-process on {kind} that does not interrupt",
        model(PLAIN + event_sub(KINDS[kind], "false"), first=DECLARED),
    )
forbidden("event-sub-process-start", "an event sub-process on nothing", model(PLAIN + event_sub("")))
forbidden("event-sub-process-start", "an event sub-process with two starts", model(PLAIN + event_sub(TIMER, starts=2)))
forbidden(
    "event-sub-process-start",
    "an event sub-process without start",
    model(PLAIN + node("subProcess", "on", task("te"), triggeredByEvent="true")),
)
forbidden(
    "flow-ends",
    "a flow into an event sub-process",
    model(PLAIN.replace(chain("t e"), "") + event_sub(TIMER) + chain("t on")),
)
forbidden("flow-ends", "a flow out of an event sub-process", model(PLAIN + event_sub(TIMER) + chain("on e")))
