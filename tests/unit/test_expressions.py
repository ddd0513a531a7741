"""The meaning of expressions: FEEL where FEEL has one, the same tree for Python-style spellings."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import ExpressionError, InvalidInput
from engine.expressions import MonthDuration, json_safe, parse, parse_assignments

NOW = datetime(2026, 1, 20, 17, 30, tzinfo=UTC)  # already the 21st in China


def value(text: str, **scope: Any) -> Any:
    return parse(text).evaluate(scope, now=NOW)


def refusal(text: str, **scope: Any) -> str:
    with pytest.raises(ExpressionError) as caught:
        value(text, **scope)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 - 2 - 1", 4),
        ("2 ** 10", 1024),
        ("10 ** -2", 0.01),
        ("0.1 + 0.2", 0.3),
        ("1 / 3 * 3", 1),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("7 % 3", 1),
        ("-7 % 3", 2),
        ("-10 + -5", -15),
        ("-10--5", -5),
        ("1e3", 1000),
        (".5 + .5", 1),
        ("-(2 + 3)", -5),
        ("2 * -3", -6),
    ],
)
def test_arithmetic_is_exact_and_gives_plain_numbers(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize("text", ["1 / 0", "1 + null", "null * 2", '"a" + 1', '"a" - "b"', "-null", "0 ** -1"])
def test_an_operation_without_meaning_is_null(text: str) -> None:
    assert value(text) is None


def test_numbers_of_process_data_compare_exactly() -> None:
    assert value("ratio * 3 = 0.3", ratio=0.1) is True
    assert value("amount = 200", amount=200.0) is True
    assert value("amount = 1.10", amount=Decimal("1.1")) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true and true", True), ("true and false", False), ("true and null", None), ("null and false", False),
        ("false or true", True), ("false or null", None), ("null or true", True), ('"a" and true', None),
        ('"a" or true', True), ("not(true)", False), ("not(null)", None), ("not(1)", None),
        ("false and 1 / 0 = 1", False),
    ],
)  # fmt: skip
def test_logic_has_three_values(text: str, expected: Any) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null = null", True), ("null = 1", False), ("null != 1", True), ('1 = "1"', None), ('1 != "1"', None),
        ("true = 1", None), ("1 < null", None), ('1 < "a"', None), ('"a" < "b"', True), ("2 >= 2.0", True),
        ("[1, 2] = [1, 2]", True), ("[1, 2] = [1]", False), ("{a: 1} = {a: 1}", True), ("{a: 1} = {b: 1}", False),
        ("[1, null] = [1, null]", True),
    ],
)  # fmt: skip
def test_comparisons_follow_feel(text: str, expected: Any) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 in [1..9]", True), ("1 in (1..9]", False), ("9 in (1..9]", True), ("9 in [1..9)", False),
        ("1 in ]1..9]", False),
        ("9 in [1..9[", False), ("5 in (1..9)", True), ("3 in [1, 2, 3]", True), ("4 in (1, 2, 3)", False),
        ("4 in (< 3, > 3)", True), ("4 in < 3", False), ("4 in >= 4", True), ('"b" in ("a", "b")', True),
        ("5 in ([1..3], [5..7])", True), ("5 in [1..null]", None), ("0 in [1..null]", False),
        ("null in [1..true]", None), ("null in [1..9]", None), ("4 not in [1, 2]", True), ("x in [1..9]", True),
        ("x between 1 and 9", True), ("x between 6 and 9", False), ("null between 1 and 2", None),
        ("x between 1 and 9 and true", True), ("x in [a..b]", True),
    ],
)  # fmt: skip
def test_ranges_and_lists_are_tested_with_in_and_between(text: str, expected: Any) -> None:
    assert value(text, x=5, a=1, b=9) is expected


@pytest.mark.parametrize(
    ("python", "feel"),
    [
        ("a == 1", "a = 1"),
        ("a == 'x'", 'a = "x"'),
        ("a != 1 and b", "a != 1 and b"),
        ("not a", "not(a)"),
        ("not a == 1", "not(a = 1)"),
        ("a == True or b == False", "a = true or b = false"),
        ("a is None", "a = null"),
        ("a is not None", "a != null"),
        ("a in ['x', 'y',]", 'a in ["x", "y"]'),
        ("a not in [1]", "not(a in [1])"),
        ("=a = 1", "a = 1"),
        (" = a", "a"),
    ],
)
def test_python_and_form_spellings_parse_into_the_same_tree(python: str, feel: str) -> None:
    assert parse(python).tree == parse(feel).tree
    assert parse(parse(python).feel).tree == parse(feel).tree


def test_an_expression_is_shown_back_in_canonical_feel() -> None:
    assert parse("not x == 'a' or len(y) > 2").feel == '(not(x = "a")) or (len(y) > 2)'


def test_an_unknown_name_is_null_and_never_an_error() -> None:
    assert value("missing") is None
    assert value("missing.deeper.still") is None
    assert value("missing = null") is True
    assert value("word.key", word="abc") is None


def test_names_may_be_chinese() -> None:
    assert value('审核.意见 = "同意" and 数量 > 3', 审核={"意见": "同意"}, 数量=5) is True


def test_paths_project_over_lists() -> None:
    findings = [{"item": "A", "problem": True}, {"item": "B", "problem": False}]
    assert value("findings.item", findings=findings) == ["A", "B"]
    assert value("true in findings.problem", findings=findings) is True
    assert value("list contains(findings.problem, true)", findings=findings) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xs[1]", {"a": 1, "b": "p"}), ("xs[-1].b", "r"), ("xs[9]", None), ("xs[item.a = 2].b", ["q", "r"]),
        ("xs[a = 2].b", ["q", "r"]), ("xs[a = 3]", []), ("xs[a > limit].b", ["q", "r"]), ("xs[n].b", "q"),
        ("[1, 2, 3][item >= 2]", [2, 3]), ("empty[1]", None), ("empty[item = 1]", []), ("missing[1]", None),
        ("5[1]", 5), ("xs[a = 2][1].b", "q"), ("count(xs[a = 2])", 2),
    ],
)  # fmt: skip
def test_lists_are_filtered_by_position_and_by_condition(text: str, expected: Any) -> None:
    xs = [{"a": 1, "b": "p"}, {"a": 2, "b": "q"}, {"a": 2, "b": "r"}]
    assert value(text, xs=xs, limit=1, n=2, empty=[]) == expected


def test_an_element_with_a_key_item_shows_that_key_inside_a_filter() -> None:
    submissions = [{"item": "SCJG", "decision": "同意"}, {"item": "ZJJ", "decision": "不同意"}]
    assert value('countersign[item = "ZJJ"].decision', countersign=submissions) == ["不同意"]
    assert value('some c in countersign satisfies c.decision = "不同意"', countersign=submissions) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for x in [1, 2] return x * 2", [2, 4]),
        ("for i in 1..3 return i", [1, 2, 3]),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for x in [1, 2], y in [10, 20] return x + y", [11, 21, 12, 22]),
        ("for x in [1, 2], y in 1..x return y", [1, 1, 2]),
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [1, 2] satisfies x > 1", False),
        ("every x in [] satisfies false", True),
        ("some x in [] satisfies true", False),
        ("some x in [null, 1] satisfies x > 5", None),
        ("every x in null satisfies x", True),
        ('if 1 < 2 then "a" else "b"', "a"),
        ("if null then 1 else 2", 2),
        ("if true then if false then 1 else 2 else 3", 2),
        ("{a: 1, b: a + 1}", {"a": 1, "b": 2}),
        ('{"任务 名": 1}', {"任务 名": 1}),
        ("{a: {b: 2}}.a.b", 2),
        ("[1, [2, 3]]", [1, [2, 3]]),
    ],
)
def test_loops_conditions_and_contexts(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'"\U020BB7" = "𠮷"', True), (r'"\uD842\uDFB7\t\u4F60" = "𠮷\t你"', True), (r'string length("\U020BB7a")', 2),
        ('string length("你好")', 2), ('upper case("ab")', "AB"), ('lower case("AB")', "ab"),
        ('substring("foobar", 3)', "obar"),
        ('substring("foobar", 3, 3)', "oba"), ('substring("foobar", -2, 1)', "a"), ('substring("abc", 0)', None),
        ('contains("foobar", "ob")', True), ('starts with("foobar", "fo")', True), ('ends with("foobar", "r")', True),
        ('substring before("foobar", "bar")', "foo"), ('substring after("foobar", "ob")', "ar"),
        ('substring after("foobar", "x")', ""), ('matches("foobar", "^fo*b")', True),
        ('matches("AB", "ab", "i")', True),
        ('string(1.50)', "1.50"), ("string(true)", "true"), ("string(null)", None), ('string([1, "a"])', '[1, "a"]'),
        ('number("1,000.5", ",", ".")', 1000.5), ('number("x")', None), ('number("12")', 12), ('trim(" a ")', "a"),
        ('split("a;b;c", ";")', ["a", "b", "c"]), ('string join(["a", "b"], "、")', "a、b"),
        ('contains(null, "a")', None), ("contains(1, 2)", None), ('len("abc")', 3), ("len([1, 2])", 2),
        ('substring(string: "abc", start position: 2)', "bc"),
        ('substring(length: 1, start position: 2, string: "abc")', "b"),
    ],
)  # fmt: skip
def test_text_functions(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("floor(1.7)", 1), ("floor(-1.2)", -2), ("ceiling(1.2)", 2), ("round(2.5)", 3), ("round(-2.5)", -3),
        ("round(1.255, 2)", 1.26), ("decimal(2.5, 0)", 2), ("round half down(2.5, 0)", 2), ("round up(1.1, 0)", 2),
        ("round down(1.9, 0)", 1), ("abs(-3)", 3), ("modulo(-12, 5)", 3), ("modulo(12, -5)", -3), ("sqrt(16)", 4),
        ("sqrt(-1)", None), ("odd(3)", True), ("even(3)", False), ('floor("a")', None),
    ],
)  # fmt: skip
def test_number_functions_round_as_offices_do(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count([1, null])", 2), ("count([])", 0), ("sum([1, 2, 3])", 6), ("sum(1, 2)", 3), ("sum([])", None),
        ("sum([1, null])", None), ('sum(["a"])', None), ("min([3, 1])", 1), ("max(3, 1)", 3), ("min([])", None),
        ('max(["a", "b"])', "b"), ('max([1, "b"])', None), ("mean([1, 2])", 1.5), ("median([3, 1, 2])", 2),
        ("product([2, 3])", 6), ("distinct values([1, 2, 1.0, null, null])", [1, 2, None]),
        ("concatenate([1], [2, 3])", [1, 2, 3]), ("concatenate([department], participants)", ["SCJG", "ZJJ"]),
        ("append([1], 2, 3)", [1, 2, 3]), ("union([1, 2], [2, 3])", [1, 2, 3]), ("flatten([[1, [2]], 3])", [1, 2, 3]),
        ("list contains([1, null], null)", True), ("reverse([1, 2])", [2, 1]), ("index of([1, 2, 1], 1)", [1, 3]),
        ("insert before([1, 3], 2, 2)", [1, 2, 3]), ("remove([1, 2], 1)", [2]), ("sublist([1, 2, 3], 2)", [2, 3]),
        ("sublist([1, 2, 3], -2, 1)", [2]), ("sort([3, 1, 2])", [1, 2, 3]), ('sort([1, "a"])', None),
        ("all([true, true])", True), ("any([false, null])", None), ("count(null)", None),
        ('get value({a: 1}, "a")', 1), ("get entries({a: 1})", [{"key": "a", "value": 1}]),
    ],
)  # fmt: skip
def test_list_functions(text: str, expected: Any) -> None:
    assert value(text, department="SCJG", participants=["ZJJ"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("2026-01-20")', date(2026, 1, 20)), ('@"2026-01-20"', date(2026, 1, 20)),
        ("date(2026, 1, 20)", date(2026, 1, 20)),
        ('date("2026-02-30")', None), ('date("20260120")', None), ('time("09:30:00")', time(9, 30)),
        ('duration("P1DT2H")', timedelta(days=1, hours=2)), ('duration("P1Y2M")', MonthDuration(14)),
        ('duration("P")', None),
        ('duration("-PT1H")', timedelta(hours=-1)), ('duration("P1Y1D")', None), ('duration("PT")', None),
        ('date("2026-01-31") + duration("P1M")', date(2026, 2, 28)),
        ('date("2026-01-20") + duration("P10D")', date(2026, 1, 30)),
        ('date("2026-03-31") - duration("P1M")', date(2026, 2, 28)),
        ('@"2026-01-30" - @"2026-01-20"', timedelta(days=10)),
        ('(@"2026-01-30" - @"2026-01-20").days', 10), ('date("2026-01-20").year', 2026), ('@"2026-01-20".weekday', 2),
        ('@"PT30M" * 2', timedelta(hours=1)), ('@"P1Y" / 2', MonthDuration(6)), ('@"P2D" / @"P1D"', 2),
        ('@"2026-01-01" < @"2026-01-02"', True), ('@"2026-01-05" in [@"2026-01-01"..@"2026-01-31"]', True),
        ('years and months duration(date("2024-12-15"), date("2026-01-20")).years', 1),
        ('day of week(date("2026-01-20"))', "Tuesday"), ('month of year(date("2026-01-20"))', "January"),
        ('day of year(date("2026-01-20"))', 20), ('date("9999-12-31") + duration("P1D")', None),
        ('date and time("2026-01-20T09:00:00+08:00") = date and time("2026-01-20T01:00:00Z")', True),
        ('date and time("2026-01-20T09:00:00") < date and time("2026-01-20T09:00:01+08:00")', True),
        ('date and time(@"2026-01-20", time("09:00:00")).hour', 9), ("today()", date(2026, 1, 21)),
        ("now() > date and time(\"2026-01-21T00:00:00+08:00\")", True),
        ('@"2026-01-20" < @"2026-01-20T00:00:00"', None),
    ],
)  # fmt: skip
def test_dates_times_and_durations(text: str, expected: Any) -> None:
    assert value(text) == expected


def test_a_text_of_the_data_is_read_as_a_date_beside_a_date() -> None:
    scope = {"order": {"deadline": "2026-01-15"}}
    assert value("order.deadline < today()", **scope) is True
    assert value('order.deadline + duration("P10D")', **scope) == date(2026, 1, 25)
    assert value('order.deadline in [@"2026-01-01"..@"2026-01-31"]', **scope) is True
    assert value("order.name < today()", order={"name": "无"}) is None


def test_civil_time_is_chinese_whatever_zone_the_clock_has() -> None:
    assert value("now()").utcoffset() == timedelta(hours=8)
    assert value("today().day") == 21


def test_the_clock_must_be_handed_in() -> None:
    with pytest.raises(ExpressionError, match="没有给出当前时间"):
        parse("today()").evaluate({})


def test_is_defined_tells_a_null_from_a_missing_name() -> None:
    assert value("is defined(a)", a=None) is True
    assert value("is defined(a)") is False
    assert value("is defined(a.b)", a={"b": None}) is True
    assert value("is defined(a.c)", a={"b": None}) is False


def test_instance_of_names_the_kind() -> None:
    assert value("1 instance of number") is True
    assert value('@"2026-01-01" instance of date') is True
    assert value("null instance of string") is False


def test_the_callers_functions_win_and_take_positions_or_names() -> None:
    def working_days_after(start: Any, n: int = 1) -> date:
        return date.fromisoformat(str(start)) + timedelta(days=int(n))

    functions = {"working_days_after": working_days_after, "today": lambda: date(2030, 1, 1)}
    assert parse('working_days_after("2026-01-20", 2)').evaluate({}, functions) == date(2026, 1, 22)
    assert parse("working_days_after(d, n: 3)").evaluate({"d": "2026-01-20"}, functions) == date(2026, 1, 23)
    assert parse("today()").evaluate({}, functions, NOW) == date(2030, 1, 1)


def test_an_unknown_function_is_an_error_with_its_position() -> None:
    with pytest.raises(ExpressionError, match="第 5 个字符处：没有名为“workingdays”的函数") as caught:
        parse("1 + workingdays(1)").evaluate({})
    assert caught.value.details["position"] == 4
    assert parse("f(g(1), count([]))").functions == {"f", "g"}


def test_a_failing_function_of_the_caller_names_itself() -> None:
    def refuses(_: Any) -> None:
        raise InvalidInput("日期不正确")

    with pytest.raises(ExpressionError, match="函数 f：日期不正确"):
        parse("f(1)").evaluate({}, {"f": refuses})
    with pytest.raises(ExpressionError, match="函数 f 的参数不正确"):
        parse("f(1, 2)").evaluate({}, {"f": refuses})


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a = 1）", "“）”是全角符号，请改用半角“)”"),
        ("a ＝ 1", "请改用半角“=”"),
        ("a = “同意”", "请改用半角"),
        ('a = "同意', "引号没有成对"),
        ("a // b", "请写 floor(a / b)"),
        ("1 < a < 5", "比较不能连写"),
        ("not(a) = b", "请把整个条件写进括号"),
        ("-a ** 2", "请加括号"),
        ("-(a) ** 2", "请加括号"),
        ("2 ** 3 ** 2", "请加括号"),
        ("a b", "多余的“b”"),
        ("(a", "括号没有闭合"),
        ("[1, 2", "列表没有闭合"),
        ("a +", "这里缺少一个值"),
        ("", "表达式是空的"),
        ("=", "表达式是空的"),
        ("if a then b", "应为“else”"),
        ("a.lower()", "不支持方法调用"),
        ('substring("a")', "需要 2 到 3 个参数，这里给了 1 个"),
        ("contains(text: 1)", "没有名为“text”的参数"),
        ('@"tomorrow"', "@ 之后应为日期"),
        ("a = 1; b", "不支持“;”"),
        ("< 5", "前面缺少一个值"),
        ("lambda x: x", "多余的“x”"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_remedy(text: str, remedy: str) -> None:
    assert remedy in refusal(text)


def test_the_position_counts_characters_as_the_author_sees_them() -> None:
    assert "第 6 个字符处" in refusal("=  a ）")


def test_the_names_of_an_expression_are_the_variables_it_reads() -> None:
    names = parse("a.b + (for x in xs return x + y) + {c: 1, d: c + e}.d").names
    assert names == {"a", "xs", "y", "e"}
    filtered = parse("xs[item.a = limit]")
    assert filtered.names == {"xs"}
    assert filtered.possible_names == {"limit"}


def test_names_with_spaces_are_known_to_decision_tables() -> None:
    expression = parse("Monthly Salary * 12", frozenset({"Monthly Salary"}))
    assert expression.evaluate({"Monthly Salary": 10}) == 120
    assert expression.names == {"Monthly Salary"}


def test_results_become_json_only_when_asked() -> None:
    result = value('{d: @"2026-01-20", t: @"2026-01-20T09:00:00+08:00", l: @"PT90M", m: @"P14M", n: 1 / 4}')
    assert result["d"] == date(2026, 1, 20)
    assert json_safe(result) == {
        "d": "2026-01-20", "t": "2026-01-20T09:00:00+08:00", "l": "PT1H30M", "m": "P1Y2M", "n": 0.25,
    }  # fmt: skip


def test_evaluation_changes_neither_the_scope_nor_the_tree() -> None:
    scope = {"xs": [{"a": 1}], "n": 1}
    expression = parse("append(xs, {a: n})")
    first = expression.evaluate(scope)
    first[0]["a"] = 99
    assert scope == {"xs": [{"a": 1}], "n": 1}
    assert expression.evaluate(scope) == [{"a": 1}, {"a": 1}]


def test_a_month_duration_moves_pythons_dates_too() -> None:
    assert date(2026, 1, 31) + MonthDuration(1) == date(2026, 2, 28)
    assert date(2024, 3, 31) - MonthDuration(1) == date(2024, 2, 29)


class TestScripts:
    """Script tasks: assignments and nothing else."""

    def test_lines_assign_in_order(self) -> None:
        lines = parse_assignments("a = 1 + 1\n\n# note\n结果 = (a = 2) or b == 3\n")
        assert [name for name, _ in lines] == ["a", "结果"]
        assert lines[1].expression.evaluate({"a": 2}) is True

    @pytest.mark.parametrize(
        "script",
        ["a", "a == 1", "import os", "a.b = 1", "a //= 2", "a **= 2", "del a", "print(1)",
         "a = 1 // 2", "true = 1", "__x = 1",
         "for x in y:\n  z = 1", "a[0] = 1", "a = b = 1"],
    )  # fmt: skip
    def test_anything_else_is_refused(self, script: str) -> None:
        with pytest.raises(ExpressionError):
            parse_assignments(script)

    def test_a_comparison_is_assigned_in_brackets(self) -> None:
        assert parse_assignments("ok = (a = 1)")[0].expression.evaluate({"a": 1}) is True
