"""What kind of data things of a diagram carry: their item definitions (spec §8.4.10)."""

from __future__ import annotations

from lxml import etree

from engine.lint.model import Diagram, local

#: Attributes by which things name their item definition, the own data of a thing first.
_REFERENCES = {"message": "itemRef", "error": "structureRef", "escalation": "structureRef", "signal": "structureRef"}
#: Things that only point at other data.
_POINTERS = {"dataObjectReference": "dataObjectRef", "dataStoreReference": "dataStoreRef"}


def item_of(diagram: Diagram, thing: etree._Element | None) -> etree._Element | None:
    """The item definition of a datum, message, error, escalation or signal; ``None`` when nothing is said."""
    if thing is None:
        return None
    reference = thing.get(_REFERENCES.get(local(thing), "itemSubjectRef"))
    pointer = _POINTERS.get(local(thing))
    if not reference and pointer:
        return item_of(diagram, diagram.find(thing.get(pointer) or " "))
    return diagram.find(reference) if reference else None


def kind(item: etree._Element | None) -> str:
    """What makes two item definitions equivalent: their structure or, without one, their identity."""
    return "" if item is None else (item.get("structureRef") or item.get("id") or "")


def same(diagram: Diagram, first: etree._Element | None, second: etree._Element | None) -> bool:
    """May the two carry the same data?  What says nothing fits everything."""
    kinds = {kind(item_of(diagram, first)), kind(item_of(diagram, second))} - {""}
    return len(kinds) < 2


def is_collection(xml: etree._Element | None) -> bool:
    return xml is not None and (xml.get("isCollection") or "").strip() in {"true", "1"}
