"""Reading the data of a diagram: what is declared where, and which associations lead where.

The library knows data objects only and fails on the rest, so everything about data is taken out of
the tree it gets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn.data import Association, Datum, Declared, Wiring
from engine.bpmn.xml import BPMN, FLOW_NODES

_Q = f"{{{BPMN}}}"
_SCOPES = frozenset(_Q + tag for tag in ("process", "subProcess", "transaction", "adHocSubProcess"))
_REFERENCES = {_Q + "dataObjectReference": "dataObjectRef", _Q + "dataStoreReference": "dataStoreRef"}
_DATA = frozenset(
    _Q + tag
    for tag in (
        "dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "ioSpecification", "property",
        "dataInputAssociation", "dataOutputAssociation", "dataInput", "dataOutput", "inputSet", "outputSet",
    )
)  # fmt: skip


@dataclass
class DiagramData:
    """The data of all diagrams of a definition."""

    wirings: dict[str, Wiring] = field(default_factory=dict)  # of activities, events and processes, by id
    declared: dict[str, Declared] = field(default_factory=dict)  # of scopes, by id
    known: dict[str, Datum] = field(default_factory=dict)  # what an id of a datum or of a reference to one means

    def datum(self, reference: str) -> Datum:
        """What a reference leads to; a name that is no element is a name in the token's data."""
        plain = reference.strip().rpartition(":")[2]
        return self.known.get(plain) or Datum(plain, (plain,))


def take_data(root: etree._Element, found: DiagramData) -> None:
    """Read all data of a file into ``found`` and take it out of the tree."""
    reader = _Reader(root)
    for owner in root.iter(_Q + "*"):
        if owner.get("id") and any(child.tag in _DATA for child in owner):
            found.wirings[owner.get("id", "")] = reader.wiring(owner)
    found.known |= {name: reader.datum(name) for name, e in reader.by_id.items() if e.tag in _DATA}
    for datum in reader.data.values():
        if datum.scope:
            scope = found.declared.setdefault(datum.scope, Declared({}))
            found.declared[datum.scope] = Declared({**scope.shared, datum.key: datum})
    for xml in [e for e in root.iter(_Q + "*") if e.tag in _DATA]:
        parent = xml.getparent()
        if parent is not None:
            parent.remove(xml)


class _Reader:
    def __init__(self, root: etree._Element) -> None:
        self.root = root
        # A step keeps its product under its id; data of the same name is known by its own id only.
        self.steps = {e.get("id") for tag in FLOW_NODES for e in root.iter(_Q + tag)}
        self.by_id = {e.get("id"): e for e in root.iter(_Q + "*") if e.get("id")}
        self.data: dict[str, Datum] = {}
        for xml in root.iter(_Q + "*"):
            if xml.tag in _DATA and xml.get("id"):
                self.datum(xml.get("id", ""))
        for xml in root.iter(*_REFERENCES):
            self._name_by_reference(xml)

    def datum(self, reference: str) -> Datum:
        """What a reference leads to; a name that is no element is a name in the token's data."""
        identity = reference.strip().rpartition(":")[2]
        xml = self.by_id.get(identity)
        if xml is None:
            return Datum(identity, (identity,))
        if xml.tag in _REFERENCES:
            behind = (xml.get(_REFERENCES[str(xml.tag)]) or "").rpartition(":")[2]
            if behind in self.by_id:
                return self.datum(behind)
        if identity not in self.data:
            self.data[identity] = Datum(identity, self._names(xml), self._scope(xml))
        return self.data[identity]

    def _names(self, xml: etree._Element) -> tuple[str, ...]:
        names = [xml.get("id", ""), xml.get("name", "").strip()]
        return tuple(dict.fromkeys(n for n in names if n and (n == xml.get("id") or n not in self.steps)))

    def _name_by_reference(self, xml: etree._Element) -> None:
        datum = self.datum(xml.get("id", ""))
        names = tuple(dict.fromkeys([*datum.names, *self._names(xml)]))
        self.data[datum.key] = Datum(datum.key, names, datum.scope)

    def _is_store(self, reference: str) -> bool:
        xml = self.by_id.get(reference.rpartition(":")[2])
        return xml is not None and xml.tag in {_Q + "dataStore", _Q + "dataStoreReference"}

    def _scope(self, xml: etree._Element) -> str:
        parent = xml.getparent()
        if parent is not None and parent.tag == _Q + "ioSpecification":
            parent = parent.getparent()
            return "" if parent is None or parent.tag != _Q + "process" else parent.get("id", "")
        if xml.tag in {_Q + "dataInput", _Q + "dataOutput"}:
            return ""
        return parent.get("id", "") if parent is not None and parent.tag in _SCOPES else ""

    def wiring(self, owner: etree._Element) -> Wiring:
        inner = owner.find(_Q + "ioSpecification")
        place = owner if inner is None else inner
        listed = {tag: {_text(e) for e in place.iter(_Q + tag)} for tag in ("dataInputRefs", "optionalInputRefs")}
        return Wiring(
            inputs=self._each(place, "dataInput"),
            outputs=self._each(place, "dataOutput"),
            optional=frozenset(listed["optionalInputRefs"]),
            incoming=self._associations(owner, "dataInputAssociation"),
            outgoing=self._associations(owner, "dataOutputAssociation"),
        )

    def _each(self, place: etree._Element, tag: str) -> tuple[Datum, ...]:
        return tuple(self.datum(e.get("id", "")) for e in place.iterfind(_Q + tag))

    def _associations(self, owner: etree._Element, tag: str) -> tuple[Association, ...]:
        found = []
        for xml in owner.iterfind(_Q + tag):
            if any(self._is_store(_text(e)) for e in xml.iterfind("*")):
                continue  # the doer's own affair; the linter refuses it where the engine would have to act
            target = _text(xml.find(_Q + "targetRef"))
            sources = tuple(self.datum(_text(e)) for e in xml.iterfind(_Q + "sourceRef") if _text(e))
            assignments = tuple(
                (_text(e.find(_Q + "from")), _text(e.find(_Q + "to"))) for e in xml.iterfind(_Q + "assignment")
            )
            reached = self.datum(target) if target else None
            if reached is None and assignments:
                reached = self.datum(assignments[0][1].partition(".")[0])
            if reached is None and sources:
                reached = sources[0]  # what is read is known under its own name
            if reached is not None:
                found.append(Association(sources, reached, _text(xml.find(_Q + "transformation")), assignments))
        return tuple(found)


def _text(xml: etree._Element | None) -> str:
    return "" if xml is None else "".join(str(t) for t in xml.itertext()).strip()
