"""What the library does not read of a multi-instance: the events its instances throw."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition

from engine.bpmn.event_parsing import KernelThrowParser
from engine.bpmn.instances import Behavior
from engine.bpmn.normal_form import any_definition
from engine.bpmn.xml import BPMN

_Q = f"{{{BPMN}}}"
_REFERENCES = {"None": "noneBehaviorEventRef", "One": "oneBehaviorEventRef"}


def read_behavior(parser: Any, loop: etree._Element) -> Behavior:
    """The behavior written on a multi-instance; ``parser`` is the parser of its activity.

    Without a reference None and One throw a signal without a name, which nobody can wait for.
    """
    kind = (loop.get("behavior") or "All").strip()
    if kind == "Complex":
        return Behavior(
            kind, [entry for xml in loop.iterfind(f"{_Q}complexBehaviorDefinition") for entry in _complex(parser, xml)]
        )
    reference = loop.get(_REFERENCES[kind]) if kind in _REFERENCES else None
    found = any_definition(loop.getroottree().getroot(), reference) if reference else None
    return Behavior(kind, [] if found is None else [("", definition) for definition in _definitions(parser, [found])])


def _complex(parser: Any, xml: etree._Element) -> list[tuple[str, EventDefinition]]:
    condition, event = xml.find(f"{_Q}condition"), xml.find(f"{_Q}event")
    text = "" if condition is None else "".join(str(t) for t in condition.itertext()).strip()
    written = [] if event is None else [e for e in event if str(e.tag).endswith("EventDefinition")]
    return [(text, definition) for definition in _definitions(parser, written)]


def _definitions(parser: Any, written: list[etree._Element]) -> list[EventDefinition]:
    """The definitions as an intermediate event of the same activity would throw them."""
    found = []
    for xml in written:
        event = etree.Element(f"{_Q}intermediateThrowEvent", id=parser.bpmn_id)
        event.append(deepcopy(xml))
        reader = KernelThrowParser(parser.process_parser, None, event, parser.nsmap, lane=parser.lane)
        found.append(reader.get_event_definition([]))
    return found
