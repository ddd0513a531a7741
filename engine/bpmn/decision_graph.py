"""The elements of decision files and how they find each other: the requirement graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.bpmn.decision_logic import Logic
from engine.bpmn.decision_table import Table
from engine.expressions.types import Type, under

#: (namespace, id) of an element.
Key = tuple[str, str]


@dataclass(frozen=True)
class InputData:
    """Data the graph is asked with."""

    key: Key
    name: str
    variable: str
    type: Type | None = None


@dataclass(frozen=True)
class Decision:
    """One decision: its logic and what it requires."""

    key: Key
    name: str
    variable: str
    logic: Logic
    type: Type | None = None
    requires: tuple[Key, ...] = ()
    #: the names its expressions read, and of these the ones that nothing within it can have
    reads: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return self.key[1]


@dataclass(frozen=True)
class Knowledge:
    """A business knowledge model: a function of its parameters."""

    key: Key
    name: str
    variable: str
    parameters: tuple[str, ...]
    types: tuple[Type | None, ...]
    logic: Logic
    type: Type | None = None
    requires: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Service:
    """A decision service: some decisions as a function of others and of input data."""

    key: Key
    name: str
    variable: str
    outputs: tuple[Key, ...]
    decisions: tuple[Key, ...]
    inputs: tuple[Key, ...]
    type: Type | None = None


Element = InputData | Decision | Knowledge | Service


@dataclass
class File:
    """What one file declares; ``imports`` maps the namespace of another file to its name here."""

    namespace: str
    name: str = ""
    imports: dict[str, str] = field(default_factory=dict)
    types: dict[str, Type] = field(default_factory=dict)


@dataclass
class Graph:
    """All elements of files that belong together."""

    files: dict[str, File] = field(default_factory=dict)
    elements: dict[Key, Element] = field(default_factory=dict)
    #: what was wrong with an element: its findings' messages
    broken: dict[Key, list[str]] = field(default_factory=dict)
    #: every name and id, and what it stands for; filled by :meth:`finish`
    declared: frozenset[str] = frozenset()
    called: dict[str, list[Element]] = field(default_factory=dict)
    imported: frozenset[str] = frozenset()

    def file(self, namespace: str) -> File | None:
        """The file of a namespace; a closing slash more or less does not matter."""
        return self.files.get(namespace) or next(
            (file for known, file in self.files.items() if known.rstrip("/") == namespace.rstrip("/")), None
        )

    def key(self, reference: str, home: str) -> Key:
        """The key a reference (``#id`` or ``namespace#id``) stands for."""
        space, _, identifier = reference.rpartition("#")
        file = self.file(space) if space else None
        return (file.namespace if file else space) or home, identifier

    def place(self, key: Key, home: str) -> str:
        """The import name under which an element of another file is visible; empty at home."""
        if key[0] == home or home not in self.files:
            return ""
        for namespace, name in self.files[home].imports.items():
            if namespace.rstrip("/") == key[0].rstrip("/"):
                return name
        return ""

    def find(self, wanted: str, kinds: tuple[type, ...]) -> list[Any]:
        """Elements of the kinds by id, else by name; several when it is not clear which is meant.

        One of a file that imports others goes before those of the imported files.
        """
        found = [element for element in self.called.get(wanted, ()) if isinstance(element, kinds)]
        found = [element for element in found if element.key[1] == wanted] or found
        return [element for element in found if self.is_imported(element) == self.is_imported(found[0])]

    def is_imported(self, element: Element) -> bool:
        """Whether another file imports the one this element stands in."""
        return element.key[0].rstrip("/") in self.imported

    def finish(self) -> None:
        """Remember what names stand for, once all elements are known."""
        self.imported = frozenset(space.rstrip("/") for file in self.files.values() for space in file.imports)
        for element in sorted(self.elements.values(), key=self.is_imported):
            for name in {element.key[1], element.name}:
                self.called.setdefault(name, []).append(element)
        self.declared = frozenset(name for one in self.elements.values() for name in (one.name, one.variable))

    def link_types(self) -> None:
        """Make the types of imported files known under their import's name."""
        for file in self.files.values():
            for namespace, name in file.imports.items():
                other = self.file(namespace)
                known = other.types if other else {}
                for type_name, declared in known.items():
                    if name:
                        file.types.setdefault(f"{name}.{type_name}", under(declared, name, known))
                    else:
                        file.types.setdefault(type_name, declared)

    def borrowed(self, element: Decision) -> dict[str, list[tuple[Decision, str]]]:
        """Names the decision reads that no file declares, but a required decision has as its id or a column.

        Some modellers read a required decision so instead of by its name.  Every name has the decisions
        meant, each with the output column, which is empty for the whole decision.
        """
        found: dict[str, list[tuple[Decision, str]]] = {}
        for required in map(self.elements.get, dict.fromkeys(element.requires)):
            if not isinstance(required, Decision) or required.key[0] != element.key[0]:
                continue
            columns = [output.name for output in required.logic.outputs] if isinstance(required.logic, Table) else []
            names = [(required.id, ""), *((column, column if len(columns) > 1 else "") for column in columns)]
            for name, column in dict.fromkeys(names):
                if name in element.outer - self.declared:
                    found.setdefault(name, []).append((required, column))
        return found

    def required(self, element: Element) -> Iterator[Key]:
        """What an element requires directly."""
        if isinstance(element, (Decision, Knowledge)):
            yield from element.requires
        elif isinstance(element, Service):
            yield from element.outputs
