"""Data of events, messages, operations and calls."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, call, catch, chain, finish, process, sub, throw
from tests.support.diagrams import props
from tests.support.standard.core import (
    DECLARED,
    ERROR,
    ESCALATION,
    INNER,
    MESSAGE,
    PLAIN,
    SIGNAL,
    around,
    begin,
    forbidden,
    io,
    lawful,
    model,
    task,
)

# -- data of events --------------------------------------------------------------------------------

CATCHES = (
    '<bpmn:dataOutput id="o" itemSubjectRef="{}"/><bpmn:outputSet>'
    "<bpmn:dataOutputRefs>o</bpmn:dataOutputRefs></bpmn:outputSet>"
)
THROWS = (
    '<bpmn:dataInput id="i" itemSubjectRef="{}"/><bpmn:inputSet>'
    "<bpmn:dataInputRefs>i</bpmn:dataInputRefs></bpmn:inputSet>"
)


def event_data(place: str, kind: str, event: str) -> str:
    throws, catches = THROWS.format(kind), CATCHES.format(kind)
    body = {
        "start": begin("s", catches + event) + task() + finish("e") + chain("s t e"),
        "end": begin() + task() + finish("e", throws + event) + chain("s t e"),
        "catch": around(catch("t", catches + event)),
        "throw": around(throw("t", throws + event)),
        "boundary": around(sub("t", INNER)) + boundary("b", "t", catches + event) + finish("eb") + chain("b eb"),
    }[place]
    return model(body, first=DECLARED)


for place in ("start", "end", "catch", "throw", "boundary"):
    lawful(f"a {place} event with the data of its message", event_data(place, "text", MESSAGE))
    forbidden("event-data", f"a {place} event with other data than its message", event_data(place, "number", MESSAGE))
    forbidden(
        "event-data", f"a {place} event with two triggers and one datum", event_data(place, "text", MESSAGE + SIGNAL)
    )
forbidden("event-data", "a signal with other data", event_data("throw", "number", SIGNAL))
forbidden("event-data", "an escalation with other data", event_data("throw", "number", ESCALATION))
forbidden("event-data", "an error with other data", event_data("boundary", "number", ERROR))

# -- messages and operations -----------------------------------------------------------------------


def service(specification: str, operation: str = "ask", tag: str = "serviceTask", **attributes: str) -> str:
    more = {"operationRef": operation, **attributes} if operation else attributes
    named = props(service="notify") if tag == "serviceTask" else ""
    return model(around(task("t", named + specification, tag, **more)), first=DECLARED)


ONE_SET = "<bpmn:inputSet><bpmn:dataInputRefs>i</bpmn:dataInputRefs></bpmn:inputSet>"
NO_SET = "<bpmn:outputSet/>"
SECOND = '<bpmn:inputSet id="second"/>'
lawful("a service with its operation", service(io("i")))
lawful(
    "a service with an answer",
    service(
        io("i")
        .replace("<bpmn:inputSet>", '<bpmn:dataOutput id="o" itemSubjectRef="number"/><bpmn:inputSet>')
        .replace("<bpmn:outputSet>", "<bpmn:outputSet><bpmn:dataOutputRefs>o</bpmn:dataOutputRefs>"),
        "count",
    ),
)
forbidden("operation-data", "a service with an operation and no input", service(""))
forbidden("operation-data", "a service with two input sets", service(io("i", sets=ONE_SET + SECOND + NO_SET)))
forbidden(
    "operation-data",
    "a service with two output sets",
    service(io("i", sets=ONE_SET + NO_SET + '<bpmn:outputSet id="more"/>')),
)
forbidden("operation-data", "a service with other input than its operation", service(io("i", kind="number")))
forbidden(
    "operation-data",
    "a service with other output than its operation",
    service(
        io("i")
        .replace("<bpmn:inputSet>", '<bpmn:dataOutput id="o" itemSubjectRef="text"/><bpmn:inputSet>')
        .replace("<bpmn:outputSet>", "<bpmn:outputSet><bpmn:dataOutputRefs>o</bpmn:dataOutputRefs>"),
        "count",
    ),
)
for tag, side, specification in (("sendTask", "input", io("i")), ("receiveTask", "output", io("", "o"))):
    lawful(f"a {tag} with its message", service(specification, "", tag, messageRef="m_text"))
    name = "i" if side == "input" else "o"
    doubled = specification.replace(
        f'<bpmn:data{side.title()} id="{name}"',
        f'<bpmn:data{side.title()} id="{name}2" itemSubjectRef="text"/><bpmn:data{side.title()} id="{name}"',
    )
    doubled = doubled.replace(
        f"<bpmn:data{side.title()}Refs>",
        f"<bpmn:data{side.title()}Refs>{name}2</bpmn:data{side.title()}Refs><bpmn:data{side.title()}Refs>",
        1,
    )
    forbidden("message-data", f"a {tag} with two {side}s", service(doubled, "", tag, messageRef="m_text"))
    again = f'<bpmn:{side}Set id="again"/>'
    moved = (
        specification.replace("<bpmn:outputSet>", again + "<bpmn:outputSet>")
        if side == "input"
        else specification.replace("</bpmn:ioSpecification>", again + "</bpmn:ioSpecification>")
    )
    forbidden("message-data", f"a {tag} with two {side} sets", service(moved, "", tag, messageRef="m_text"))
    forbidden(
        "message-data",
        f"a {tag} with other data than its message",
        service(specification, "", tag, messageRef="m_number"),
    )
    forbidden(
        "message-data",
        f"a {tag} with data without type",
        service(specification.replace(' itemSubjectRef="text"', ""), "", tag, messageRef="m_text"),
    )
CALLEE = process("callee", "{}" + begin("sc") + task("tc") + finish("ec") + chain("sc tc ec"))


def called(caller: str, callee: str) -> str:
    callee = (
        callee.replace('"i"', '"ci"')
        .replace(">i<", ">ci<")
        .replace('"o"', '"co"')
        .replace(">o<", ">co<")
        .replace('"k"', '"ck"')
        .replace(">k<", ">ck<")
    )
    return model(around(call("t", "callee", caller)), first=DECLARED, more=CALLEE.format(callee))


lawful("a call with the data of the called", called(io("i", "o"), io("i", "o")))
lawful("a call with data of the same type", called(io("i", "o"), io("i", "o", kind="words")))
forbidden("call-data", "a call with more inputs than the called", called(io("i k", "o"), io("i", "o")))
forbidden("call-data", "a call with fewer inputs than the called", called(io("", "o"), io("i", "o")))
forbidden("call-data", "a call with more outputs than the called", called(io("i", "o k"), io("i", "o")))
forbidden("call-data", "a call with fewer outputs than the called", called(io("i", ""), io("i", "o")))
forbidden("call-data", "a call with other data than the called", called(io("i", "o"), io("i", "o", kind="number")))
SERVED = "<bpmn:supportedInterfaceRef>desk</bpmn:supportedInterfaceRef>"
BOUND = '<bpmn:ioBinding operationRef="count" inputDataRef="i" outputDataRef="o"/>'


def served(inputs: str, outputs: str, binding: str = BOUND, interface: str = SERVED) -> str:
    specification = io("i", "o", kind=inputs).replace(
        f'id="o" itemSubjectRef="{inputs}"', f'id="o" itemSubjectRef="{outputs}"'
    )
    return model(interface + specification + binding + PLAIN, first=DECLARED)


lawful("a process that is a service", served("text", "number"))
forbidden("io-bindings", "a service process without binding", served("text", "number", binding=""))
forbidden("io-bindings", "a service process with other input", served("number", "number"))
forbidden("io-bindings", "a service process with other output", served("text", "text"))
