"""Decision files as the standard says: types, functions, boxed expressions, services, imports, errors as null."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine.bpmn.decisions import Answer, decision_problems, load_decisions, read_decisions
from engine.errors import ModelRefused, ServiceTaskFailed

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def document(*parts: str, namespace: str = "urn:test") -> str:
    return f'<definitions xmlns="{NAMESPACE}" id="d" name="d" namespace="{namespace}">{"".join(parts)}</definitions>'


def text(expression: str, type_name: str = "") -> str:
    declared = f' typeRef="{type_name}"' if type_name else ""
    return f"<literalExpression{declared}><text>{escape(expression)}</text></literalExpression>"


def decision(name: str, body: str, *needs: str, type_name: str = "") -> str:
    declared = f'<variable name="{name}" typeRef="{type_name}"/>' if type_name else f'<variable name="{name}"/>'
    return f'<decision id="{name}" name="{name}">{declared}{"".join(map(need, needs))}{body}</decision>'


def table(name: str, reads: str, outputs: tuple[str, ...], *rules: list[str], policy: str = "UNIQUE") -> str:
    rows = "".join(
        f"<rule><inputEntry><text>{escape(cell)}</text></inputEntry>"
        + "".join(f"<outputEntry><text>{escape(result)}</text></outputEntry>" for result in results) + "</rule>"
        for cell, *results in rules
    )  # fmt: skip
    columns = "".join(f'<output name="{output}"/>' for output in outputs)
    return decision(
        name, f'<decisionTable hitPolicy="{policy}"><input><inputExpression><text>{reads}</text></inputExpression>'
        f"</input>{columns}{rows}</decisionTable>",
    )  # fmt: skip


def need(reference: str) -> str:
    kind, _, target = reference.partition(":")
    wanted = {"d": "requiredDecision", "i": "requiredInput", "k": "requiredKnowledge"}[kind]
    around = "knowledgeRequirement" if kind == "k" else "informationRequirement"
    return f'<{around}><{wanted} href="{target if "#" in target else "#" + target}"/></{around}>'


def data(name: str, type_name: str = "") -> str:
    declared = f' typeRef="{type_name}"' if type_name else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{declared}/></inputData>'


def knowledge(name: str, parameters: str, body: str, *needs: str) -> str:
    formal = "".join(
        f'<formalParameter name="{n.partition(":")[0]}" typeRef="{n.partition(":")[2]}"/>' for n in parameters.split()
    )
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"/>{"".join(map(need, needs))}'
        f"<encapsulatedLogic>{formal}{body}</encapsulatedLogic></businessKnowledgeModel>"
    )


def item(name: str, inner: str, collection: bool = False) -> str:
    return f'<itemDefinition name="{name}" isCollection="{str(collection).lower()}">{inner}</itemDefinition>'


def evaluate(*parts: str, ask: str = "t", **inputs: Any) -> Answer:
    return read_decisions(document(*parts)).evaluate(ask, inputs)


def value(*parts: str, ask: str = "t", **inputs: Any) -> Any:
    return evaluate(*parts, ask=ask, **inputs).value


class TestTypes:
    """What is declared is converted where the standard converts, and null where it does not fit."""

    @pytest.mark.parametrize(
        ("expression", "type_name", "expected"),
        [
            ("[5]", "number", 5), ('"a"', "strings", ["a"]), ('"a"', "number", None), ("[1, 2]", "number", None),
            ('date("2026-01-20")', "date and time", "2026-01-20T00:00:00Z"), ("null", "number", None),
            ('["a", 1]', "strings", None), ('{name: "甲", age: 9}', "person", {"name": "甲", "age": 9}),
            ('{name: "甲"}', "person", None), ("3", "grade", 3), ("9", "grade", None), ("[3]", "grades", [3]),
            ("[3, 9]", "grades", None),
        ],
    )  # fmt: skip
    def test_a_decision_is_of_its_declared_type_or_null(self, expression: str, type_name: str, expected: Any) -> None:
        types = (
            item("strings", "<typeRef>string</typeRef>", True)
            + item("person", '<itemComponent name="name"><typeRef>string</typeRef></itemComponent>'
                   '<itemComponent name="age"><typeRef>number</typeRef></itemComponent>')
            + item("grade", "<typeRef>number</typeRef><allowedValues><text>[1..5]</text></allowedValues>")
            + item("grades", "<typeRef>number</typeRef><allowedValues><text>[1..5]</text></allowedValues>", True)
        )  # fmt: skip
        assert value(types, decision("t", text(expression), type_name=type_name)) == expected

    def test_a_mismatch_stops_a_process_and_is_noted_otherwise(self) -> None:
        body = document(decision("t", text('"a"'), type_name="number"))
        answer = read_decisions(body).evaluate("t", {})
        assert answer.value is None and "与声明的类型不符" in answer.errors[0]
        with pytest.raises(ServiceTaskFailed, match="与声明的类型不符"):
            load_decisions(body).decide("t", {})

    def test_texts_of_the_input_become_the_dates_it_declares(self) -> None:
        person = item("person", '<itemComponent name="born"><typeRef>date</typeRef></itemComponent>')
        body = decision("t", text("p.born.year + length.months"), "i:p", "i:length")
        assert value(person, data("p", "person"), data("length", "yearMonthDuration"), body,
                     p={"born": "2001-02-03"}, length="P5M") == 2006  # fmt: skip

    def test_a_text_is_only_a_date_beside_a_date_when_nobody_declared_it(self) -> None:
        body = decision("t", text('d < date("2026-04-01")'), "i:d")
        assert value(data("d"), body, d="2026-03-31") is True
        assert value(data("d", "string"), body, d="2026-03-31") is None

    def test_a_time_finer_than_can_be_calculated_is_told_not_cut_off(self) -> None:
        found = evaluate(data("at", "time"), decision("t", text("at"), "i:at"), at="11:22:33.1234567")
        assert found.value is None
        assert "at" in found.errors[0]
        assert value(data("at", "time"), decision("t", text("at"), "i:at"), at="11:22:33.123456") == "11:22:33.123456"

    def test_a_function_that_gives_a_constant_is_of_that_constants_type(self) -> None:
        body = text(
            '[(function() "x") instance of function<> -> string, (function() "x") instance of function<> -> number, '
            "(function(a: number) {b: 1, c: a}) instance of function<number> -> context<b: number>]"
        )
        assert value(decision("t", body)) == [True, False, True]

    def test_instance_of_knows_item_definitions_and_generic_types(self) -> None:
        types = item("tags", "<typeRef>string</typeRef>", True)
        body = decision("t", text('[["a"] instance of tags, [1] instance of list<number>, {a: 1} instance of '
                                  'context<a: string>, abs instance of function<number> -> number]'))  # fmt: skip
        assert value(types, body) == [True, True, False, True]

    def test_recursive_types_end(self) -> None:
        tree = item("tree", '<itemComponent name="below" isCollection="true"><typeRef>tree</typeRef></itemComponent>')
        deep: Any = {"below": []}
        for _ in range(200):
            deep = {"below": [deep]}
        with pytest.raises(ServiceTaskFailed, match="嵌套超过"):
            evaluate(tree, data("x", "tree"), decision("t", text("x"), "i:x"), x=deep)


class TestVisibility:
    """A decision sees what it requires."""

    def test_what_is_not_required_is_null_and_found_when_deployed(self) -> None:
        parts = data("n", "number"), decision("t", text("n + 1"))
        assert value(*parts, n=1) is None
        assert any("没有用连线" in found["message"] for found in decision_problems(document(*parts)))

    def test_a_required_decision_may_be_read_by_its_id_or_column_where_nothing_else_has_that_name(self) -> None:
        rules = ["> 9", '"大"', "30"], ["-", '"小"', "10"]
        first = table("level", "amount", ("kind", "days"), *rules, policy="FIRST").replace(
            'name="level"', 'name="层级"'
        )
        asked = decision("t", text('kind + "案" + string(level.days)'), "d:level")
        assert value(first, asked, amount=10) == "大案30"
        assert value(first, asked, amount=10, kind="另") == "大案30"
        found = decision_problems(document(first, asked))
        assert {(one["severity"], one["remedy"]) for one in found} == {("warning", "按标准应写决策的名称“层级”")}
        assert load_decisions(document(first, asked)).decide("t", {"amount": 1}) == "小案10"
        every = first.replace('hitPolicy="FIRST"', 'hitPolicy="COLLECT"')
        assert value(every, decision("t", text("sum(days)"), "d:level"), amount=10) == 40
        twice = first, first.replace('"level"', '"other"'), decision("t", text("kind"), "d:level", "d:other")
        assert value(*twice, amount=10) is None
        assert [one["severity"] for one in decision_problems(document(*twice))] == ["error"]
        entries = "".join(
            f"<contextEntry>{name}{text(entry)}</contextEntry>"
            for name, entry in (('<variable name="kind"/>', '"自"'), ("", "kind"))
        )
        own = decision("t", f"<context>{entries}</context>", "d:level", "d:other")
        assert value(*twice[:2], own, amount=10) == "自"
        assert decision_problems(document(*twice[:2], own)) == []
        kept = decision("t", text('层级[kind = "大"].days'), "d:level", "d:other")
        assert decision_problems(document(*twice[:2], kept)) == []

    def test_data_of_the_process_that_no_file_declares_is_visible(self) -> None:
        assert load_decisions(document(decision("t", text("n + 1")))).decide("t", {"n": 1}) == 2

    def test_a_knowledge_model_sees_its_parameters_and_what_it_requires(self) -> None:
        double = knowledge("double", "x:number", text("x * 2"))
        both = knowledge("both", "x:number", text("double(x) + (if n = null then 1 else 100)"), "k:double")
        assert value(double, both, decision("t", text("both(4)"), "k:both"), n=7) == 9

    def test_a_knowledge_model_may_call_itself_but_not_for_ever(self) -> None:
        factorial = knowledge("f", "n:number", text("if n < 2 then 1 else n * f(n - 1)"))
        assert value(factorial, decision("t", text("f(10)"), "k:f")) == 3628800
        endless = knowledge("f", "n:number", text("f(n + 1)"))
        answer = evaluate(endless, decision("t", text("f(1)"), "k:f"))
        assert answer.value is None and "层" in answer.errors[0]

    def test_names_may_hold_spaces_signs_and_keywords(self) -> None:
        names = "Person's age", "up-to-date and valid", "年龄 (岁)"
        for name in names:
            inputs = data(escape(name), "number")
            assert value(inputs, decision("t", text(f"{name} + 1"), f"i:{escape(name)}"), **{name: 4}) == 5, name


class TestFunctions:
    """Functions are values: defined in expressions and boxes, handed on, called by position or name."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("(function(a, b) a - b)(5, 3)", 2), ("(function(a, b) a - b)(b: 5, a: 3)", -2),
            ("{half: function(x: number) x / 2, y: half(9)}.y", 4.5), ('{f: function(x: number) x, y: f("a")}.y', None),
            ("(function(x) x)(1, 2)", None), ("sort([3, 1, 2], function(a, b) a > b)", [3, 2, 1]),
            ("sort(list: [3, 1], precedes: function(a, b) a < b)", [1, 3]),
            ("{add: function(n) function(m) n + m, y: add(2)(3)}.y", 5), ("{g: sum, y: g(1, 2)}.y", 3),
            ("{up to: 3, y: for step by step in 1..up to return step by step * 2}.y", [2, 4, 6]),
            ("list replace([1, 2, 3], function(old, new) old > 1, 9)", [1, 9, 9]),
            ("for i in 1..4 return if i = 1 then 1 else i * partial[-1]", [1, 2, 6, 24]),
        ],
    )  # fmt: skip
    def test_an_expression_defines_and_calls_functions(self, expression: str, expected: Any) -> None:
        assert value(decision("t", text(expression))) == expected

    def test_a_call_that_can_only_be_null_is_null_and_refused_at_deploy(self) -> None:
        body = document(decision("t", text("[abs(1, 2), 7]")))
        assert read_decisions(body).evaluate("t", {}).value == [None, 7]
        with pytest.raises(ModelRefused, match="函数 abs 需要 1 个参数，这里给了 2 个"):
            load_decisions(body)

    def test_external_functions_are_refused_by_name(self) -> None:
        java = '<encapsulatedLogic kind="Java"><context/></encapsulatedLogic>'
        body = document(f'<businessKnowledgeModel id="b" name="b">{java}</businessKnowledgeModel>')
        assert any("外部函数" in found["message"] for found in decision_problems(body))

    def test_a_function_nobody_defines_is_found_when_the_supplied_ones_are_known(self) -> None:
        body = document(decision("t", text("working_days_after(d, 1) + nothing(1)")))
        assert decision_problems(body) == []
        found = decision_problems(body, supplied=frozenset({"working_days_after"}))
        assert [one["message"] for one in found] == ["调用了不存在的函数“nothing”"]


