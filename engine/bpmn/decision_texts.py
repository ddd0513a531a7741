"""Reading the texts and names of decision files: every defect becomes a finding, none stops the reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.errors import ExpressionError
from engine.expressions import Expression, UnaryTests, parse, parse_unary_tests
from engine.expressions.types import Type, Types, named

MAX_CELL = 500


def tag(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: etree._Element, *tags: str) -> Iterator[etree._Element]:
    """The direct children of these names."""
    return (child for child in element if tag(child) in tags)


def child(element: etree._Element | None, *tags: str) -> etree._Element | None:
    """The first direct child of these names."""
    return next(children(element, *tags), None) if element is not None else None


def text_of(element: etree._Element | None) -> str:
    """The trimmed text of an element's ``text``."""
    inner = child(element, "text")
    return ("".join(inner.itertext()) if inner is not None else "").strip()


def name_of(element: etree._Element | None) -> str:
    """An element's name with single spaces, else its id."""
    if element is None:
        return ""
    return " ".join((element.get("name") or element.get("id") or "").split())


def type_of(element: etree._Element | None) -> Type | None:
    """The type an element's ``typeRef`` declares."""
    written = (element.get("typeRef") or "").strip() if element is not None else ""
    if not written and element is not None:
        # DMN 1.1 wrote QNames with a prefix and, in item definitions, an element.
        inner = child(element, "typeRef")
        written = (inner.text or "").strip() if inner is not None else ""
    if not written:
        return None
    prefix, sign, local = written.partition(":")
    if written.startswith("{"):
        local, sign = written.rpartition("}")[2], ":"
    known = named(local if sign and prefix != "feel" else written)
    return None if known.kind == "Any" else known


class TextReader:
    """Collects findings and reads expressions."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.names: frozenset[str] = frozenset()
        #: names read by the expressions of the element at hand, those that cannot be keys of list elements,
        #: and names it introduces itself
        self.read_names: set[str] = set()
        self.certain_names: set[str] = set()
        self.own_names: set[str] = set()
        self.called_names: set[str] = set()
        self.troubles: list[str] = []
        #: the item definitions of the file at hand
        self.types: Types = {}

    def begin(self) -> None:
        """Forget the names and troubles of the element before."""
        self.troubles, self.read_names, self.certain_names = [], set(), set()
        self.own_names, self.called_names = set(), set()

    def find(self, element: etree._Element | None, message: str, remedy: str = "", severity: str = "error") -> None:
        """Add a finding anchored to the nearest element with an id."""
        anchor = element
        while anchor is not None and not anchor.get("id"):
            anchor = anchor.getparent()
        if severity == "error":
            self.troubles.append(message)
        self.findings.append(
            {
                "rule": "decision", "severity": severity, "file": "",
                "element": (anchor.get("id") or "") if anchor is not None else "",
                "message": message, "remedy": remedy,
            }
        )  # fmt: skip

    def expression(self, element: etree._Element | None, place: str, longest: int) -> Expression | None:
        """The expression of an element, if there is one that can be understood."""
        text = text_of(element)
        if element is None or text in ("", "-"):
            return None
        try:
            self._feel_only(element, text, longest)
            found = parse(text, self.names, True)
        except ExpressionError as error:
            self.find(element, f"{place}有误：{error.message}", "请按提示修改")
            return None
        self._reads(found)
        for problem in found.problems:
            self.doubt(element, f"{place}有误：{problem}", "请按提示修改")
        return found

    def tests(self, element: etree._Element | None, place: str) -> UnaryTests | None:
        """The unary tests of an element, if there are any that can be understood."""
        text = text_of(element)
        if element is None or not text:
            return None
        try:
            self._feel_only(element, text, MAX_CELL)
            found = parse_unary_tests(text, self.names, True)
        except ExpressionError as error:
            self.find(element, f"{place}有误：{error.message}", "请按提示修改")
            return None
        for test in found.tests:
            self._reads(Expression(text, test))
        for problem in found.problems:
            self.doubt(element, f"{place}有误：{problem}", "请按提示修改")
        return found

    def _reads(self, expression: Expression) -> None:
        self.called_names |= expression.functions
        self.certain_names |= expression.names
        self.read_names |= expression.names | expression.possible_names | expression.functions

    def doubt(self, element: etree._Element, message: str, remedy: str, severity: str = "error") -> None:
        """A finding about what the standard evaluates to null: deploying refuses it, asking for it does not."""
        known = len(self.troubles)
        self.find(element, message, remedy, severity)
        del self.troubles[known:]

    def _feel_only(self, element: etree._Element, text: str, longest: int) -> None:
        language = element.get("expressionLanguage") or ""
        if language and "feel" not in language.lower():
            raise ExpressionError(f"不支持表达式语言“{language}”，只支持 FEEL")
        if len(text) > longest:
            raise ExpressionError(f"内容超过 {longest} 个字符")
