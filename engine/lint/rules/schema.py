"""The file follows the XML schema of BPMN 2.0 (spec §15): elements, attributes, order and value types."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.bpmn.schema import SchemaError, schema_errors
from engine.lint.finding import Problem
from engine.lint.model import Model

_NAME = re.compile(r"attribute '([^']*)'|The attribute '([^']*)'")
_VALUE = re.compile(r"(?:^|: )'(.*)' is not", re.S)
_SHOWN = 50  # findings a file; a file in another language would yield thousands


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        errors = [e for e in schema_errors(diagram.root) if not _is_repeated_id(e, diagram.elements)]
        for error in errors[:_SHOWN]:
            message, remedy = _explain(error)
            yield Problem(diagram.file, error.element, f"第 {error.line} 行：{message}", remedy)


def _is_repeated_id(error: SchemaError, elements: dict[str, list]) -> bool:
    return "xs:ID'" in error.text and len(elements.get(error.element, ())) > 1  # told better by unique-ids


def _explain(error: SchemaError) -> tuple[str, str]:
    found = _NAME.search(error.text)
    attribute = (found.group(1) or found.group(2)) if found else ""
    where = f"元素 {error.tag or '（扩展元素）'}"
    if "is required but missing" in error.text:
        return f"{where} 缺少必填属性 {attribute}。", f"请补上 {attribute}。"
    if "is not allowed" in error.text and attribute:
        return f"{where} 不允许有属性 {attribute}。", "请删除该属性，或放到扩展元素中。"
    if "Missing child element" in error.text:
        return f"{where} 缺少必需的下级元素。", "请补全该元素的内容。"
    if "This element is not expected" in error.text:
        return (
            f"{where} 不能出现在这个位置，或出现的次数、先后顺序不对。",
            "请删除该元素，或按 BPMN 2.0 规定的位置和顺序放置。",
        )
    if "no corresponding namespace" in error.text or "is not a valid value" in error.text:
        value = _VALUE.search(error.text)
        part = f"属性 {attribute} 的值" if attribute else "内容"
        shown = f"“{value.group(1)[:60]}”" if value else ""
        return f"{where} 的{part}{shown}不符合规定的类型。", "请改为 BPMN 2.0 允许的值。"
    if "Character content" in error.text:
        return f"{where} 内不允许直接写文字。", "请删除多余的文字，说明写在 documentation 中。"
    if "abstract" in error.text:
        return f"{where} 是抽象类型，不能直接使用。", "请改用具体的元素。"
    return f"{where} 不符合 BPMN 2.0 的 XML 结构定义。", "请用 BPMN 2.0 建模工具重新导出。"