def box(kind: str, *parts: tuple[str, str], **attributes: str) -> str:
    written = "".join(f' {key}="{v}"' for key, v in attributes.items())
    return f"<{kind}{written}>{''.join(f'<{tag}>{text(part)}</{tag}>' for tag, part in parts)}</{kind}>"


class TestBoxes:
    """Boxed expressions."""

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (box("conditional", ("if", "n > 3"), ("then", '"高"'), ("else", '"低"')), "高"),
            (box("conditional", ("if", "null"), ("then", '"高"'), ("else", '"低"')), "低"),
            (box("conditional", ("if", '"x"'), ("then", '"高"'), ("else", '"低"')), None),
            (box("filter", ("in", "[1, 5, 9]"), ("match", "item > n")), [5, 9]),
            (box("filter", ("in", "[{a: 1}, {a: 2}]"), ("match", "a = 2")), [{"a": 2}]),
            (box("filter", ("in", "[1, 2]"), ("match", '"x"')), None),
            (box("for", ("in", "[1, 2]"), ("return", "x * n"), iteratorVariable="x"), [4, 8]),
            (box("for", ("in", "[1..3]"), ("return", "x + count(partial)"), iteratorVariable="x"), [1, 3, 5]),
            (box("some", ("in", "[1, 5]"), ("satisfies", "x > n"), iteratorVariable="x"), True),
            (box("every", ("in", "[1, 5]"), ("satisfies", "x > n"), iteratorVariable="x"), False),
            (box("some", ("in", "[1, 9]"), ("satisfies", 'if x > n then true else "x"'), iteratorVariable="x"), None),
            (box("some", ("in", "[1, 9]"), ("satisfies", "if x > n then true else null"), iteratorVariable="x"), True),
            (box("every", ("in", "5"), ("satisfies", "x > n"), iteratorVariable="x"), None),
            (f"<list>{text('n')}{text('n + 1')}</list>", [4, 5]),
            ('<relation><column name="a"/><column name="b"/>'
             f"<row>{text('n')}{text('2')}</row></relation>", [{"a": 4, "b": 2}]),
            (f'<context><contextEntry><variable name="f"/><functionDefinition><formalParameter name="x"/>'
             f"{text('x + n')}</functionDefinition></contextEntry><contextEntry>{text('f(10)')}</contextEntry>"
             "</context>", 14),
        ],
    )  # fmt: skip
    def test_a_boxed_expression_means_what_its_text_would(self, body: str, expected: Any) -> None:
        assert value(decision("t", body), n=4) == expected

    def test_an_invocation_with_wrong_parameters_is_trouble(self) -> None:
        model = knowledge("f", "x:number", text("x"))
        call = f'<invocation>{text("f")}<binding><parameter name="y"/>{text("1")}</binding></invocation>'
        answer = evaluate(model, decision("t", call, "k:f"))
        assert answer.value is None and "参数名不符（应为：x）" in answer.errors[0]

    @pytest.mark.timeout(20)
    def test_loops_within_loops_share_one_limit(self) -> None:
        inner = box("for", ("in", "[1..9000]"), ("return", "count(for i in 1..9000 return x)"), iteratorVariable="x")
        answer = evaluate(decision("t", inner))
        assert answer.value is None and "步" in answer.errors[0]
        model = knowledge("f", "n:number", text("for i in 1..20 return f(n + i)"))
        answer = evaluate(model, decision("t", text("f(1)"), "k:f"))
        assert answer.value is None and answer.errors

    def test_a_hostile_loop_ends_in_an_error(self) -> None:
        body = decision("t", box("for", ("in", "[1..1000000000]"), ("return", "1"), iteratorVariable="x"))
        answer = evaluate(body)
        assert answer.value is None and "超过" in answer.errors[0]


