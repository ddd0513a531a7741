"""Read a document template: JSON → :class:`~engine.documents.template.Template`, or all that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.documents.template import Column, FormCell, FormRow, Part, Place, Template, Words
from engine.errors import ExpressionError, LianjianError
from engine.expressions import Expression, nodes, parse

#: Name → the names below it, or None where anything may stand below.  Fields of a list are those of its elements.
Vocabulary = Mapping[str, "Vocabulary | None"]

MAX_TEXT = 200_000
MAX_BLOCKS, MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 100, 200, 12, 3
TYPES = ("text", "form", "list", "signatures", "closing")
#: Functions every template may call, see :mod:`engine.inspection.document_values`.
FUNCTIONS = frozenset(
    {
        "chinese_date", "chinese_time", "department_name", "person", "item_name", "label", "joined", "money",
        "case_number", "working_days_after", "end_of_day",
    }
)  # fmt: skip
_TOP = {
    "id", "title", "code", "for", "layout", "several", "basis", "organ", "footer", "blocks", "description", "when",
}  # fmt: skip
_OF_TYPE = {
    "text": {"text", "indent"},
    "form": {"rows"},
    "list": {"rows", "as", "columns", "empty"},
    "signatures": {"places"},
    "closing": {"organ", "on"},
}
_KEY = re.compile(r"[a-z][a-z0-9-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SPLIT = re.compile(r"\{([^{}]*)\}")


def read(text: str, vocabulary: Vocabulary | None = None, functions: Collection[str] = FUNCTIONS) -> Template:
    """The template.  Raises :class:`LianjianError` with all problems, one a line."""
    template, problems = examine(text, vocabulary, functions)
    if template is None or problems:
        raise LianjianError("\n".join(problems))
    return template


def examine(
    text: str, vocabulary: Vocabulary | None = None, functions: Collection[str] = FUNCTIONS
) -> tuple[Template | None, list[str]]:
    """The template, None when there is none to be had, and every problem in Chinese.

    Without a ``vocabulary`` the names of expressions are not checked.
    """
    if len(text) > MAX_TEXT:
        return None, [f"文书模板超过 {MAX_TEXT // 1000} KB"]
    try:
        raw = orjson.loads(text)
    except ValueError as error:
        return None, [f"文书模板不是有效的 JSON：{error}"]
    if not isinstance(raw, dict):
        return None, ["文书模板应为一个 JSON 对象"]
    reader = _Reader(vocabulary, functions)
    return reader.template(raw), reader.problems


@dataclass
class _Reader:
    vocabulary: Vocabulary | None
    functions: Collection[str]
    problems: list[str] = field(default_factory=list)
    #: names of the elements of the list being read
    bound: dict[str, Vocabulary | None] = field(default_factory=dict)

    def wrong(self, where: str, what: str) -> None:
        self.problems.append(f"{where}{what}")

    # -- the template ---------------------------------------------------------------------------

    def template(self, raw: dict[str, Any]) -> Template:
        self.known(raw, _TOP, "")
        key, title, code = (self.string(raw, name, "") for name in ("id", "title", "code"))
        if not _KEY.fullmatch(key):
            self.wrong("", "缺少 id，或 id 含有小写字母、数字、连字符之外的字符")
        for name, value in (("标题 title", title), ("文号种类 code", code)):
            if not value.strip():
                self.wrong("", f"缺少{name}")
        for name, allowed in (("for", ("department", "case")), ("layout", ("form", "letter"))):
            if raw.get(name, allowed[0]) not in allowed:
                self.wrong("", f"{name} 应为 {' 或 '.join(allowed)}")
        blocks = raw.get("blocks")
        if not isinstance(blocks, list) or not blocks or len(blocks) > MAX_BLOCKS:
            self.wrong("", f"缺少 blocks 列表，或超过 {MAX_BLOCKS} 项")
            blocks = []
        return Template(
            id=key, title=title, code=code, for_case=raw.get("for") == "case", letter=raw.get("layout") == "letter",
            several=self.flag(raw, "several", False, ""), basis=self.string(raw, "basis", ""),
            organ=self.expression(raw.get("organ", "organ.name"), "organ："),
            footer=self.words(raw.get("footer", ""), "footer："),
            parts=tuple(self.part(block, f"第 {n} 块：") for n, block in enumerate(blocks, 1)),
            when=self.optional(raw, "when", ""),
        )  # fmt: skip

    def part(self, raw: Any, where: str) -> Part:
        kind = raw.get("type") if isinstance(raw, dict) else None
        if kind not in TYPES:
            self.wrong(where, f"不认识的块“{kind}”，可用的有 {'、'.join(TYPES)}")
            return Part("text")
        self.known(raw, {"type", "title", "when", *_OF_TYPE[kind]}, where)
        title, when = self.words(raw.get("title", ""), where), self.optional(raw, "when", where)
        match kind:
            case "text":
                if "text" not in raw:
                    self.wrong(where, "缺少 text")
                text = self.words(raw.get("text", ""), where)
                return Part(kind, title, when, text=text, indent=self.flag(raw, "indent", True, where))
            case "form":
                lines = self.items(raw, "rows", MAX_ROWS, where)
                return Part(kind, title, when, rows=tuple(self.row(r, f"{where}第 {n} 行：") for n, r in lines))
            case "list":
                return self.listing(raw, title, when, where)
            case "signatures":
                places = self.items(raw, "places", MAX_ROWS, where)
                found = tuple(self.place(p, f"{where}第 {n} 处：") for n, p in places)
                return Part(kind, title or ("签字",), when, places=found)
            case _:
                organ = self.expression(raw.get("organ", "organ.name"), where)
                return Part(kind, title, when, organ=organ, on=self.optional(raw, "on", where))

    def row(self, raw: Any, where: str) -> FormRow:
        when = None
        if isinstance(raw, dict):
            self.known(raw, {"when", "cells"}, where)
            when, raw = self.optional(raw, "when", where), raw.get("cells")
        if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_CELLS:
            self.wrong(where, f"应为一到 {MAX_CELLS} 格的列表")
            return FormRow(())
        return FormRow(tuple(self.cell(cell, f"{where}第 {n} 格：") for n, cell in enumerate(raw, 1)), when)

    def cell(self, raw: Any, where: str) -> FormCell:
        if not isinstance(raw, dict) or not isinstance(raw.get("label"), str):
            self.wrong(where, "缺少 label")
            return FormCell(("",))
        self.known(raw, {"label", "value", "text", "options", "height", "signature"}, where)
        options = raw.get("options", [])
        if not isinstance(options, list) or not all(isinstance(o, str) for o in options):
            self.wrong(where, "options 应为文字的列表")
            options = []
        height = raw.get("height", 0)
        if not isinstance(height, int) or not 0 <= height <= 200:
            self.wrong(where, "height 应为 0 到 200 的整数（毫米）")
            height = 0
        place = raw.get("signature")
        if isinstance(place, dict):
            place = {"label": "签字", **place}
        return FormCell(
            self.words(raw["label"], where), self.optional(raw, "value", where),
            self.words(raw.get("text", ""), where), tuple(options), height,
            None if place is None else self.place(place, where),
        )  # fmt: skip

    def listing(self, raw: dict[str, Any], title: Words, when: Expression | None, where: str) -> Part:
        source, name = self.expression(raw.get("rows", ""), where), raw.get("as", "row")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in (self.vocabulary or ()):
            self.wrong(where, f"as“{name}”应为小写英文名称，且不与资料同名")
            name = "row"
        columns = []
        self.bound = {name: self.below(source.tree) if source else None, "n": None}
        for number, column in self.items(raw, "columns", MAX_COLUMNS, where):
            spot = f"{where}第 {number} 列："
            if not isinstance(column, dict) or not isinstance(column.get("head"), str):
                self.wrong(spot, "缺少 head")
                continue
            self.known(column, {"head", "value", "text", "width"}, spot)
            width = column.get("width", 1)
            if not isinstance(width, int | float) or not 0 < width <= 100:
                self.wrong(spot, "width 应为 0 到 100 的数")
                width = 1
            value, text = self.optional(column, "value", spot), self.words(column.get("text", ""), spot)
            if value is None and not text:
                self.wrong(spot, "缺少 value 或 text")
            columns.append(Column(column["head"], value, text, float(width)))
        self.bound = {}
        empty = self.string(raw, "empty", "无")
        return Part("list", title, when, source=source, name=name, columns=tuple(columns), empty=empty)

    def place(self, raw: Any, where: str) -> Place:
        if not isinstance(raw, dict) or not isinstance(raw.get("label"), str):
            self.wrong(where, "签字处缺少 label")
            return Place(("",))
        self.known(raw, {"label", "image", "name", "on"}, where)
        return Place(
            self.words(raw["label"], where), *(self.optional(raw, name, where) for name in ("image", "name", "on"))
        )

    # -- pieces ---------------------------------------------------------------------------------

    def known(self, raw: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
        for name in raw:
            if name not in allowed:
                self.wrong(where, f"不认识的属性“{name}”")

    def string(self, raw: Mapping[str, Any], name: str, default: str) -> str:
        value = raw.get(name, default)
        if not isinstance(value, str):
            self.wrong("", f"{name} 应为文字")
            return default
        return value

    def flag(self, raw: Mapping[str, Any], name: str, default: bool, where: str) -> bool:
        value = raw.get(name, default)
        if not isinstance(value, bool):
            self.wrong(where, f"{name} 应为 true 或 false")
            return default
        return value

    def items(self, raw: Mapping[str, Any], name: str, most: int, where: str) -> list[tuple[int, Any]]:
        value = raw.get(name)
        if not isinstance(value, list) or not value or len(value) > most:
            self.wrong(where, f"缺少 {name} 列表，或超过 {most} 项")
            return []
        return list(enumerate(value, 1))

    def optional(self, raw: Mapping[str, Any], name: str, where: str) -> Expression | None:
        return self.expression(raw[name], f"{where}{name} ") if name in raw else None

    def words(self, text: Any, where: str) -> Words:
        """A text with ``{expressions}``."""
        if not isinstance(text, str):
            self.wrong(where, "应为文字")
            return ()
        found: list[str | Expression] = []
        for number, piece in enumerate(_SPLIT.split(text)):
            if number % 2:
                if expression := self.expression(piece, where):
                    found.append(expression)
            elif "{" in piece or "}" in piece:
                self.wrong(where, f"“{piece[:30]}”中的花括号不成对")
            elif piece:
                found.append(piece)
        return tuple(found)

    def expression(self, text: Any, where: str) -> Expression | None:
        if not isinstance(text, str) or not text.strip():
            self.wrong(where, "缺少表达式")
            return None
        try:
            found = parse(text)
        except ExpressionError as error:
            self.wrong(where, error.message)
            return None
        for name in sorted(found.functions - set(self.functions)):
            self.wrong(where, f"“{text}”调用了不存在的函数“{name}”")
        if self.vocabulary is not None:
            for name in sorted(found.names - self.vocabulary.keys() - self.bound.keys()):
                self.wrong(where, f"“{text}”用到不存在的资料“{name}”")
            self.fields(found.tree, text, where)
        return found

    def fields(self, tree: nodes.Node, text: str, where: str) -> None:
        """Every path must lead somewhere; what stands inside a filter may be fields of its elements."""
        if isinstance(tree, nodes.Path):
            below = self.below(tree.base)
            if below is not None and tree.key not in below:
                self.wrong(where, f"“{text}”用到不存在的字段“{tree.key}”")
        for child in [tree.base] if isinstance(tree, nodes.Filter) else tree.children():
            self.fields(child, text, where)

    def below(self, tree: nodes.Node) -> Vocabulary | None:
        """The names below a node; None where anything may stand."""
        if isinstance(tree, nodes.Name):
            return self.bound.get(tree.name) or (self.vocabulary or {}).get(tree.name)
        if isinstance(tree, nodes.Path):
            found = self.below(tree.base)
            return None if found is None else found.get(tree.key)
        return self.below(tree.base) if isinstance(tree, nodes.Filter) else None
