"""Small models on either side of the standard's constraints, written from the specification.

``LAWFUL`` models keep a constraint, ``FORBIDDEN`` ones break exactly one and name the rule that
has to say so.  Ids of flows are ``<source>_to_<target>`` (see ``chain``).
"""

from __future__ import annotations

from tests.support.bpmn_runs import chain, finish, node
from tests.support.diagrams import diagram

LAWFUL: dict[str, str] = {}
FORBIDDEN: dict[str, tuple[str, str]] = {}

ITEMS = (
    '<bpmn:itemDefinition id="text" structureRef="String"/><bpmn:itemDefinition id="words" structureRef="String"/>'
    '<bpmn:itemDefinition id="number" structureRef="Integer"/><bpmn:itemDefinition id="plain"/>'
    '<bpmn:itemDefinition id="texts" structureRef="String" isCollection="true"/>'
)
DECLARED = (
    ITEMS + '<bpmn:message id="m_text" name="order" itemRef="text"/>'
    '<bpmn:message id="m_number" name="sum" itemRef="number"/>'
    '<bpmn:signal id="s_text" name="alarm" structureRef="text"/>'
    '<bpmn:error id="e_text" errorCode="E" structureRef="text"/>'
    '<bpmn:escalation id="x_text" escalationCode="X" structureRef="text"/>'
    '<bpmn:interface id="desk" name="desk"><bpmn:operation id="ask" name="ask">'
    "<bpmn:inMessageRef>m_text</bpmn:inMessageRef></bpmn:operation>"
    '<bpmn:operation id="count" name="count"><bpmn:inMessageRef>m_text</bpmn:inMessageRef>'
    "<bpmn:outMessageRef>m_number</bpmn:outMessageRef></bpmn:operation></bpmn:interface>"
)


def model(body: str, more: str = "", first: str = "", **attributes: str) -> str:
    """A file with one executable process; ``first`` is declared before it and ``more`` after it."""
    text = diagram(body)
    for name, value in attributes.items():
        text = text.replace('<bpmn:process id="probe"', f'<bpmn:process id="probe" {name}="{value}"', 1)
    text = text.replace('<bpmn:process id="probe"', f'{first}<bpmn:process id="probe"', 1)
    return text.replace("</bpmn:definitions>", f"{more}</bpmn:definitions>")


def lawful(name: str, text: str) -> None:
    assert name not in LAWFUL
    LAWFUL[name] = text


def forbidden(rule: str, name: str, text: str) -> None:
    assert name not in FORBIDDEN
    FORBIDDEN[name] = rule, text


# -- shorthand ----------------------------------------------------------------------------------------


def begin(element_id: str = "s", event: str = "", **attributes: str) -> str:
    return node("startEvent", element_id, event, **attributes)


def task(element_id: str = "t", inner: str = "", tag: str = "task", **attributes: str) -> str:
    return node(tag, element_id, inner, **attributes)


def around(step: str, element_id: str = "t") -> str:
    """Start, the step, end."""
    return begin() + step + finish("e") + chain(f"s {element_id} e")


def definition(kind: str, inner: str = "", element_id: str = "", **attributes: str) -> str:
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    identity = f' id="{element_id}"' if element_id else ""
    return f"<bpmn:{kind}EventDefinition{identity}{more}>{inner}</bpmn:{kind}EventDefinition>"


def formal(tag: str, text: str, kind: str = "tFormalExpression", **attributes: str) -> str:
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f'<bpmn:{tag} xsi:type="bpmn:{kind}"{more}>{text}</bpmn:{tag}>'


def conditional_flow(source: str, target: str, expression: str, **attributes: str) -> str:
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return (
        f'<bpmn:sequenceFlow id="{source}_to_{target}" sourceRef="{source}" '
        f'targetRef="{target}"{more}>{expression}</bpmn:sequenceFlow>'
    )


MESSAGE = definition("message", "<bpmn:operationRef>ask</bpmn:operationRef>", messageRef="m_text")
TIMER = definition("timer", formal("timeDuration", "PT1H"))
CONDITION = definition("conditional", formal("condition", "a = 1"))
SIGNAL = definition("signal", signalRef="s_text")
ERROR = definition("error", errorRef="e_text")
ESCALATION = definition("escalation", escalationRef="x_text")
CANCEL = definition("cancel")
COMPENSATE = definition("compensate")
TERMINATE = definition("terminate")
LINK = definition("link", name="there")
KINDS = {
    "message": MESSAGE, "timer": TIMER, "conditional": CONDITION, "signal": SIGNAL, "error": ERROR,
    "escalation": ESCALATION, "cancel": CANCEL, "compensate": COMPENSATE, "terminate": TERMINATE, "link": LINK,
}  # fmt: skip


def io(inputs: str = "", outputs: str = "", sets: str | None = None, kind: str = "text", many: bool = False) -> str:
    """An ioSpecification with the named inputs and outputs, each in the one set of its kind."""
    flag = ' isCollection="true"' if many else ""
    subject = f' itemSubjectRef="{kind}"' if kind else ""
    ins, outs = inputs.split(), outputs.split()
    text = "".join(f'<bpmn:dataInput id="{i}"{subject}{flag}/>' for i in ins)
    text += "".join(f'<bpmn:dataOutput id="{o}"{subject}{flag}/>' for o in outs)
    if sets is None:
        sets = "<bpmn:inputSet>" + "".join(f"<bpmn:dataInputRefs>{i}</bpmn:dataInputRefs>" for i in ins)
        sets += "</bpmn:inputSet><bpmn:outputSet>"
        sets += "".join(f"<bpmn:dataOutputRefs>{o}</bpmn:dataOutputRefs>" for o in outs) + "</bpmn:outputSet>"
    return f"<bpmn:ioSpecification>{text}{sets}</bpmn:ioSpecification>"


def data_in(source: str, target: str, inner: str = "") -> str:
    sources = "".join(f"<bpmn:sourceRef>{s}</bpmn:sourceRef>" for s in source.split())
    ends = f"{sources}<bpmn:targetRef>{target}</bpmn:targetRef>"
    return f"<bpmn:dataInputAssociation>{ends}{inner}</bpmn:dataInputAssociation>"


def data_out(source: str, target: str, inner: str = "") -> str:
    return data_in(source, target, inner).replace("dataInputAssociation", "dataOutputAssociation")


def data_object(element_id: str, kind: str = "text", **attributes: str) -> str:
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return (
        f'<bpmn:dataObject id="{element_id}_o" itemSubjectRef="{kind}"{more}/>'
        f'<bpmn:dataObjectReference id="{element_id}" dataObjectRef="{element_id}_o"/>'
    )


def many(*inner: str, **attributes: str) -> str:
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<bpmn:multiInstanceLoopCharacteristics{more}>{''.join(inner)}</bpmn:multiInstanceLoopCharacteristics>"


PLAIN = around(task())
INNER = begin("si") + task("ti") + finish("ei") + chain("si ti ei")
THINGS = (
    '<bpmn:textAnnotation id="note"><bpmn:text>x</bpmn:text></bpmn:textAnnotation><bpmn:group id="frame"/>'
    '<bpmn:association id="tie" sourceRef="note" targetRef="t"/>'
)
OK = formal("conditionExpression", "ok = 1")