class TestServices:
    """Decision services: asked for by name, called as functions."""

    PARTS = (
        data("who", "string"),
        decision("greeting", text('"你好"')),
        decision("line", text('greeting + "，" + who'), "d:greeting", "i:who", type_name="string"),
        '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#line"/>'
        '<inputDecision href="#greeting"/><inputData href="#who"/></decisionService>',
    )

    def test_a_service_takes_its_inputs_instead_of_deciding_them(self) -> None:
        assert value(*self.PARTS, ask="s", who="甲", greeting="再见") == "再见，甲"
        assert value(*self.PARTS, ask="line", who="甲") == "你好，甲"

    def test_a_service_is_a_function_of_its_input_data_and_input_decisions(self) -> None:
        assert value(*self.PARTS, decision("t", text('s("乙", "早")'), "k:s")) == "早，乙"
        assert value(*self.PARTS, decision("t", text('s(greeting: "早", who: "丙")'), "k:s")) == "早，丙"
        assert value(*self.PARTS, decision("t", text('s("乙")'), "k:s")) is None

    def test_several_outputs_are_a_context(self) -> None:
        service = (
            '<decisionService id="s" name="s"><outputDecision href="#a"/><outputDecision href="#b"/></decisionService>'
        )
        assert value(decision("a", text("1")), decision("b", text("2")), service, ask="s") == {"a": 1, "b": 2}

    def test_everything_one_may_ask_for_is_listed(self) -> None:
        model = knowledge("f", "x:number", text("x + 1"))
        decisions = read_decisions(document(model, *self.PARTS))
        assert decisions.evaluate("f", {"x": 2}).value == 3
        assert [(one["id"], one["kind"]) for one in decisions.listed()] == [
            ("f", "knowledge"), ("greeting", "decision"), ("line", "decision"), ("s", "service"),
        ]  # fmt: skip


