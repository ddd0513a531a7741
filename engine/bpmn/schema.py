"""Validation against the BPMN 2.0 XML schema of the OMG, as shipped with the workflow library."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from engine.bpmn.xml import BPMN

_lock = threading.Lock()


@dataclass(frozen=True)
class SchemaError:
    """One violation: libxml2's own name and text of it, the element it was found at and its line."""

    kind: str
    text: str
    tag: str
    element: str
    line: int


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    package = find_spec("SpiffWorkflow")
    assert package is not None and package.submodule_search_locations
    folder = Path(next(iter(package.submodule_search_locations))) / "bpmn" / "parser" / "schema"
    return etree.XMLSchema(etree.parse(str(folder / "BPMN20.xsd")))


def schema_errors(root: etree._Element) -> list[SchemaError]:
    """Every violation of the BPMN 2.0 schema in a parsed diagram, in document order."""
    # bpmn-js writes formalExpression where the standard says messagePath; every tool reads both.
    written = f"{{{BPMN}}}correlationPropertyRetrievalExpression/{{{BPMN}}}formalExpression"
    if root.find(f".//{written}") is not None:
        root = copy.deepcopy(root)
        for element in root.iterfind(f".//{written}"):
            element.tag = f"{{{BPMN}}}messagePath"
    with _lock:  # the error log belongs to the schema object
        schema = _schema()
        schema.validate(root)
        entries = list(schema.error_log)
    errors = []
    for entry in entries:
        node = _find(root, entry.path)
        errors.append(
            SchemaError(
                kind=entry.type_name,
                text=entry.message,
                tag=etree.QName(node).localname if node is not None else "",
                element=_anchor(node),
                line=entry.line,
            )
        )
    return errors


def _find(root: etree._Element, path: str | None) -> etree._Element | None:
    """The element libxml2 names by a path with the prefixes of the document."""
    try:
        found = root.xpath(path, namespaces={k: v for k, v in root.nsmap.items() if k}) if path else []
    except etree.XPathError:
        return None  # a prefix declared further down; the line number still tells where
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None


def _anchor(node: etree._Element | None) -> str:
    """The id of the element or of the nearest ancestor that has one."""
    while node is not None:
        found = node.get("id") or node.get("bpmnElement")
        if found:
            return str(found)
        node = node.getparent()
    return ""
