"""References and correlation."""

from __future__ import annotations

from tests.support.bpmn_runs import boundary, chain, finish, throw
from tests.support.standard.core import (
    DECLARED,
    ITEMS,
    PLAIN,
    TIMER,
    around,
    definition,
    forbidden,
    io,
    lawful,
    model,
    task,
)
from tests.support.standard.messages import service

# -- correlation, references -----------------------------------------------------------------------

KEYS = (
    '<bpmn:correlationProperty id="number_of"><bpmn:correlationPropertyRetrievalExpression messageRef="m_text">'
    "<bpmn:messagePath>number</bpmn:messagePath>"
    "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"
    '<bpmn:collaboration id="c"><bpmn:participant id="here" processRef="probe"/><bpmn:correlationKey id="key">'
    "<bpmn:correlationPropertyRef>number_of</bpmn:correlationPropertyRef></bpmn:correlationKey></bpmn:collaboration>"
)
SUBSCRIBED = (
    '<bpmn:correlationSubscription correlationKeyRef="key">'
    '<bpmn:correlationPropertyBinding correlationPropertyRef="number_of">'
    "<bpmn:dataPath>number</bpmn:dataPath></bpmn:correlationPropertyBinding></bpmn:correlationSubscription>"
)
CORRELATED = model(PLAIN + SUBSCRIBED, first=DECLARED + KEYS)
lawful("a correlation", CORRELATED)
forbidden(
    "formal-expressions",
    "a correlation without message path",
    CORRELATED.replace(">number</bpmn:messagePath>", "></bpmn:messagePath>"),
)
forbidden(
    "formal-expressions",
    "a correlation without data path",
    CORRELATED.replace(">number</bpmn:dataPath>", "></bpmn:dataPath>"),
)
for old, new in (
    ('correlationKeyRef="key"', 'correlationKeyRef="c"'),
    ('correlationPropertyRef="number_of"', 'correlationPropertyRef="key"'),
    (">number_of<", ">here<"),
    ('Expression messageRef="m_text"', 'Expression messageRef="number"'),
):
    forbidden("references", f"a correlation with {new}", CORRELATED.replace(old, new))
SERVING = service(io("i"))
for name, old, new in (
    ("a message of a wrong item", 'id="m_text" name="order" itemRef="text"', 'id="m_text" name="order" itemRef="desk"'),
    ("a service of no operation", 'operationRef="ask"', 'operationRef="desk"'),
    ("an operation of no message", "<bpmn:inMessageRef>m_text<", "<bpmn:inMessageRef>ask<"),
    (
        "an operation with a message as error",
        "<bpmn:outMessageRef>m_number</bpmn:outMessageRef>",
        "<bpmn:errorRef>m_number</bpmn:errorRef>",
    ),
    ("an error of a wrong structure", 'errorCode="E" structureRef="text"', 'errorCode="E" structureRef="m_text"'),
    (
        "an escalation of a wrong structure",
        'escalationCode="X" structureRef="text"',
        'escalationCode="X" structureRef="m_text"',
    ),
    ("a signal of a wrong structure", 'name="alarm" structureRef="text"', 'name="alarm" structureRef="m_text"'),
    ("an input of a wrong type", 'id="i" itemSubjectRef="text"', 'id="i" itemSubjectRef="m_text"'),
    ("a set with another thing", ">i</bpmn:dataInputRefs>", ">t</bpmn:dataInputRefs>"),
):
    assert old in SERVING
    forbidden("references", name, SERVING.replace(old, new))
forbidden(
    "references",
    "a default flow that is a task",
    model(PLAIN.replace('<bpmn:task id="t"', '<bpmn:task default="e" id="t"')),
)
forbidden("references", "a group of no category", model(PLAIN + '<bpmn:group id="g" categoryValueRef="t"/>'))
forbidden(
    "references",
    "an association to nothing",
    model(PLAIN + '<bpmn:association id="a" sourceRef="t" targetRef="nothing"/>'),
)
forbidden(
    "references", "a boundary on a gateway", model(PLAIN + boundary("b", "s", TIMER) + finish("eb") + chain("b eb"))
)
forbidden(
    "references",
    "a data object reference to a task",
    model(PLAIN + '<bpmn:dataObjectReference id="r" dataObjectRef="t"/>'),
)
forbidden(
    "references", "a send task of no message", model(around(task("t", tag="sendTask", messageRef="text")), first=ITEMS)
)
forbidden(
    "references",
    "a signal event of no signal",
    model(around(throw("t", definition("signal", signalRef="text"))), first=ITEMS),
)
forbidden(
    "references",
    "an error boundary of no error",
    model(PLAIN + boundary("b", "t", definition("error", errorRef="text")) + finish("eb") + chain("b eb"), first=ITEMS),
)
forbidden(
    "lanes",
    "a lane with a flow in it",
    model(
        PLAIN.replace(
            '<bpmn:startEvent id="s"',
            (
                '<bpmn:laneSet id="ls"><bpmn:lane id="la" name="承办人">'
                "<bpmn:flowNodeRef>s_to_t</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
                '<bpmn:startEvent id="s"'
            ),
        )
    ),
)
forbidden(
    "imports",
    "an import that is missing",
    model(
        PLAIN,
        first=(
            '<bpmn:import namespace="urn:x" location="nowhere.bpmn" '
            'importType="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
        ),
    ),
)