class TestImports:
    """Files of one bundle use each other's elements under the import's name."""

    LIBRARY = document(
        item("tWho", '<itemComponent name="name"><typeRef>string</typeRef></itemComponent>'),
        data("who", "tWho"),
        decision("greet", text('"你好，" + who.name'), "i:who"),
        knowledge("twice", "x:number", text("x * 2")),
        namespace="urn:library",
    )
    MAIN = document(
        '<import namespace="urn:library" name="lib" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>',
        data("guest", "lib.tWho"),
        decision("t", text('lib.greet + "！" + string(lib.twice(21)) + guest.name'),
                 "d:urn:library#greet", "k:urn:library#twice", "i:guest"),
    )  # fmt: skip

    def test_imported_decisions_types_and_functions_are_used_by_qualified_names(self) -> None:
        decisions = read_decisions(self.MAIN, self.LIBRARY)
        assert decisions.findings == ()
        inputs = {"who": {"name": "甲"}, "guest": {"name": "乙"}}
        assert decisions.evaluate("t", inputs).value == "你好，甲！42乙"

    def test_data_under_the_imports_name_goes_to_that_file(self) -> None:
        inputs = {"who": {"name": "甲"}, "lib": {"who": {"name": "丙"}}, "guest": {"name": "乙"}}
        assert read_decisions(self.MAIN, self.LIBRARY).evaluate("t", inputs).value == "你好，丙！42乙"

    def test_a_missing_import_is_found(self) -> None:
        assert any("不存在" in found["message"] for found in decision_problems(self.MAIN))


