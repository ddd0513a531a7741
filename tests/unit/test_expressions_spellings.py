"""What other modellers write: read where the meaning is certain, refused with the remedy where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import parse, parse_assignments


def value(text: str, **scope: Any) -> Any:
    return parse(text).evaluate(scope)


@pytest.mark.parametrize(
    ("written", "feel"),
    [
        ("a && b", "a and b"), ("a || !b", "a or not(b)"), ("!(a = 1)", "not(a = 1)"), ("!a == b", "(not(a)) = b"),
        ("a eq 1", "a = 1"), ("a ne 'x'", 'a != "x"'), ("a lt 1 and b ge 2", "a < 1 and b >= 2"),
        ("a gt b", "a > b"), ("a le b", "a <= b"), ("${a == 1}", "a = 1"), ("#{ a }", "a"), ("  ${a > b}  ", "a > b"),
        ("= a", "a"), ("x if a else y", "if a then x else y"), ("a > 1 ? x : y", "if a > 1 then x else y"),
        ("x if a else y if b else z", "if a then x else if b then y else z"), ('d["key"]', "d.key"),
        ("a ? b ? 1 : 2 : 3", "if a then if b then 1 else 2 else 3"), ("// note\na", "a"),
        ("a /* note */ + 1", "a + 1"),
        ('d["两 个词"]', 'd["两 个词"]'), ("x is not None and y not in [1]", "x != null and not(y in [1])"),
    ],
)  # fmt: skip
def test_another_spelling_is_the_same_tree(written: str, feel: str) -> None:
    assert parse(written).tree == parse(feel).tree
    assert parse(parse(written).feel).tree == parse(feel).tree


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"餐" in name', True), ('"店" in name', False), ('"餐饮" in name', True), ('name in "餐饮, 住宿"', True),
        ('"a" in ["ab"]', False), ('"ab" in ["ab"]', True), ('"a" in ("ab")', False), ('"a" in names', True),
        ('"餐" not in name', False), ("1 in name", None), ("[1] + [2, 3]", [1, 2, 3]), ("names + [1]", ["a", "c", 1]),
        ('name.contains("餐")', True), ('!name.contains("店")', True), ('names.contains("a") && true', True),
        ("d.k.contains(1)", False), ("nobody.contains('a')", False),
        ("[1] + 2", None), ('"a" + 1', None), ("1 + null", None), ("d['k'] + 1", 3), ("true ? 1 : 2", 1),
    ],
)  # fmt: skip
def test_what_only_other_languages_say_has_their_meaning(text: str, expected: Any) -> None:
    assert value(text, name="餐饮", names=["a", "c"], d={"k": 2}) == expected


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("xs[0]", "第一项写 [1]"), ("a // b", "请写 floor(a / b)"), ("x in a + b", "找文字写 contains"),
        ("a.size()", "不支持方法调用"), ("(a + b).contains(1)", "不支持方法调用"), ("a.contains(1, 2)", "要找的一项"),
        ("x.append(1)", "不支持方法调用"), ("f'{a}'", "多余的"),
        ("a ? b", "? 之后应为 :"), ("a if b", "a if b 之后应为 else"), ("${a} 元", "不认识的字符“$”"),
        ("a -> b", "多余的“->”"), ("a == b == c", "比较不能连写"), ("function(x) x", "不支持在表达式里定义函数"),
        ("a is b", "is 之后只能是"), ("a ** b ** c", "请加括号"), ("not(a) == b", "请把整个条件写进括号"),
    ],
)  # fmt: skip
def test_an_ambiguous_spelling_is_refused_with_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert remedy in caught.value.message


@pytest.mark.parametrize("text", ["a && b", "!a", "a if b else c", "${a}", "a eq b", "xs[0] ? 1 : 2"])
def test_a_decision_file_is_read_to_the_letter(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text, standard=True)


def test_the_two_readings_differ_only_where_the_standard_is_silent_about_diagrams() -> None:
    scope = {"xs": [1, 2], "due": "2026-01-20", "name": "餐饮"}
    for text, diagram, decision in (
        ("xs + xs", [1, 2, 1, 2], None),
        ('due < date("2026-02-01")', True, None),
        ('"餐" in name', True, False),
        ("-2 ** 2", None, 4),
        ("not(true) = false", None, True),
    ):
        if diagram is None:
            with pytest.raises(ExpressionError):
                parse(text)
        else:
            assert parse(text).evaluate(scope) == diagram
        assert parse(text, standard=True).evaluate(scope) == decision, text


class TestScripts:
    """Scripts of other modellers: several assignments, steps, comments."""

    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            ("a = 1; b = a + 1", {"a": 1, "b": 2}), ("a = 1\nb = 2;\n;c = 3", {"a": 1, "b": 2, "c": 3}),
            ("n += 1", {"n": 11}), ("n -= 1\nn *= 2\nn /= 3", {"n": 6}), ("n += 1 + 2", {"n": 13}),
            ("s += '!'", {"s": "甲!"}),
            ("xs += [3]", {"xs": [1, 3]}), ("xs.append(n + 1)", {"xs": [1, 11]}),
            (" xs.append( ')' ) ", {"xs": [1, ")"]}),
            ("a = str(n) + '!'\nb = int('7') + int(2.9)", {"a": "10!", "b": 9}),
            ("a = [1,\n     2]  # two lines", {"a": [1, 2]}),
            ("# note\n// note\n/* note\nnote */ a = 1", {"a": 1}), ("a = 'x; # y // z'", {"a": "x; # y // z"}),
            ("a = {\n  名称: 1,\n  b: [2]\n}", {"a": {"名称": 1, "b": [2]}}), ("ok = n == 10", {"ok": True}),
            ("总数 = n if n > 1 else 1", {"总数": 10}), ("a = n > 5 && n < 20", {"a": True}), ("", {}),
            ("\n# nothing\n", {}), ("pass", {}), ("pass  # later\npassed = 1", {"passed": 1}),
        ],
    )  # fmt: skip
    def test_a_script_assigns_one_after_the_other(self, script: str, expected: Any) -> None:
        scope: dict[str, Any] = {"n": 10, "s": "甲", "xs": [1]}
        written = {}
        for name, expression in parse_assignments(script):
            written[name] = scope[name] = expression.evaluate(scope)
        assert written == expected

    @pytest.mark.parametrize(
        ("script", "remedy"),
        [
            ("a = 1\nb += ", "缺少一个值"), ("a = 1; import os", "脚本第 1 行应写成"),
            ("a = 1\n\nprint(a)", "脚本第 3 行"),
            ("a //= 2", "不支持“//=”"), ("a.b = 1", "脚本只能赋值"), ('a["b"] = 1', "脚本只能赋值"),
            ("xs.append(1, 2)", "括号没有闭合"), ("xs.append(1) + f(2)", "脚本只能赋值"),
            ("xs.append()", "前面缺少一个值"),
            ("xs.pop()", "脚本只能赋值"), ("a = b = 1", "连写了两个等号"), ("if a:\n  b = 1", "脚本第 1 行"),
            ("a = 'open\nb = 1", "引号没有成对"),
            ("a = (1 + 2\nb = 3", "括号没有闭合"), ("not = 1", "脚本只能赋值"), ("__a = 1", "脚本只能赋值"),
        ],
    )  # fmt: skip
    def test_what_is_no_assignment_is_refused_with_its_line(self, script: str, remedy: str) -> None:
        with pytest.raises(ExpressionError) as caught:
            parse_assignments(script)
        assert remedy in caught.value.message
