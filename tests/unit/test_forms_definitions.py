"""Form definitions: the locked subset, every problem at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelRefused
from engine.forms import Form, form_problems

FORMS = Path(__file__).parents[2] / "forms"


def problems(*components: Any, **top: Any) -> list[str]:
    definition = {"type": "default", "id": "test", "title": "测试", "components": list(components), **top}
    return form_problems(json.dumps(definition))


@pytest.mark.parametrize("path", sorted(FORMS.glob("*.json")), ids=lambda path: path.stem)
def test_every_shipped_form_is_in_the_subset(path: Path) -> None:
    text = path.read_text("utf-8")
    assert form_problems(text) == []
    assert Form.parse(text).key == path.stem


@pytest.mark.parametrize(
    ("component", "problem"),
    [
        ({"type": "html", "key": "a", "label": "甲"}, "不支持的组件类型“html”"),
        ({"type": "iframe", "label": "甲"}, "不支持的组件类型“iframe”"),
        ({"type": "expression", "key": "a"}, "不支持的组件类型“expression”"),
        ({"type": "textfield", "key": "a"}, "缺少标签"),
        ({"type": "textfield", "label": "甲"}, "缺少 key"),
        ({"type": "textfield", "label": "甲", "key": "a.b"}, "缺少 key，或 key 不是"),
        ({"type": "textfield", "label": "甲", "key": "__class__"}, "缺少 key，或 key 不是"),
        ({"type": "textfield", "label": "甲", "key": "true"}, "缺少 key，或 key 不是"),
        ({"type": "textfield", "label": "甲", "key": "a", "onclick": "x()"}, "不认识的属性“onclick”"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"min": 1}}, "不认识的校验规则“min”"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"required": "yes"}}, "required 应为"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"maxLength": -1}}, "maxLength 应为"),
        (
            {"type": "textfield", "label": "甲", "key": "a", "validate": {"minLength": 9, "maxLength": 3}},
            "minLength 大于 maxLength",
        ),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"pattern": "(a"}}, "缺少“)”"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"pattern": "(?=a)"}}, "不支持前瞻"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": {"format": "email"}}, "不认识的格式"),
        ({"type": "number", "label": "甲", "key": "a", "validate": {"min": "1"}}, "min 应为数字"),
        ({"type": "date", "label": "甲", "key": "a", "validate": {"min": "明天"}}, "min 应为日期"),
        ({"type": "number", "label": "甲", "key": "a", "decimalDigits": "2"}, "decimalDigits 应为"),
        ({"type": "datetime", "label": "甲", "key": "a", "subtype": "week"}, "不支持的日期类型"),
        ({"type": "select", "label": "甲", "key": "a"}, "values 或者 valuesKey"),
        ({"type": "select", "label": "甲", "key": "a", "values": ["1"], "valuesKey": "x"}, "values 或者 valuesKey"),
        ({"type": "radio", "label": "甲", "key": "a", "values": ["1", "1"]}, "选项“1”重复"),
        ({"type": "radio", "label": "甲", "key": "a", "values": ["1"], "defaultValue": "2"}, "默认值“2”不在选项里"),
        ({"type": "textfield", "label": "甲", "key": "a", "conditional": {"hide": "=b ="}}, "显示条件有误"),
        ({"type": "textfield", "label": "甲", "key": "a", "conditional": {"hide": "=b = 1"}}, "没有的字段“b”"),
        ({"type": "textfield", "label": "甲", "key": "a", "conditional": {"hide": "=a = 1"}}, "不能依赖字段自己"),
        ({"type": "textfield", "label": "甲", "key": "a", "conditional": {"show": "=b"}}, "conditional.hide"),
        (
            {
                "type": "textfield",
                "label": "甲",
                "key": "a",
                "conditional": {"hide": "=count(for x in a return x) > 1"},
            },
            "只能在服务器上计算",
        ),
        ({"type": "dynamiclist", "label": "甲", "key": "a", "components": []}, "没有组件"),
        ({"type": "dynamiclist", "label": "甲", "key": "a", "path": "b", "components": [{}]}, "path 应与 key 相同"),
        ({"type": "text"}, "缺少文字"),
        ({"type": "textfield", "label": "甲", "key": "a", "validate": []}, ""),
        ("text", "不是对象"),
        (None, "不是对象"),
    ],
)
def test_a_defect_is_named_with_its_component(component: Any, problem: str) -> None:
    found = problems(component)
    if problem:
        assert any("第 1 个组件" in entry and problem in entry for entry in found), found


def test_all_problems_of_a_form_come_at_once() -> None:
    found = problems(
        {"type": "button", "label": "甲"},
        {"type": "textfield", "key": "a", "label": "乙", "onclick": ""},
        {
            "type": "dynamiclist",
            "key": "rows",
            "label": "丙",
            "components": [{"type": "video"}, {"type": "number", "key": "n"}],
        },
        {"type": "textfield", "key": "a", "label": "丁"},
        title="",
    )
    assert len(found) == 6
    assert "第 3 个组件“丙”的第 1 个组件：不支持的组件类型“video”" in found


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"components": {}}', "[" * 100_000, '{"a":' * 50_000, "x" * 600_000]
)
def test_a_file_that_is_no_form_is_refused_without_a_crash(text: str) -> None:
    assert form_problems(text)
    with pytest.raises(ModelRefused) as caught:
        Form.parse(text)
    assert caught.value.findings


def test_too_many_or_too_deeply_nested_components_are_refused() -> None:
    field = {"type": "textfield", "key": "a", "label": "甲"}
    assert any("超过 300 个" in p for p in problems(*[{**field, "key": f"a{i}"} for i in range(301)]))
    nested: dict[str, Any] = field
    for depth in range(4):
        nested = {"type": "dynamiclist", "key": f"l{depth}", "label": "列", "components": [nested]}
    assert any("嵌套超过" in p for p in problems(nested))


def test_a_component_gives_its_condition_as_a_tree_for_the_browser() -> None:
    text = json.dumps(
        {
            "type": "default", "id": "t", "title": "t",
            "components": [
                {"type": "radio", "key": "d", "label": "d", "values": ["同意", "退回"]},
                {"type": "textarea", "key": "r", "label": "r", "conditional": {"hide": '=d != "退回"'}},
            ],
        }
    )  # fmt: skip
    assert Form.parse(text).components[1].hide_tree == ["!=", ["var", "d"], ["lit", "退回"]]