class TestAnswers:
    """`evaluate` answers as the standard says; `decide` stops where that would be silent."""

    OVERLAP = (
        '<decisionTable hitPolicy="UNIQUE"><input><inputExpression><text>n</text></inputExpression></input>'
        '<output name="x"/><rule><inputEntry><text>&gt; 0</text></inputEntry><outputEntry><text>1</text></outputEntry>'
        "</rule><rule><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>"
        "</decisionTable>"
    )

    def test_an_overlap_is_null_with_its_reason(self) -> None:
        answer = evaluate(decision("t", self.OVERLAP), n=9)
        assert answer.value is None
        assert answer.errors == ("决策表“t”只允许一条规则相符，但第 1、2 条规则同时相符，请修改决策表。",)
        assert evaluate(decision("t", self.OVERLAP), n=3) == Answer(1)

    def test_a_sound_decision_answers_beside_a_broken_one(self) -> None:
        parts = decision("bad", text("1 +")), decision("good", text("2"))
        assert value(*parts, ask="good") == 2
        broken = evaluate(*parts, ask="bad")
        assert broken.value is None and "表达式不完整" in broken.errors[0]

    def test_a_decision_is_found_by_id_or_name(self) -> None:
        body = decision("t", text("7")).replace('name="t">', 'name="风险 等级">', 1)
        assert value(body, ask="t") == 7
        assert value(body, ask="风险 等级") == 7
        with pytest.raises(ServiceTaskFailed, match="没有编号为“x”"):
            evaluate(body, ask="x")

    def test_the_order_of_priority_may_stand_in_the_type_of_the_output(self) -> None:
        grades = item("grade", '<typeRef>string</typeRef><allowedValues><text>"高","低"</text></allowedValues>')
        rules = table("t", "1", ("grade",), ["-", '"低"'], ["-", '"高"'], policy="PRIORITY")
        assert value(grades, rules.replace('<output name="grade"', '<output name="grade" typeRef="grade"')) == "高"
        assert "没有列出输出值" in evaluate(grades, rules).errors[0]

    def test_several_outputs_declared_to_be_a_text_are_null_and_found_when_deployed(self) -> None:
        rules = table("t", "1", ("a", "b"), ["-", "1", "2"]).replace(
            '<variable name="t"', '<variable name="t" typeRef="string"'
        )
        assert evaluate(rules).value is None
        assert "声明的类型却是 string" in decision_problems(document(rules))[0]["message"]
        assert decision_problems(document(rules.replace("string", "context"))) == []

    def test_an_output_outside_its_allowed_values_is_trouble(self) -> None:
        body = decision("t", self.OVERLAP).replace(
            '<output name="x"/>', '<output name="x"><outputValues><text>1,3</text></outputValues></output>'
        ).replace("&gt; 0", "[1..5]")  # fmt: skip
        assert value(body, n=3) == 1
        answer = evaluate(body, n=9)
        assert answer.value is None and "输出“x”不在允许的值（1,3）之内" in answer.errors[0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (decision("t", text("")), "表达式是空的"),
        (decision("t", "<literalExpression><importedValues/></literalExpression>"), "importedValues"),
        (decision("t", box("for", ("in", "[1]"), iteratorVariable="x")), "缺少 return"),
        (decision("t", '<context><contextEntry><variable name="a"/></contextEntry></context>'), "没有内容"),
        (decision("t", text("1"), type_name="nothing"), "类型“nothing”没有定义"),
        (decision("t", text("1")) + decision("t", text("2")), "id 都是“t”"),
        ('<decisionService id="s" name="s"/>', "没有输出决策"),
        (decision("t", "<relation><column name='a'/><row/></relation>"), "格数与列数不同"),
        (decision("t", '<functionDefinition kind="Java"><context/></functionDefinition>'), "外部函数"),
        (decision("t", text("{a: 1, a: 2}")), "写了两次"),
    ],
)
def test_what_would_silently_be_null_is_found_when_deployed(body: str, message: str) -> None:
    assert any(message in finding["message"] for finding in decision_problems(document(body)))


