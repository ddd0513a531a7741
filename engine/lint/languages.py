"""Expressions and scripts written in a language that this system does not speak (spec §8.4.7, §10.3.3).

A file (``expressionLanguage``), an expression (``language``) or a script (``scriptFormat``) may name any
language.  Many modellers name XPath and write something else, so what can be read is read, whatever the language
is called.  What cannot be read is lawful all the same, but nobody here could evaluate it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from engine.errors import ExpressionError
from engine.expressions import MAX_TEXT, parse, parse_assignments
from engine.lint.model import XSI_TYPE, Diagram, local, q, text_of

#: Formal by their own type; the others are formal where they say so.
_ALWAYS = ("transformation", "messagePath", "dataPath", "formalExpression", "complexBehaviorDefinition/condition")
_DECLARED = (
    "conditionExpression", "condition", "loopCondition", "loopCardinality", "completionCondition",
    "activationCondition", "from",
)  # fmt: skip
#: Who acts is not read from these, see unsupported-resource-roles; other tools write their own languages in them.
_OF_RESOURCES = frozenset({"resourceAssignmentExpression", "resourceParameterBinding"})


def foreign_texts(diagram: Diagram) -> list[tuple[etree._Element, str]]:
    """The formal expressions and scripts of what is run that cannot be read as ours, each with its language."""
    formal = [x for path in _ALWAYS for x in diagram.root.iterfind(".//" + "/".join(map(q, path.split("/"))))]
    formal += [
        x for tag in _DECLARED for x in diagram.all(tag) if (x.get(XSI_TYPE) or "").endswith("tFormalExpression")
    ]  # fmt: skip
    named = diagram.root.get("expressionLanguage", "")
    found: list[tuple[etree._Element, str, Callable[[str], Any]]]
    found = [(x, x.get("language") or named, parse) for x in dict.fromkeys(formal)]
    found += [(x, _script_language(x), parse_assignments) for x in diagram.all("script")]
    return [(x, word) for x, word, read in found if _is_foreign(word) and is_run(diagram, x) and not _reads(read, x)]


def _script_language(script: etree._Element) -> str:
    owner = script.getparent()
    return "" if owner is None else owner.get("scriptFormat", "")


def _is_foreign(language: str) -> bool:
    return bool(language.strip()) and "feel" not in language.lower()


def is_run(diagram: Diagram, xml: etree._Element) -> bool:
    """Whether an expression is one that an executable process, or what stands outside of all, evaluates."""
    above = list(xml.iterancestors())
    if any(local(each) in _OF_RESOURCES for each in above):
        return False
    processes = [each for each in above if local(each) == "process"]
    return not processes or any(process in diagram.executable for process in processes)


def _reads(read: Callable[[str], Any], xml: etree._Element) -> bool:
    text = text_of(xml)
    if not text or len(text) > MAX_TEXT:
        return True  # other rules speak
    try:
        read(text)
    except ExpressionError:
        return False
    return True
