"""End and intermediate events, and what events need to be executed."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, catch, chain, finish, node, sub, throw
from tests.support.standard.core import (
    CANCEL,
    DECLARED,
    ESCALATION,
    INNER,
    KINDS,
    MESSAGE,
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

# -- end events ------------------------------------------------------------------------------------

for kind in ("message", "signal", "escalation", "compensate", "terminate"):
    lawful(f"a {kind} end", model(begin() + finish("e", KINDS[kind]) + chain("s e"), first=DECLARED))
for kind in ("conditional", "link", "timer"):
    forbidden(
        "event-triggers", f"a {kind} end", model(begin() + finish("e", KINDS[kind]) + chain("s e"), first=DECLARED)
    )
    text = model(
        begin() + finish("e", "<bpmn:eventDefinitionRef>d</bpmn:eventDefinitionRef>") + chain("s e"),
        first=DECLARED + KINDS[kind].replace("EventDefinition", 'EventDefinition id="d"', 1),
    )
    forbidden("event-triggers", f"a {kind} end by reference", text)
forbidden(
    "event-triggers",
    "a cancel end outside a transaction",
    model(around(sub("t", begin("si") + finish("ei", CANCEL) + chain("si ei")))),
)
TRANSACTION = around(sub("t", begin("si") + finish("ei", CANCEL) + chain("si ei")).replace("subProcess", "transaction"))
CANCELLED = boundary("b", "t", CANCEL) + finish("eb") + chain("b eb")
lawful("a transaction that is cancelled", model(TRANSACTION + CANCELLED))
forbidden("event-triggers", "a cancel boundary on a sub-process", model(around(sub("t", INNER)) + CANCELLED))
METHOD = model(CANCELLED + TRANSACTION.replace("<bpmn:transaction ", '<bpmn:transaction method="##Compensate" '))
lawful("a transaction with its method", METHOD)
forbidden("schema", "a transaction method that is no URI", METHOD.replace("##Compensate", "_no_URI!$%"))

# -- executable events -----------------------------------------------------------------------------

forbidden(
    "error-reference",
    "an error end without error",
    model(around(sub("t", begin("si") + finish("ei", definition("error")) + chain("si ei")))),
)
NO_CODE = '<bpmn:error id="none" name="none"/><bpmn:escalation id="quiet" name="quiet"/>'
forbidden(
    "error-reference",
    "an error end without code",
    model(begin() + finish("e", definition("error", errorRef="none")) + chain("s e"), first=NO_CODE),
)
for place, shape in {"end": finish, "throw": throw}.items():
    for what, text in {
        "without code": definition("escalation", escalationRef="quiet"),
        "without reference": definition("escalation"),
    }.items():
        forbidden(
            "escalation-reference",
            f"an escalation {place} {what}",
            model(
                begin() + shape("t", text) + (finish("e") + chain("s t e") if place == "throw" else chain("s t")),
                first=NO_CODE,
            ),
        )
lawful(
    "an escalation boundary that catches any",
    model(
        around(sub("t", begin("si") + finish("ei", ESCALATION) + chain("si ei")))
        + boundary("b", "t", definition("escalation"))
        + finish("eb")
        + chain("b eb"),
        first=DECLARED,
    ),
)
SOME = definition("message")
forbidden(
    "message-reference",
    "a message start without message",
    model(around(task()).replace("</bpmn:startEvent>", SOME + "</bpmn:startEvent>")),
)
forbidden("message-reference", "a message end without message", model(begin() + finish("e", SOME) + chain("s e")))
forbidden("message-reference", "a message catch without message", model(around(catch("t", SOME))))
forbidden("message-reference", "a message throw without message", model(around(throw("t", SOME))))
forbidden(
    "message-reference",
    "a message boundary without message",
    model(PLAIN + boundary("b", "t", SOME) + finish("eb") + chain("b eb")),
)
UNSAID = MESSAGE.replace(' messageRef="m_text"', "")
TYPED = definition("message", messageRef="m_text")
for missing, event in (("message", UNSAID), ("operation", TYPED)):
    for place, body in (
        ("start", begin("s", event) + task() + finish("e") + chain("s t e")),
        ("end", begin() + finish("e", event) + chain("s e")),
        ("catch", around(catch("t", event))),
        ("throw", around(throw("t", event))),
        ("boundary", PLAIN + boundary("b", "t", event) + finish("eb") + chain("b eb")),
    ):
        forbidden(
            "message-reference",
            f"a message {place} with an {'operation' if missing == 'message' else 'item'} and no {missing}",
            model(body, first=DECLARED),
        )
lawful(
    "a message throw and catch",
    model(begin() + throw("t", MESSAGE) + catch("c", MESSAGE) + finish("e") + chain("s t c e"), first=DECLARED),
)
forbidden(
    "condition-definition",
    "a condition that is empty",
    model(around(catch("t", definition("conditional", "<bpmn:condition/>")))),
)
forbidden(
    "formal-expressions",
    "a condition that is only described",
    model(around(catch("t", definition("conditional", formal("condition", "a = 1", "tExpression"))))),
)
forbidden(
    "formal-expressions",
    "a condition without type",
    model(around(catch("t", definition("conditional", "<bpmn:condition>a = 1</bpmn:condition>")))),
)
for tag, good, bad in (
    ("timeDate", "2026-05-01T09:00:00+08:00", "tomorrow morning"),
    ("timeDuration", "PT1H", "an hour"),
    ("timeCycle", "R3/PT1H", "now and then"),
):
    lawful(f"a {tag}", model(around(catch("t", definition("timer", formal(tag, good))))))
    forbidden("timer-definition", f"a {tag} in prose", model(around(catch("t", definition("timer", formal(tag, bad))))))
    forbidden(
        "timer-definition",
        f"a {tag} that is no time",
        model(around(catch("t", definition("timer", formal(tag, "INVALID"))))),
    )
    forbidden("timer-definition", f"an empty {tag}", model(around(catch("t", definition("timer", formal(tag, ""))))))
    forbidden(
        "formal-expressions",
        f"a {tag} that is only described",
        model(around(catch("t", definition("timer", formal(tag, good, "tExpression"))))),
    )
lawful("a timer that does not say until when", model(around(catch("t", definition("timer")))))
forbidden(
    "schema",
    "a timer with two times",
    model(around(catch("t", definition("timer", formal("timeDate", "2026-05-01") + formal("timeDuration", "PT1H"))))),
)

# -- intermediate events ---------------------------------------------------------------------------

for kind in ("message", "timer", "conditional", "signal"):
    lawful(f"a {kind} catch", model(around(catch("t", KINDS[kind])), first=DECLARED))
for kind in ("cancel", "compensate", "error", "escalation", "terminate"):
    forbidden("event-triggers", f"a {kind} catch", model(around(catch("t", KINDS[kind])), first=DECLARED))
forbidden("event-triggers", "a catch of nothing", model(around(catch("t", ""))))
for kind in ("message", "escalation", "compensate", "signal"):
    lawful(f"a {kind} throw", model(around(throw("t", KINDS[kind])), first=DECLARED))
lawful("a throw of nothing", model(around(throw("t", ""))))
for kind in ("cancel", "conditional", "error", "terminate", "timer"):
    forbidden("event-triggers", f"a {kind} throw", model(around(throw("t", KINDS[kind])), first=DECLARED))
forbidden("intermediate-event-flows", "a catch nothing leads to", model(catch("t", TIMER) + task("a") + chain("t a")))
forbidden("intermediate-event-flows", "a throw nothing leads to", model(throw("t", "") + task("a") + chain("t a")))
forbidden("intermediate-event-flows", "a catch that leads nowhere", model(catch("t", TIMER) + task("a") + chain("a t")))
forbidden("intermediate-event-flows", "a throw that leads nowhere", model(throw("t", "") + task("a") + chain("a t")))


def link(element_id: str, kind: str, name: str = "there", **ends: str) -> str:
    inner = "".join(f"<bpmn:{k}>{v}</bpmn:{k}>" for k, v in ends.items())
    event = definition("link", inner, f"{element_id}_d", name=name)
    return (throw if kind == "throw" else catch)(element_id, event)


def links(there: str, here: str) -> str:
    return begin() + there + here + task() + finish("e") + chain("s go; come t e")


lawful("links by name", model(links(link("go", "throw"), link("come", "catch"))))
lawful(
    "links by reference",
    model(links(link("go", "throw", "a", target="come_d"), link("come", "catch", "b", source="go_d"))),
)
forbidden(
    "link-events",
    "a link to nowhere",
    model(begin() + node("parallelGateway", "g") + link("go", "throw") + finish("e") + chain("s g e; g go")),
)
forbidden(
    "link-events",
    "a link from nowhere",
    model(PLAIN + link("come", "catch") + task("u") + finish("e2") + chain("come u e2")),
)
forbidden(
    "link-events",
    "a link with two targets of its name",
    model(
        links(link("go", "throw"), link("come", "catch")) + link("come2", "catch") + finish("e2") + chain("come2 e2")
    ),
)
forbidden(
    "link-events", "a link without its target", model(links(link("go", "throw"), link("come", "catch", source="go_d")))
)
forbidden(
    "link-events",
    "a link without its source",
    model(links(link("go", "throw", target="come_d"), link("come", "catch"))),
)
forbidden(
    "link-events",
    "a link whose target knows another source",
    model(
        links(link("go", "throw", target="come_d"), link("come", "catch", source="go2_d"))
        + link("go2", "throw", target="come_d")
        + task("u")
        + chain("t u go2")
    ),
)
forbidden(
    "link-events",
    "a link into a sub-process",
    model(
        begin()
        + link("go", "throw", target="come_d")
        + chain("s go")
        + sub(
            "t",
            link("come", "catch", source="go_d") + finish("ei") + begin("si") + task("ti") + chain("come ei; si ti ei"),
        )
        + finish("e")
        + node("parallelGateway", "g")
        + chain("g t e")
    ),
)
forbidden(
    "link-events",
    "a throwing link that goes on",
    model(links(link("go", "throw"), link("come", "catch")) + chain("go t")),
)
forbidden(
    "link-events",
    "a catching link that is led to",
    model(links(link("go", "throw"), link("come", "catch")) + chain("t come")),
)