@pytest.mark.parametrize(
    ("kind", "cell", "result", "message", "severity"),
    [
        ("date", '"2026-01-31"', "1", "与输入“n”的类型 date 不同，永远不会相符", "error"),
        ("date", '< date and time("2026-01-31T00:00:00")', "1", "永远不会相符", "error"),
        ("string", "[1..5]", "1", "永远不会相符", "error"),
        ("grade", "5", "1", "永远不会相符", "error"),
        ("grade", '"高级"', "1", "不在输入“n”允许的值", "warning"),
        ("number", "5", '"一"', '的结果“"一"”与输出“x”的类型不符', "error"),
    ],
)
def test_a_cell_that_never_matches_is_found(kind: str, cell: str, result: str, message: str, severity: str) -> None:
    grade = item("grade", "<typeRef>string</typeRef>")
    allowed = '<inputValues><text>"高","低"</text></inputValues>' if kind == "grade" else ""
    table = (
        f'<decisionTable><input><inputExpression typeRef="{kind}"><text>n</text></inputExpression>{allowed}</input>'
        f'<output name="x" typeRef="number"/><rule><inputEntry><text>{escape(cell)}</text></inputEntry>'
        f"<outputEntry><text>{escape(result)}</text></outputEntry></rule></decisionTable>"
    )
    (found,) = decision_problems(document(grade, decision("t", table)))
    assert message in found["message"] and found["severity"] == severity


