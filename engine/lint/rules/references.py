"""Every reference leads to an existing element of the right kind (spec §15.3.2)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local, q, text_of
from engine.lint.say import at
from engine.lint.words import ACTIVITIES, EVENTS

_ITEM = frozenset({"itemDefinition"})
_DATA = frozenset(
    [
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "dataStore",
        "property",
        "dataInput",
        "dataOutput",
        "inputDataItem",
        "outputDataItem",
    ]
)
_ENDS = ACTIVITIES | EVENTS | {"participant", "choreographyTask", "subChoreography", "callChoreography"}
_ANY = frozenset[str]()
_DEFINITIONS = frozenset(
    f"{kind}EventDefinition"
    for kind in [
        "message",
        "timer",
        "conditional",
        "signal",
        "error",
        "escalation",
        "cancel",
        "compensate",
        "link",
        "terminate",
    ]
)

#: attribute -> kinds it may lead to, by the element that carries it ("" = any element)
ATTRIBUTES: dict[tuple[str, str], frozenset[str]] = {
    ("participant", "processRef"): frozenset({"process"}),
    ("messageFlow", "sourceRef"): _ENDS,
    ("messageFlow", "targetRef"): _ENDS,
    ("association", "sourceRef"): _ANY,
    ("association", "targetRef"): _ANY,
    ("boundaryEvent", "attachedToRef"): ACTIVITIES,
    ("dataObjectReference", "dataObjectRef"): frozenset({"dataObject"}),
    ("dataStoreReference", "dataStoreRef"): frozenset({"dataStore"}),
    ("group", "categoryValueRef"): frozenset({"categoryValue"}),
    ("errorEventDefinition", "errorRef"): frozenset({"error"}),
    ("escalationEventDefinition", "escalationRef"): frozenset({"escalation"}),
    ("signalEventDefinition", "signalRef"): frozenset({"signal"}),
    ("compensateEventDefinition", "activityRef"): ACTIVITIES,
    ("error", "structureRef"): _ITEM,
    ("escalation", "structureRef"): _ITEM,
    ("signal", "structureRef"): _ITEM,
    ("message", "itemRef"): _ITEM,
    ("correlationSubscription", "correlationKeyRef"): frozenset({"correlationKey"}),
    ("process", "definitionalCollaborationRef"): frozenset({"collaboration", "choreography", "globalConversation"}),
    ("multiInstanceLoopCharacteristics", "oneBehaviorEventRef"): _DEFINITIONS,
    ("multiInstanceLoopCharacteristics", "noneBehaviorEventRef"): _DEFINITIONS,
    ("resourceParameterBinding", "parameterRef"): frozenset({"resourceParameter"}),
    ("formalExpression", "evaluatesToTypeRef"): _ITEM,
    ("ioBinding", "inputDataRef"): frozenset({"dataInput"}),
    ("ioBinding", "outputDataRef"): frozenset({"dataOutput"}),
    ("", "messageRef"): frozenset({"message"}),
    ("", "operationRef"): frozenset({"operation"}),
    ("", "itemSubjectRef"): _ITEM,
    ("", "default"): frozenset({"sequenceFlow"}),
    ("", "correlationPropertyRef"): frozenset({"correlationProperty"}),
}

#: child element whose text is a reference -> kinds, by parent ("" = any parent)
CHILDREN: dict[tuple[str, str], frozenset[str]] = {
    ("", "incoming"): frozenset({"sequenceFlow"}),
    ("", "outgoing"): frozenset({"sequenceFlow"}),
    ("dataInputAssociation", "sourceRef"): _DATA,
    ("dataInputAssociation", "targetRef"): _DATA,
    ("dataOutputAssociation", "sourceRef"): _DATA,
    ("dataOutputAssociation", "targetRef"): _DATA,
    ("", "dataInputRefs"): frozenset({"dataInput"}),
    ("", "optionalInputRefs"): frozenset({"dataInput"}),
    ("", "whileExecutingInputRefs"): frozenset({"dataInput"}),
    ("", "outputSetRefs"): frozenset({"outputSet"}),
    ("", "dataOutputRefs"): frozenset({"dataOutput"}),
    ("", "optionalOutputRefs"): frozenset({"dataOutput"}),
    ("", "whileExecutingOutputRefs"): frozenset({"dataOutput"}),
    ("", "inputSetRefs"): frozenset({"inputSet"}),
    ("", "eventDefinitionRef"): _DEFINITIONS,
    ("", "operationRef"): frozenset({"operation"}),
    ("", "inMessageRef"): frozenset({"message"}),
    ("", "outMessageRef"): frozenset({"message"}),
    ("", "errorRef"): frozenset({"error"}),
    ("", "interfaceRef"): frozenset({"interface"}),
    ("", "supportedInterfaceRef"): frozenset({"interface"}),
    ("", "endPointRef"): frozenset({"endPoint"}),
    ("", "participantRef"): frozenset({"participant"}),
    ("", "innerParticipantRef"): frozenset({"participant"}),
    ("", "outerParticipantRef"): frozenset({"participant"}),
    ("", "messageFlowRef"): frozenset({"messageFlow"}),
    ("", "correlationPropertyRef"): frozenset({"correlationProperty"}),
    ("", "categoryValueRef"): frozenset({"categoryValue"}),
    ("", "resourceRef"): frozenset({"resource"}),
    ("", "choreographyRef"): frozenset({"choreography"}),
    ("process", "supports"): frozenset({"process"}),
    ("linkEventDefinition", "source"): frozenset({"linkEventDefinition"}),
    ("linkEventDefinition", "target"): frozenset({"linkEventDefinition"}),
}


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for element in diagram.root.iter(q("*")):
            tag = local(element)
            for attribute, value in element.attrib.items():
                kinds = ATTRIBUTES.get((tag, str(attribute)), ATTRIBUTES.get(("", str(attribute))))
                if kinds is not None:
                    yield from _follow(diagram, element, str(attribute), str(value), kinds)
            parent = element.getparent()
            kinds = CHILDREN.get((local(parent) if parent is not None else "", tag), CHILDREN.get(("", tag)))
            if kinds is not None and len(element) == 0:
                yield from _follow(diagram, element, tag, text_of(element), kinds)


def _follow(
    diagram: Diagram, element: etree._Element, name: str, value: str, kinds: frozenset[str]
) -> Iterator[Problem]:
    prefix, _, wanted = value.strip().rpartition(":")
    if prefix and _is_imported(diagram, element, prefix):
        return
    target = diagram.find(wanted)
    if target is None:
        yield at(diagram, element, f"{name} 引用的“{value}”不存在。", "请改为引用已有的元素，或补上被引用的元素。")
    elif kinds and local(target) not in kinds:
        yield at(
            diagram,
            element,
            f"{name} 引用的“{value}”是 {local(target)}，不是允许的类型。",
            f"{name} 只能引用：{'、'.join(sorted(kinds))}。",
        )


def _is_imported(diagram: Diagram, element: etree._Element, prefix: str) -> bool:
    namespace = element.nsmap.get(prefix)
    own = diagram.root.get("targetNamespace")
    return namespace != own and any(i.get("namespace") == namespace for i in diagram.root.iterfind(q("import")))
