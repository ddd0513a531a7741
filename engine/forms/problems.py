"""Everything wrong with a form definition, all at once, in Chinese, each naming the component."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from engine.errors import ExpressionError
from engine.expressions import parse, to_json
from engine.expressions.patterns import compile_pattern
from engine.expressions.temporal import read_date
from engine.expressions.tokens import KEYWORDS
from engine.expressions.values import Failure
from engine.forms.components import CHOICES, FILES, IMPLICIT_LENGTH, PICKERS, TEXTS, TYPES, read_option

MAX_TEXT = 500_000
MAX_COMPONENTS = 300
MAX_OPTIONS = 1_000
MAX_NESTING = 3

_COMMON = frozenset(
    [
        "type",
        "key",
        "label",
        "description",
        "validate",
        "conditional",
        "defaultValue",
        "defaultValueKey",
        "properties",
        "readonly",
        "disabled",
        "id",
        "layout",
        "appearance",
    ]
)
#: Attributes beyond the common ones; a component with any other attribute would not do what its author expects.
_OWN: dict[str, frozenset[str]] = {
    "text": frozenset({"text"}),
    "select": frozenset({"values", "valuesKey", "searchable"}),
    "radio": frozenset({"values", "valuesKey"}),
    "checklist": frozenset({"values", "valuesKey"}),
    "number": frozenset({"decimalDigits", "increment"}),
    "date": frozenset({"subtype", "dateLabel"}),
    "datetime": frozenset({"subtype", "dateLabel", "timeLabel", "use24h", "timeInterval", "timeSerializingFormat"}),
    "dynamiclist": frozenset(
        [
            "path",
            "components",
            "allowAddRemove",
            "isRepeating",
            "defaultRepetitions",
            "disableCollapse",
            "nonCollapsedItems",
            "showOutline",
            "verticalAlignment",
            "groupAlignment",
        ]
    ),
    **dict.fromkeys(FILES, frozenset({"multiple", "accept"})),
    **dict.fromkeys(PICKERS, frozenset({"multiple", "role", "valuesKey"})),
}
_RULES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        TEXTS, frozenset({"minLength", "maxLength", "pattern", "patternMessage", "format", "validationType"})
    ),
    "number": frozenset({"min", "max"}),
    "date": frozenset({"min", "max"}),
    "datetime": frozenset({"min", "max"}),
    "checklist": frozenset({"minItems", "maxItems"}),
    "dynamiclist": frozenset({"minItems", "maxItems"}),
    **dict.fromkeys(FILES | PICKERS, frozenset({"minItems", "maxItems"})),
}
_TOP = frozenset(
    [
        "type",
        "schemaVersion",
        "id",
        "title",
        "components",
        "exporter",
        "executionPlatform",
        "executionPlatformVersion",
        "versions",
        "description",
    ]
)
_FORMATS = frozenset({"uscc", "phone"})
_KEY = re.compile(r"[^\W\d_][A-Za-z0-9_\u4e00-\u9fff]{0,63}")


def form_problems(text: str) -> list[str]:
    """Every reason why a form cannot be used; empty when it can."""
    if len(text) > MAX_TEXT:
        return [f"表单文件超过 {MAX_TEXT // 1000} KB"]
    try:
        raw = orjson.loads(text)
    except ValueError as error:
        return [f"表单不是有效的 JSON：{error}"]
    if not isinstance(raw, Mapping) or not isinstance(raw.get("components"), list):
        return ["表单缺少 components 列表"]
    found = [f"不认识的表单属性“{key}”" for key in raw if key not in _TOP]
    if raw.get("type", "default") != "default":
        found.append("表单的 type 应为 default")
    if not isinstance(raw.get("id"), str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", raw["id"]):
        found.append("表单缺少 id，或 id 含有字母、数字、连字符之外的字符")
    if not isinstance(raw.get("title"), str) or not raw["title"].strip():
        found.append("表单缺少标题 title")
    found += _level(raw["components"], "", frozenset(), 1)
    if _size(raw["components"]) > MAX_COMPONENTS:
        found.append(f"表单的组件超过 {MAX_COMPONENTS} 个，请拆成几步")
    return found


def _size(components: list[Any]) -> int:
    return sum(1 + _size(c.get("components") or []) for c in components if isinstance(c, Mapping))


def _level(components: list[Any], where: str, outer: frozenset[str], depth: int) -> Iterator[str] | list[str]:
    """Problems of the components of one level; ``outer`` are keys conditions may also read."""
    if depth > MAX_NESTING:
        return [f"{where}动态列表嵌套超过 {MAX_NESTING - 1} 层"]
    found: list[str] = []
    keys = [c.get("key") or c.get("path") for c in components if isinstance(c, Mapping) and c.get("type") != "text"]
    visible = outer | {key for key in keys if isinstance(key, str)}
    for key in sorted({key for key in keys if isinstance(key, str) and keys.count(key) > 1}):
        found.append(f"{where}有两个组件的 key 都是“{key}”")
    for number, component in enumerate(components, 1):
        if not isinstance(component, Mapping):
            found.append(f"{where}第 {number} 个组件不是对象")
            continue
        name = component.get("label") or component.get("key") or ""
        place = f"{where}第 {number} 个组件" + (f"“{name}”" if name else "")
        kind = component.get("type")
        if kind not in TYPES:
            found.append(f"{place}：不支持的组件类型“{kind}”")
            continue
        try:
            found += [f"{place}：{problem}" for problem in _component(component, visible)]
        except (TypeError, AttributeError, ValueError):
            found.append(f"{place}：属性的类型不正确")
            continue
        if kind == "dynamiclist":
            inner = component.get("components")
            if not isinstance(inner, list) or not inner:
                found.append(f"{place}：动态列表里没有组件")
            else:
                found += _level(inner, f"{place}的", visible, depth + 1)
    return found


def _component(raw: Mapping[str, Any], visible: frozenset[str]) -> Iterator[str]:
    kind = raw["type"]
    for attribute in raw:
        if attribute not in _COMMON and attribute not in _OWN.get(kind, ()):
            yield f"不认识的属性“{attribute}”"
    yield from _condition(raw, visible)
    if kind == "text":
        if not isinstance(raw.get("text"), str):
            yield "缺少文字 text"
        return
    key = raw.get("key") or raw.get("path")
    if not isinstance(key, str) or not _KEY.fullmatch(key) or key in KEYWORDS:
        yield "缺少 key，或 key 不是以字母开头的名称"
    if raw.get("path") not in (None, "", key):
        yield "path 应与 key 相同"
    if not isinstance(raw.get("label"), str) or not raw["label"].strip():
        yield "缺少标签 label"
    if kind in ("date", "datetime") and raw.get("subtype") not in (None, "date", "time", "datetime"):
        yield f"不支持的日期类型“{raw.get('subtype')}”"
    digits = raw.get("decimalDigits")
    if digits is not None and not (type(digits) is int and 0 <= digits <= 20):
        yield "decimalDigits 应为 0 到 20 的整数"
    if kind in CHOICES:
        yield from _options(raw)
    yield from _rules(raw)


def _condition(raw: Mapping[str, Any], visible: frozenset[str]) -> Iterator[str]:
    conditional = raw.get("conditional")
    if conditional is None:
        return
    text = conditional.get("hide") if isinstance(conditional, Mapping) else None
    if not isinstance(text, str) or not text.strip() or set(conditional) != {"hide"}:
        yield "显示条件应写成 conditional.hide"
        return
    try:
        condition = parse(text)
        to_json(condition)
    except ExpressionError as error:
        yield f"显示条件有误：{error.message}"
        return
    strangers = sorted(condition.names - visible - {"this", "parent"})
    if strangers:
        yield f"显示条件用到了表单里没有的字段“{'”“'.join(strangers)}”"
    if raw.get("key") in condition.names:
        yield "显示条件不能依赖字段自己"


def _options(raw: Mapping[str, Any]) -> Iterator[str]:
    values, key = raw.get("values"), raw.get("valuesKey")
    if bool(values) == bool(key):
        yield "应当给出 values 或者 valuesKey 之一"
    if key is not None and not isinstance(key, str):
        yield "valuesKey 应为名称"
    if not values:
        return
    if not isinstance(values, list) or len(values) > MAX_OPTIONS:
        yield f"选项应为不超过 {MAX_OPTIONS} 项的列表"
        return
    offered = [str(read_option(option)["value"]) for option in values]
    if any(value in ("", "None") for value in offered):
        yield "有选项没有值"
    for value in sorted({value for value in offered if offered.count(value) > 1}):
        yield f"选项“{value}”重复"
    default = raw.get("defaultValue")
    chosen = default if isinstance(default, list) else [default]
    for start in chosen:
        if start not in (None, "") and str(start) not in offered:
            yield f"默认值“{start}”不在选项里"


def _rules(raw: Mapping[str, Any]) -> Iterator[str]:
    kind, rules = raw["type"], raw.get("validate") or {}
    for rule in rules:
        if rule != "required" and rule not in _RULES.get(kind, ()):
            yield f"不认识的校验规则“{rule}”"
    if not isinstance(rules.get("required", False), bool):
        yield "required 应为 true 或 false"
    for rule in ("minLength", "maxLength", "minItems", "maxItems"):
        value = rules.get(rule)
        if value is not None and not (type(value) is int and value >= 0):
            yield f"{rule} 应为不小于 0 的整数"
            return
    if kind in TEXTS and rules.get("maxLength", 0) > 10 * IMPLICIT_LENGTH["textarea"]:
        yield f"maxLength 最大为 {10 * IMPLICIT_LENGTH['textarea']}"
    for low, high in (("min", "max"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        if low in rules and high in rules and rules[low] > rules[high]:
            yield f"{low} 大于 {high}，没有值能通过"
    for rule in ("min", "max"):
        value = rules.get(rule)
        if value is None:
            continue
        if kind == "number" and (isinstance(value, bool) or not isinstance(value, (int, float))):
            yield f"{rule} 应为数字"
        if kind in ("date", "datetime") and (not isinstance(value, str) or read_date(value[:10]) is None):
            yield f"{rule} 应为日期，例如 2026-01-20"
    if rules.get("format") is not None and rules["format"] not in _FORMATS:
        yield f"不认识的格式“{rules['format']}”，只能是 uscc 或 phone"
    if rules.get("pattern"):
        try:
            compile_pattern(rules["pattern"])
        except Failure as stop:
            yield stop.message