def test_a_name_that_two_files_use_is_not_guessed() -> None:
    one, other = document(decision("t", text("1"))), document(decision("t", text("2")), namespace="urn:other")
    assert any("id 都是“t”" in finding["message"] for finding in decision_problems(one, other))
    with pytest.raises(ServiceTaskFailed, match="有几个决策都叫“t”"):
        read_decisions(one, other).evaluate("t", {})


@pytest.mark.timeout(20)
def test_names_without_number_are_refused_at_once() -> None:
    body = document(*(data(f"a {n}") for n in range(9_000)), decision("t", text("a " * 1_900)))
    assert any("超过 2000 个" in finding["message"] for finding in decision_problems(body))


def test_a_file_in_another_language_is_refused() -> None:
    body = document(decision("t", text("1"))).replace(' id="d"', ' id="d" expressionLanguage="groovy"', 1)
    assert any("groovy" in finding["message"] for finding in decision_problems(body))


def test_a_file_whose_elements_stand_in_its_own_namespace_or_none_is_read() -> None:
    body = document(decision("t", text("7"))).replace(
        f'xmlns="{NAMESPACE}"', f'xmlns="urn:test" xmlns:semantic="{NAMESPACE}"'
    )
    assert read_decisions(body).evaluate("t", {}).value == 7
    assert read_decisions(body.replace('xmlns="urn:test" ', "")).evaluate("t", {}).value == 7
    with pytest.raises(ModelRefused, match="不是 DMN"):
        read_decisions(body.replace('namespace="urn:test"', 'namespace="urn:other"'))
