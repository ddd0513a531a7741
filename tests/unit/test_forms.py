"""Submitting a form: what is cleaned, what is refused and what the person is told."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from engine.errors import InvalidInput
from engine.forms import Form

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 100).decode()


def form(*components: dict[str, Any]) -> Form:
    """A form of the given components; label defaults to the key."""
    filled = [{"label": component.get("key", ""), **component} for component in components]
    return Form.parse(json.dumps({"type": "default", "id": "test", "title": "测试", "components": filled}))


def one(component: dict[str, Any], raw: Any, context: dict[str, Any] | None = None) -> Any:
    return form({"key": "x", **component}).validate({"x": raw}, context)["x"]


def messages(component: dict[str, Any], raw: Any, context: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        one(component, raw, context)
    return caught.value.fields["x"]


YES_NO = [{"value": "是", "label": "是"}, {"value": "否", "label": "否"}]


class TestEveryType:
    """Clean values and refusals, type by type."""

    @pytest.mark.parametrize(
        ("component", "raw", "clean"),
        [
            ({"type": "textfield"}, "  天桥区 ", "天桥区"),
            ({"type": "textfield"}, 12, "12"),
            ({"type": "textarea"}, "一\r\n二\r", "一\n二"),
            ({"type": "textfield"}, "   ", None),
            ({"type": "textfield", "validate": {"pattern": "^[0-9a-f]{4}$"}}, "09af", "09af"),
            ({"type": "textfield", "validate": {"format": "uscc"}}, "91350100M000100Y43", "91350100M000100Y43"),
            ({"type": "textfield", "validate": {"format": "phone"}}, "0531-8888 0000", "0531-8888 0000"),
            ({"type": "number"}, "12", 12),
            ({"type": "number"}, "3.50", 3.5),
            ({"type": "number"}, "１２", 12),
            ({"type": "number"}, "1,234.5", 1234.5),
            ({"type": "number"}, 7, 7),
            ({"type": "number"}, "", None),
            ({"type": "number", "decimalDigits": 2}, "0.10", 0.1),
            ({"type": "date"}, "2026-01-20", "2026-01-20"),
            ({"type": "datetime", "subtype": "date"}, "2026/1/5", "2026-01-05"),
            ({"type": "datetime", "subtype": "date"}, "2026年1月5日", "2026-01-05"),
            ({"type": "datetime", "subtype": "datetime"}, "2026-01-20T09:30", "2026-01-20T09:30:00+08:00"),
            ({"type": "datetime", "subtype": "datetime"}, "2026-01-20 09:30", "2026-01-20T09:30:00+08:00"),
            ({"type": "datetime"}, "2026-01-20T01:30:00Z", "2026-01-20T01:30:00+00:00"),
            ({"type": "datetime", "subtype": "time"}, "09:30", "09:30"),
            ({"type": "checkbox"}, "on", True),
            ({"type": "checkbox"}, None, False),
            ({"type": "select", "values": YES_NO}, "是", "是"),
            ({"type": "radio", "values": [{"value": 1, "label": "一"}]}, "1", 1),
            ({"type": "checklist", "values": YES_NO}, ["否", "是", "否"], ["否", "是"]),
            ({"type": "checklist", "values": YES_NO}, None, []),
            ({"type": "objectPicker"}, "91350100M000100Y43", "91350100M000100Y43"),
            ({"type": "departmentPicker", "multiple": True}, ["SCJG", "ZJJ", "SCJG"], ["SCJG", "ZJJ"]),
            ({"type": "userPicker"}, ["u1"], "u1"),
            ({"type": "itemPicker", "multiple": True}, "", []),
            ({"type": "filepicker"}, "0192", ["0192"]),
            ({"type": "photo"}, ["a", "b"], ["a", "b"]),
            ({"type": "signature"}, PNG, PNG),
            ({"type": "signature"}, "", None),
        ],
    )  # fmt: skip
    def test_a_good_value_is_cleaned(self, component: dict[str, Any], raw: Any, clean: Any) -> None:
        assert one(component, raw) == clean

    @pytest.mark.parametrize(
        ("component", "raw", "message"),
        [
            ({"type": "textfield", "validate": {"maxLength": 3}}, "一二三四", "“x”最多 3 个字，现在是 4 个。"),
            ({"type": "textarea", "validate": {"minLength": 5}}, "一二", "“x”至少 5 个字，现在是 2 个。"),
            ({"type": "textfield"}, "一\n二", "“x”只能填写一行。"),
            ({"type": "textfield"}, "a\x00b", "“x”含有无法保存的控制字符，请重新输入。"),
            ({"type": "textfield"}, {"a": 1}, "“x”应为文字。"),
            ({"type": "textfield"}, "x" * 501, "“x”最多 500 个字，现在是 501 个。"),
            (
                {"type": "textfield", "validate": {"pattern": "^[0-9a-f]{64}$", "patternMessage": "应为 64 位。"}}, "0",
                "“x”应为 64 位。",
            ),
            ({"type": "textfield", "validate": {"pattern": "^a$"}}, "b", "“x”的格式不正确，请按说明填写。"),
            (
                {"type": "textfield", "validate": {"format": "uscc"}}, "91350100M000100Y44",
                "“x”应为 18 位统一社会信用代码，请核对末位校验码。",
            ),
            ({"type": "number"}, "abc", "“x”应为数字，例如 12 或 3.5。"),
            ({"type": "number"}, "NaN", "“x”应为数字，例如 12 或 3.5。"),
            ({"type": "number"}, "1e999", "“x”应为数字，例如 12 或 3.5。"),
            ({"type": "number"}, True, "“x”应为数字。"),
            ({"type": "number", "validate": {"min": 1}}, "0", "“x”不能小于 1。"),
            ({"type": "number", "validate": {"max": 100}}, "100.01", "“x”不能大于 100。"),
            ({"type": "number", "decimalDigits": 0}, "1.5", "“x”应为整数。"),
            ({"type": "number", "decimalDigits": 2}, "1.005", "“x”最多保留 2 位小数。"),
            ({"type": "date"}, "2026-02-30", "“x”应为日期，例如 2026-01-20。"),
            ({"type": "date", "validate": {"min": "2026-01-01"}}, "2025-12-31", "“x”不能早于 2026-01-01。"),
            ({"type": "datetime", "subtype": "datetime"}, "明天", "“x”应为日期和时间，例如 2026-01-20 09:30。"),
            ({"type": "datetime", "subtype": "time"}, "25:00", "“x”应为时间，例如 09:30。"),
            ({"type": "checkbox", "validate": {"required": True}}, None, "请勾选“x”。"),
            ({"type": "checkbox"}, "maybe", "“x”只能勾选或不勾选。"),
            ({"type": "select", "values": YES_NO}, "也许", "“x”没有“也许”这一选项，请重新选择。"),
            ({"type": "select", "values": YES_NO}, ["是", "否"], "“x”只能选一项。"),
            ({"type": "select", "valuesKey": "levels"}, "A", "“x”目前没有可选的内容，请联系系统管理员。"),
            ({"type": "checklist", "values": YES_NO}, ["是", "甲"], "“x”没有“甲”这一选项，请重新选择。"),
            (
                {"type": "checklist", "values": YES_NO, "validate": {"minItems": 2}}, ["是"],
                "“x”至少选 2 项，现在是 1 项。",
            ),
            ({"type": "radio", "values": YES_NO, "validate": {"required": True}}, "", "请选择“x”。"),
            ({"type": "textfield", "validate": {"required": True}}, "  ", "请填写“x”。"),
            ({"type": "photo", "validate": {"required": True}}, [], "请上传“x”。"),
            ({"type": "userPicker"}, ["u1", "u2"], "“x”只能选一项。"),
            ({"type": "userPicker"}, {"id": 1}, "“x”的内容无法识别，请重新选择。"),
            ({"type": "objectPicker"}, "a\nb", "“x”的内容无法识别，请重新选择。"),
            (
                {"type": "departmentPicker", "multiple": True, "validate": {"maxItems": 1}}, ["A", "B"],
                "“x”最多选 1 项，现在是 2 项。",
            ),
            ({"type": "signature"}, "data:image/svg+xml;base64,PHN2Zz4=", "“x”应为手写签名图片，请重新签名。"),
            ({"type": "signature"}, "data:image/png;base64,AAAA", "“x”的图片已损坏，请重新签名。"),
            ({"type": "signature"}, PNG[:22] + "A" * 300_000, "“x”的图片超过 200 KB，请重新签名。"),
            ({"type": "location"}, {"lat": 1}, "“x”缺少经纬度，请重新定位。"),
            ({"type": "location"}, {"lat": 91, "lng": 0}, "“x”的经纬度超出范围，请重新定位。"),
            ({"type": "location"}, "{", "“x”的定位无法识别，请重新定位。"),
        ],
    )  # fmt: skip
    def test_a_bad_value_is_answered_with_field_and_remedy(
        self, component: dict[str, Any], raw: Any, message: str
    ) -> None:
        assert messages(component, raw) == [message]

    def test_a_location_comes_as_an_object_or_as_its_json(self) -> None:
        raw = {"lat": "36.7", "lng": 117.0, "accuracy": 12, "at": "2026-01-20T09:30:00Z"}
        clean = {"lat": 36.7, "lng": 117.0, "accuracy": 12.0, "at": "2026-01-20T09:30:00+00:00"}
        assert one({"type": "location"}, raw) == clean
        assert one({"type": "location"}, json.dumps(raw)) == clean

    def test_options_at_run_time_come_from_the_context(self) -> None:
        field = {"type": "select", "valuesKey": "levels"}
        assert one(field, "B", {"levels": [{"value": "A", "label": "甲"}, {"value": "B", "label": "乙"}]}) == "B"
        assert one(field, "A", {"levels": ["A", "B"]}) == "A"
        assert messages(field, "C", {"levels": ["A", "B"]}) == ["“x”没有“C”这一选项，请重新选择。"]

    def test_a_readonly_field_keeps_the_value_the_server_gave(self) -> None:
        field = {"type": "textfield", "readonly": True, "defaultValueKey": "name"}
        assert one(field, "伪造的名称", {"name": "真实的名称"}) == "真实的名称"

    def test_conditions_read_what_the_server_gave_a_readonly_field_whatever_is_posted(self) -> None:
        kind = {"type": "textfield", "key": "kind", "label": "种类", "readonly": True, "defaultValueKey": "kind"}
        day = {
            "type": "textfield", "key": "day", "label": "日期", "validate": {"required": True},
            "conditional": {"hide": '=kind != "废止"'},
        }  # fmt: skip
        both = form(kind, day)
        for posted in ({}, {"kind": "移交"}):
            with pytest.raises(InvalidInput) as refused:
                both.validate(posted, {"kind": "废止"})
            assert set(refused.value.fields) == {"day"}
        assert both.validate({"kind": "废止"}, {"kind": "移交"}) == {"kind": "移交"}


ROWS = {
    "type": "dynamiclist", "key": "findings", "label": "检查情况", "validate": {"minItems": 1, "maxItems": 3},
    "components": [
        {"type": "select", "key": "problem", "label": "是否发现问题", "values": YES_NO, "validate": {"required": True}},
        {
            "type": "textfield", "key": "law", "label": "条款", "validate": {"required": True, "maxLength": 5},
            "conditional": {"hide": '=problem != "是"'},
        },
    ],
}  # fmt: skip


class TestDynamicLists:
    """Rows: nested schemas, per-row conditions, messages with a path."""

    def test_rows_are_cleaned_one_by_one(self) -> None:
        rows = [{"problem": "是", "law": " 第5条 ", "extra": 1}, {"problem": "否", "law": "藏"}]
        assert form(ROWS).validate({"findings": rows}) == {
            "findings": [{"problem": "是", "law": "第5条"}, {"problem": "否"}]
        }

    def test_an_error_names_row_and_key(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            form(ROWS).validate({"findings": [{"problem": "否"}, {"problem": "是", "law": "太长的条款编号"}, {}]})
        assert caught.value.fields == {
            "findings[1].law": ["“条款”最多 5 个字，现在是 7 个。"],
            "findings[2].problem": ["请选择“是否发现问题”。"],
        }
        assert "“检查情况”" in caught.value.message

    def test_the_number_of_rows_is_bounded(self) -> None:
        for rows, message in (
            ([{}] * 4, "“检查情况”最多 3 行，现在是 4 行。"),
            ("x", "“检查情况”应为逐行填写的表格。"),
        ):
            with pytest.raises(InvalidInput) as caught:
                form(ROWS).validate({"findings": rows})
            assert caught.value.fields == {"findings": [message]}

    def test_a_required_list_needs_a_row(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            form({**ROWS, "validate": {"required": True}}).validate({})
        assert caught.value.fields == {"findings": ["请至少添加一行“检查情况”。"]}

    def test_a_row_condition_may_read_the_form_around_it(self) -> None:
        rows = {
            "type": "dynamiclist", "key": "rows", "label": "行",
            "components": [
                {"type": "textfield", "key": "note", "label": "注", "conditional": {"hide": "=not(detailed)"}}
            ],
        }  # fmt: skip
        made = form({"type": "checkbox", "key": "detailed"}, rows)
        assert made.validate({"detailed": "on", "rows": [{"note": "a"}]})["rows"] == [{"note": "a"}]
        assert made.validate({"rows": [{"note": "a"}]})["rows"] == [{}]


class TestConditions:
    """Hidden fields do not exist: neither their values nor their duty to be filled."""

    DECISION = (
        {"type": "radio", "key": "decision", "values": [{"value": v, "label": v} for v in ("同意", "退回")]},
        {
            "type": "textarea", "key": "reason", "label": "退回原因", "validate": {"required": True},
            "conditional": {"hide": '=decision != "退回"'},
        },
    )  # fmt: skip

    def test_a_hidden_field_is_dropped_even_when_posted(self) -> None:
        assert form(*self.DECISION).validate({"decision": "同意", "reason": "偷偷提交"}) == {"decision": "同意"}

    def test_a_visible_required_field_is_asked_for(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            form(*self.DECISION).validate({"decision": "退回"})
        assert caught.value.fields == {"reason": ["请填写“退回原因”。"]}

    def test_conditions_see_numbers_and_ticks_as_such(self) -> None:
        made = form(
            {"type": "number", "key": "amount"},
            {"type": "checkbox", "key": "urgent"},
            {"type": "textfield", "key": "note", "conditional": {"hide": "=amount < 100 and not(urgent)"}},
        )
        assert "note" not in made.validate({"amount": "99", "note": "a"})
        assert made.validate({"amount": "100", "note": "a"})["note"] == "a"
        assert made.validate({"amount": "9", "urgent": "on", "note": "a"})["note"] == "a"

    def test_a_hidden_field_is_null_to_other_conditions(self) -> None:
        made = form(
            {"type": "checkbox", "key": "a"},
            {"type": "textfield", "key": "b", "conditional": {"hide": "=not(a)"}},
            {"type": "textfield", "key": "c", "conditional": {"hide": "=b = null"}},
        )
        assert made.validate({"b": "x", "c": "y"}) == {"a": False}
        assert made.validate({"a": "on", "b": "x", "c": "y"}) == {"a": True, "b": "x", "c": "y"}

    def test_dates_compare_with_today(self) -> None:
        made = form(
            {"type": "date", "key": "due"},
            {
                "type": "textfield",
                "key": "why",
                "conditional": {"hide": "=due >= today()"},
                "validate": {"required": True},
            },
        )
        now = datetime(2026, 1, 20, tzinfo=UTC)
        assert made.validate({"due": "2026-01-20"}, now=now) == {"due": "2026-01-20"}
        with pytest.raises(InvalidInput):
            made.validate({"due": "2026-01-19"}, now=now)

    def test_a_field_whose_condition_cannot_be_computed_stays(self) -> None:
        made = form(
            {"type": "date", "key": "d"}, {"type": "textfield", "key": "x", "conditional": {"hide": "=d < today()"}}
        )
        assert made.validate({"d": "2026-01-01", "x": "a"})["x"] == "a"


class TestPosts:
    """HTML posts: flat names to nested values."""

    def test_rows_with_gaps_ticks_and_several_choices(self) -> None:
        made = form(
            {"type": "textfield", "key": "name"},
            {"type": "checkbox", "key": "told"},
            {"type": "checklist", "key": "kinds", "values": YES_NO},
            {"type": "location", "key": "place"},
            {
                "type": "dynamiclist", "key": "findings",
                "components": [
                    {"type": "textfield", "key": "item", "label": "i"},
                    {"type": "checkbox", "key": "ok", "label": "o"},
                    {"type": "photo", "key": "photos", "label": "p"},
                ],
            },
        )  # fmt: skip
        post = MultiDict(
            [
                ("name", "甲"), ("kinds", "是"), ("kinds", "否"), ("place-lat", "36"), ("place-lng", "117"),
                ("csrf", "x"),
                ("findings-10-item", "c"), ("findings-2-item", "b"), ("findings-2-ok", "on"),
                ("findings-2-photos", "p1"),
                ("findings-2-photos", "p2"), ("findings-5-item", " "), ("findings-x-item", "z"),
            ]
        )  # fmt: skip
        assert made.from_multidict(post) == {
            "name": "甲", "told": False, "kinds": ["是", "否"], "place": {"lat": "36", "lng": "117"},
            "findings": [
                {"item": "b", "ok": True, "photos": ["p1", "p2"]}, {"item": "c", "ok": False, "photos": []},
            ],
        }  # fmt: skip

    def test_an_absent_list_is_empty(self) -> None:
        assert form(ROWS).from_multidict(MultiDict()) == {"findings": []}

    def test_a_hidden_twin_before_a_tick_box_does_not_matter(self) -> None:
        made = form({"type": "checkbox", "key": "ok"})
        assert made.from_multidict(MultiDict([("ok", ""), ("ok", "on")])) == {"ok": True}
        assert made.from_multidict(MultiDict([("ok", "")])) == {"ok": False}

    def test_a_flood_of_rows_is_refused_not_stored(self) -> None:
        post = MultiDict([(f"findings-{i}-problem", "否") for i in range(2_000)])
        made = form(ROWS)
        with pytest.raises(InvalidInput):
            made.validate(made.from_multidict(post))


class TestDefaults:
    """What a form shows first."""

    MADE = form(
        {"type": "textfield", "key": "name", "defaultValueKey": "plan_name", "defaultValue": "未命名"},
        {"type": "select", "key": "level", "values": YES_NO, "defaultValue": "是"},
        {"type": "checkbox", "key": "told"},
        {"type": "photo", "key": "photos"},
        {"type": "text", "text": "说明"},
    )

    def test_empty_has_every_key(self) -> None:
        assert self.MADE.empty() == {"name": None, "level": None, "told": False, "photos": []}

    def test_defaults_come_from_the_context_then_from_the_form(self) -> None:
        assert self.MADE.with_defaults({"plan_name": "2026 年计划"})["name"] == "2026 年计划"
        assert self.MADE.with_defaults()["name"] == "未命名"
        assert self.MADE.with_defaults()["level"] == "是"

    def test_a_draft_overlays_the_defaults(self) -> None:
        shown = self.MADE.with_defaults({}, {"level": "否", "stranger": 1})
        assert shown["level"] == "否" and "stranger" not in shown


def test_all_errors_come_at_once_and_the_message_names_the_fields() -> None:
    made = form(
        {"type": "textfield", "key": "a", "label": "甲", "validate": {"required": True}},
        {"type": "number", "key": "b", "label": "乙"},
    )
    with pytest.raises(InvalidInput) as caught:
        made.validate({"b": "x"})
    assert caught.value.message == "有 2 项需要改正：“甲”、“乙”。"
    assert set(caught.value.fields) == {"a", "b"}


def test_unknown_keys_are_ignored_and_a_non_object_is_refused() -> None:
    made = form({"type": "textfield", "key": "a"})
    assert made.validate({"a": "x", "__proto__": 1, "b": 2}) == {"a": "x"}
    for wrong in (None, [], "x", 3):
        with pytest.raises(InvalidInput):
            made.validate(wrong)


def test_clean_values_survive_json_and_a_second_validation() -> None:
    made = form(ROWS, {"type": "number", "key": "n"}, {"type": "datetime", "key": "t", "subtype": "datetime"})
    once = made.validate({"findings": [{"problem": "否"}], "n": "1.50", "t": "2026-01-20T09:00"})
    assert made.validate(json.loads(json.dumps(once))) == once
