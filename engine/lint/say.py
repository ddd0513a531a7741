"""Turning a thing of a diagram and two sentences into a problem."""

from __future__ import annotations

from lxml import etree

from engine.lint.finding import Problem, Severity
from engine.lint.model import Diagram, Flow, Node, Scope


def about(thing: Node | Flow | Scope, message: str, remedy: str, severity: Severity = "error") -> Problem:
    """A problem anchored to a node, a flow or a process; the message starts with its name."""
    scope = thing if isinstance(thing, Scope) else thing.scope
    return Problem(scope.diagram.file, thing.id, f"{thing.label}{message}", remedy, severity)


def at(diagram: Diagram, xml: etree._Element, message: str, remedy: str, severity: Severity = "error") -> Problem:
    """A problem anchored to any XML element, by its id or that of the nearest ancestor with one."""
    node: etree._Element | None = xml
    while node is not None and not node.get("id"):
        node = node.getparent()
    identity = "" if node is None or node is diagram.root else str(node.get("id"))
    return Problem(diagram.file, identity, message, remedy, severity)
