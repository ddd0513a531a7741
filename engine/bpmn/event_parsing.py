"""Parsers of events: their definitions in the order they are written, each with its own texts.

The library collects definitions kind by kind and takes the first timer or condition of the element
for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.event_parsers import (
    BoundaryEventParser,
    EndEventParser,
    EventDefinitionParser,
    IntermediateCatchEventParser,
    IntermediateThrowEventParser,
    ReceiveTaskParser,
    SendTaskParser,
    StartEventParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition

from engine.bpmn.compensation import KernelCompensation
from engine.bpmn.conditions import KernelCondition
from engine.bpmn.events import KernelMessage
from engine.bpmn.signals import KernelSignal
from engine.bpmn.timers import CycleTimer, DateTimer, DurationTimer
from engine.bpmn.transactions import KernelCancel
from engine.bpmn.triggers import KernelMultiple
from engine.bpmn.xml import BPMN

_BPMN = f"{{{BPMN}}}"
_TIMERS = {"timeDate": DateTimer, "timeDuration": DurationTimer, "timeCycle": CycleTimer}


class _Definitions(EventDefinitionParser):
    """Mixed into every event parser."""

    def get_event_definition(self, xpaths: list[str]) -> EventDefinition:
        """The definition of the element, whatever kinds the library would look for here."""
        self.event_nodes = [e for e in self.node if str(e.tag).endswith("EventDefinition")]
        found = [d for d in map(self._definition, self.event_nodes) if d is not None]
        if not found:
            return NoneEventDefinition(description="Default")
        if len(found) == 1:
            return found[0]
        return KernelMultiple(found, self.node.get("parallelMultiple") == "true", description="Multiple")

    def _definition(self, xml: etree._Element) -> EventDefinition | None:
        kind = etree.QName(xml).localname.removesuffix("EventDefinition")
        if kind == "link":
            return None  # its flow stands in the normal form
        parse: Callable[[etree._Element], EventDefinition] = getattr(self, f"parse_{kind}_event")
        return parse(xml)

    def parse_message_event(self, message_event: etree._Element) -> KernelMessage:
        return KernelMessage(self._name(message_event, "message", self.process_parser.parser.messages))

    def parse_signal_event(self, signal_event: etree._Element) -> KernelSignal:
        return KernelSignal(self._name(signal_event, "signal", self.process_parser.parser.signals))

    def parse_error_event(self, error_event: etree._Element) -> EventDefinition:
        found = _declared(error_event, "error")
        if found is None:
            return super().parse_error_event(error_event)
        return ErrorEventDefinition(found.get("name") or found.get("id"), found.get("errorCode"))

    def parse_escalation_event(self, escalation_event: etree._Element) -> EventDefinition:
        found = _declared(escalation_event, "escalation")
        if found is None:
            return super().parse_escalation_event(escalation_event)
        return EscalationEventDefinition(found.get("name") or found.get("id"), found.get("escalationCode"))

    def _name(self, xml: etree._Element, kind: str, elsewhere: Mapping[str, str]) -> str:
        """The name of a message or signal; without one its id stands for it."""
        reference = _plain(xml.get(f"{kind}Ref", ""))
        found = _declared(xml, kind)
        return (elsewhere.get(reference) if found is None else found.get("name")) or reference

    def parse_conditional_event(self, event: etree._Element) -> KernelCondition:
        return KernelCondition(_text(event.find(f"{_BPMN}condition")))

    def parse_compensate_event(self, event: etree._Element) -> KernelCompensation:
        return KernelCompensation(_plain(event.get("activityRef", "")), event.get("waitForCompletion") != "false")

    def parse_cancel_event(self, event: etree._Element) -> KernelCancel:
        return KernelCancel()

    def parse_timer_event(self, event: etree._Element) -> Any:
        for tag, kind in _TIMERS.items():
            found = event.find(_BPMN + tag)
            if found is not None:
                return kind(self.bpmn_id, _text(found))
        raise ValueError(f"timer without a time: {self.bpmn_id}")


class KernelStartParser(_Definitions, StartEventParser):
    """startEvent; of an event sub-process it says whether it interrupts."""

    def create_task(self) -> Any:
        event = super().create_task()
        event.interrupting = self.node.get("isInterrupting", "true") == "true"
        return event


class KernelEndParser(_Definitions, EndEventParser):
    """endEvent."""


class KernelCatchParser(_Definitions, IntermediateCatchEventParser):
    """intermediateCatchEvent."""


class KernelThrowParser(_Definitions, IntermediateThrowEventParser):
    """intermediateThrowEvent."""


class KernelBoundaryParser(_Definitions, BoundaryEventParser):
    """boundaryEvent."""


class KernelSendParser(_Definitions, SendTaskParser):
    """sendTask: the message it names stands on the task itself."""


class KernelReceiveParser(_Definitions, ReceiveTaskParser):
    """receiveTask: the message it names stands on the task itself; naming none, it waits for one of its own name."""

    def parse_message_event(self, message_event: etree._Element) -> KernelMessage:
        named = super().parse_message_event(message_event)
        return named if named.name else KernelMessage(self.node.get("name", "").strip() or self.bpmn_id)


class KernelEventGatewayParser(TaskParser):
    """eventBasedGateway."""

    def create_task(self) -> Any:
        together = self.node.get("eventGatewayType") == "Parallel"
        return self.spec_class(self.spec, self.bpmn_id, together=together, **self.bpmn_attributes)

    def handles_multiple_outgoing(self) -> bool:
        return True


def _declared(xml: etree._Element, kind: str) -> etree._Element | None:
    """What the definition refers to in its own file; the library knows the last of all files with that id."""
    reference = _plain(xml.get(f"{kind}Ref", ""))
    root = xml.getroottree().getroot()
    return next((e for e in root.iter(_BPMN + kind) if e.get("id") == reference), None) if reference else None


def _plain(reference: str) -> str:
    """An id without the prefix of its namespace."""
    return reference.strip().rpartition(":")[2]


def _text(xml: etree._Element | None) -> str:
    return "" if xml is None else "".join(str(t) for t in xml.itertext()).strip()
