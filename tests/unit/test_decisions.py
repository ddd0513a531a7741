"""Decision tables: every hit policy, nulls, defaults, requirement graphs, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine.bpmn.decisions import decision_problems, load_decisions
from engine.errors import ExpressionError, ModelRefused, ServiceTaskFailed

PROCESSES = Path(__file__).parents[2] / "processes"
NAMESPACES = {
    "1.1": "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "1.2": "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "1.3": "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "1.4": "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "1.5": "https://www.omg.org/spec/DMN/20230324/MODEL/",
}


def document(*bodies: str, version: str = "1.3") -> bytes:
    inner = "".join(bodies)
    return f'<definitions xmlns="{NAMESPACES[version]}" id="d" name="d" namespace="x">{inner}</definitions>'.encode()


def table(
    policy: str,
    inputs: list[str],
    outputs: list[str],
    *rules: tuple[str, ...],
    decision_id: str = "t",
    types: dict[str, str] | None = None,
    allowed: dict[str, str] | None = None,
    order: dict[str, str] | None = None,
    default: dict[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> str:
    """One decision with a table; a rule is its input cells followed by its output cells."""
    name, _, aggregation = policy.partition("/")
    columns = "".join(
        f'<input label="{escape(i)}"><inputExpression typeRef="{(types or {}).get(i, "")}"><text>{escape(i)}</text>'
        f"</inputExpression>{_values('inputValues', (allowed or {}).get(i))}</input>"
        for i in inputs
    )
    columns += "".join(
        f'<output name="{escape(o)}">{_values("outputValues", (order or {}).get(o))}'
        f"{_values('defaultOutputEntry', (default or {}).get(o))}</output>"
        for o in outputs
    )
    rows = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{escape(c)}</text></inputEntry>" for c in rule[: len(inputs)])
        + "".join(f"<outputEntry><text>{escape(c)}</text></outputEntry>" for c in rule[len(inputs) :])
        + "</rule>"
        for rule in rules
    )
    needs = "".join(
        f'<informationRequirement><requiredDecision href="#{r}"/></informationRequirement>' for r in requires
    )
    aggregated = f' aggregation="{aggregation}"' if aggregation else ""
    body = f'<decisionTable hitPolicy="{escape(name)}"{aggregated}>{columns}{rows}</decisionTable>'
    return f'<decision id="{decision_id}" name="{decision_id}">{needs}{body}</decision>'


def _values(tag: str, text: str | None) -> str:
    return f"<{tag}><text>{escape(text)}</text></{tag}>" if text is not None else ""


def literal(text: str, decision_id: str = "t", requires: tuple[str, ...] = (), name: str = "", needs: str = "") -> str:
    needs += "".join(
        f'<informationRequirement><requiredDecision href="#{r}"/></informationRequirement>' for r in requires
    )
    body = f"<literalExpression><text>{escape(text)}</text></literalExpression>"
    return f'<decision id="{decision_id}" name="{name or decision_id}">{needs}{body}</decision>'


def decide(body: str, decision_id: str = "t", **inputs: Any) -> Any:
    return load_decisions(document(body)).decide(decision_id, inputs)


GRADES = (("< 60", '"D"'), ("[60..80)", '"C"'), ("[80..90)", '"B"'), (">= 90", '"A"'))
OVERLAP = (("> 0", '"低"', "1"), ("> 10", '"中"', "2"), ("> 20", '"高"', "3"))


class TestHitPolicies:
    """U A P F R O C and the aggregations."""

    @pytest.mark.parametrize(
        ("score", "grade"), [(0, "D"), (60, "C"), (79.9, "C"), (80, "B"), (100, "A"), (None, None)]
    )
    def test_unique_gives_the_one_rule_that_holds(self, score: Any, grade: Any) -> None:
        assert decide(table("UNIQUE", ["score"], ["grade"], *GRADES), score=score) == grade

    def test_two_rules_of_a_unique_table_that_both_hold_are_an_error(self) -> None:
        with pytest.raises(ServiceTaskFailed, match="第 1、2 条规则同时相符") as caught:
            decide(table("UNIQUE", ["n"], ["level", "rank"], *OVERLAP), n=15)
        assert caught.value.error_code == "decision-overlap"

    def test_the_hit_policy_is_unique_when_none_is_written(self) -> None:
        body = table("UNIQUE", ["n"], ["a"], ("-", "1"), ("-", "2")).replace(' hitPolicy="UNIQUE"', "")
        with pytest.raises(ServiceTaskFailed, match="只允许一条规则相符"):
            decide(body, n=1)

    def test_any_wants_all_results_alike(self) -> None:
        body = table("ANY", ["a", "b"], ["x"], ("true", "-", '"停"'), ("-", "true", '"停"'), ("false", "-", '"行"'))
        assert decide(body, a=True, b=True) == "停"
        with pytest.raises(ServiceTaskFailed, match="第 2、3 条规则同时相符而结果不同"):
            decide(body, a=False, b=True)

    def test_first_takes_the_topmost(self) -> None:
        assert decide(table("FIRST", ["n"], ["level", "rank"], *OVERLAP), n=25) == {"level": "低", "rank": 1}

    def test_priority_takes_the_output_listed_first(self) -> None:
        body = table("PRIORITY", ["n"], ["level", "rank"], *OVERLAP, order={"level": '"高","中","低"'})
        assert decide(body, n=25) == {"level": "高", "rank": 3}
        assert decide(body, n=15) == {"level": "中", "rank": 2}

    def test_priority_compares_the_outputs_from_left_to_right(self) -> None:
        rules = (("-", '"低"', '"b"'), ("-", '"高"', '"b"'), ("-", '"高"', '"a"'))
        body = table("P", ["n"], ["x", "y"], *rules, order={"x": '"高","低"', "y": '"a","b"'})
        assert decide(body, n=1) == {"x": "高", "y": "a"}

    def test_rule_order_and_output_order_list_all_results(self) -> None:
        order = {"level": '"高","中","低"'}
        assert [r["rank"] for r in decide(table("RULE ORDER", ["n"], ["level", "rank"], *OVERLAP), n=25)] == [1, 2, 3]
        body = table("OUTPUT ORDER", ["n"], ["level", "rank"], *OVERLAP, order=order)
        assert [r["rank"] for r in decide(body, n=25)] == [3, 2, 1]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("COLLECT", [10, 20, 20]), ("COLLECT/SUM", 50), ("COLLECT/MIN", 10), ("COLLECT/MAX", 20),
            ("COLLECT/COUNT", 3),
            ("C", [10, 20, 20]), ("C+", 50), ("C<", 10), ("C>", 20), ("C#", 3),
        ],
    )  # fmt: skip
    def test_collect_lists_or_aggregates(self, policy: str, expected: Any) -> None:
        body = table(policy, ["n"], ["x"], ("> 0", "10"), ("> 1", "20"), ("> 2", "20"), ("> 9", "99"))
        assert decide(body, n=3) == expected

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [("U", None), ("A", None), ("F", None), ("R", []), ("C", []), ("C+", None), ("C<", None), ("C#", 0)],
    )
    def test_no_rule_that_holds_gives_null_or_an_empty_list(self, policy: str, expected: Any) -> None:
        assert decide(table(policy, ["n"], ["x"], ("> 9", "1")), n=1) == expected

    def test_a_default_output_stands_in_when_no_rule_holds(self) -> None:
        default = {"x": '"无"'}
        assert decide(table("U", ["n"], ["x"], ("> 9", '"有"'), default=default), n=1) == "无"
        assert decide(table("F", ["n"], ["x", "y"], ("> 9", '"有"', "1"), default=default), n=1) == {
            "x": "无",
            "y": None,
        }
        assert decide(table("C", ["n"], ["x"], ("> 9", '"有"'), default=default), n=1) == ["无"]

    def test_aggregating_texts_is_an_error_not_a_guess(self) -> None:
        with pytest.raises(ServiceTaskFailed, match="无法汇总"):
            decide(table("C+", ["n"], ["x"], ("-", '"a"'), ("-", "1")), n=1)

    def test_sums_are_exact(self) -> None:
        assert decide(table("C+", ["n"], ["x"], ("-", "0.1"), ("-", "0.2")), n=1) == 0.3


class TestInputs:
    """Nulls, types, allowed values, expressions."""

    def test_an_input_may_be_an_expression_over_the_data(self) -> None:
        body = table("U", ["count(findings[problem = true])"], ["x"], ("0", '"无"'), ("> 0", '"有"'))
        assert decide(body, findings=[{"problem": True}, {"problem": False}]) == "有"
        assert decide(body, findings=[]) == "无"

    def test_only_a_dash_or_null_accepts_a_null_input(self) -> None:
        body = table("F", ["n"], ["x"], ("> 0", "1"), ("null", "2"), ("-", "3"))
        assert decide(body, n=None) == 2
        assert decide(body) == 2
        assert decide(body, n=-1) == 3

    @pytest.mark.parametrize(
        ("kind", "value"), [("number", "5"), ("boolean", "true"), ("string", 5), ("feel:number", "5")]
    )
    def test_an_input_of_the_wrong_type_is_an_error_instead_of_a_silent_miss(self, kind: str, value: Any) -> None:
        with pytest.raises(ServiceTaskFailed, match="输入“n”应为"):
            decide(table("F", ["n"], ["x"], ("-", "1"), types={"n": kind}), n=value)

    def test_a_date_input_is_read_from_its_text(self) -> None:
        body = table("F", ["d"], ["x"], ('< date("2026-04-01")', '"旧"'), ("-", '"新"'), types={"d": "date"})
        assert decide(body, d="2026-03-31") == "旧"
        assert decide(body, d="2026-04-01") == "新"

    def test_a_value_outside_the_allowed_ones_is_an_error(self) -> None:
        body = table("F", ["g"], ["x"], ("-", "1"), allowed={"g": '"A","B"'})
        assert decide(body, g="A") == 1
        assert decide(body, g=None) == 1
        with pytest.raises(ServiceTaskFailed, match="不在允许的值"):
            decide(body, g="C")

    def test_a_custom_type_means_its_base_type(self) -> None:
        item = '<itemDefinition name="tAge"><typeRef>number</typeRef></itemDefinition>'
        body = item + table("F", ["n"], ["x"], ("-", "1"), types={"n": "tAge"})
        with pytest.raises(ServiceTaskFailed, match="应为数字"):
            decide(body, n="5")

    def test_outputs_are_expressions_and_json_safe(self) -> None:
        body = table("U", ["n"], ["due", "twice"], ("-", 'date("2026-01-20") + duration("P1D")', "n * 2.5"))
        assert decide(body, n=3) == {"due": "2026-01-21", "twice": 7.5}

    def test_functions_of_the_caller_work_in_cells(self) -> None:
        decisions = load_decisions(document(table("U", ["n"], ["x"], ("f(?) > 3", "f(n)"))))
        assert decisions.decide("t", {"n": 2}, functions={"f": lambda n: n * 2}) == 4
        with pytest.raises(ExpressionError, match="没有名为“f”的函数"):
            decisions.decide("t", {"n": 2})


class TestGraphs:
    """Several decisions a file, requirements, literal expressions, boxed expressions, knowledge models."""

    def test_required_decisions_are_evaluated_first(self) -> None:
        body = (
            literal("base * 2", "double")
            + literal("double + 1", "plus", ("double",))
            + table("U", ["plus"], ["x"], ("> 10", '"大"'), ("<= 10", '"小"'), requires=("plus",))
        )
        assert decide(body, base=5) == "大"
        assert decide(body, base=1) == "小"
        assert decide(body, "plus", base=1) == 3

    def test_a_required_decision_with_several_outputs_is_a_context(self) -> None:
        body = table("U", ["n"], ["a", "b"], ("-", "1", "2"), decision_id="pair") + literal(
            "pair.a + pair.b", "t", ("pair",)
        )
        assert decide(body, n=0) == 3

    def test_names_may_contain_spaces(self) -> None:
        data = '<inputData id="i" name="Monthly Salary"/>'
        yearly = literal('"年薪 " + string(Yearly Salary)', "t", ("y",))
        needs = '<informationRequirement><requiredInput href="#i"/></informationRequirement>'
        assert decide(
            data + literal("12 * Monthly Salary", "y", name="Yearly Salary", needs=needs) + yearly,
            **{"Monthly Salary": 10},
        ) == ("年薪 120")

    def test_a_knowledge_model_is_called_by_expression_or_invocation(self) -> None:
        model = (
            '<businessKnowledgeModel id="b" name="PMT"><encapsulatedLogic><formalParameter name="p"/>'
            '<formalParameter name="r"/><literalExpression><text>p * r / 12</text></literalExpression>'
            "</encapsulatedLogic></businessKnowledgeModel>"
        )
        needs = '<knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement>'
        invocation = (
            f'<decision id="i" name="i">{needs}<invocation><literalExpression><text>PMT</text></literalExpression>'
            '<binding><parameter name="p"/><literalExpression><text>loan.amount</text></literalExpression></binding>'
            '<binding><parameter name="r"/><literalExpression><text>0.06</text></literalExpression></binding>'
            "</invocation></decision>"
        )
        body = model + literal("PMT(loan.amount, 0.06) + 1", needs=needs) + invocation
        assert decide(body, loan={"amount": 1200}) == 7
        assert decide(body, "i", loan={"amount": 1200}) == 6

    def test_a_boxed_context_builds_up_its_entries(self) -> None:
        def entry(name: str, text: str) -> str:
            variable = f'<variable name="{name}"/>' if name else ""
            return f"<contextEntry>{variable}<literalExpression><text>{text}</text></literalExpression></contextEntry>"

        boxed = f'<decision id="t" name="t"><context>{entry("a", "n + 1")}{entry("b", "a * 2")}</context></decision>'
        assert decide(boxed, n=1) == {"a": 2, "b": 4}
        result = f'<decision id="t" name="t"><context>{entry("a", "n + 1")}{entry("", "a * 10")}</context></decision>'
        assert decide(result, n=1) == 20

    def test_several_files_belong_together(self) -> None:
        decisions = load_decisions(document(literal("1", "a")), document(literal("a + 1", "b", ("a",)), version="1.1"))
        assert decisions.ids == {"a", "b"}
        assert decisions.decide("b", {}) == 2

    def test_an_unknown_decision_is_named(self) -> None:
        with pytest.raises(ServiceTaskFailed, match="没有编号为“x”的决策表"):
            load_decisions(document(literal("1"))).decide("x", {})

    @pytest.mark.parametrize("version", sorted(NAMESPACES))
    def test_every_version_of_the_standard_is_read(self, version: str) -> None:
        content = document(table("U", ["n"], ["x"], ("1,5", '"是"'), ("not(1,5)", '"否"')), version=version)
        assert load_decisions(content).decide("t", {"n": 5}) == "是"
        assert load_decisions(content).decide("t", {"n": 2}) == "否"


class TestRefusals:
    """Everything wrong with a file, at once, in Chinese, anchored to elements."""

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (table("BEST", ["n"], ["x"]), "命中策略“BEST”不认识"),
            (table("UNIQUE/SUM", ["n"], ["x"]), "汇总方式“SUM”不能用"),
            (table("C+", ["n"], ["x", "y"], ("-", "1", "2")), "不能求和或取最大最小"),
            (table("P", ["n"], ["x"], ("-", "1")), "没有列出输出值"),
            (table("U", ["n"], []), "没有输出列"),
            (table("U", ["n"], ["x", "x"], ("-", "1", "2")), "重名"),
            (table("U", ["n"], ["x"], ("-",)), "第 1 条规则的格数与列数不同"),
            (table("U", ["n"], ["x"], ("1 2", "1")), "第 1 条规则的条件有误"),
            (table("U", ["n"], ["x"], ("-", "1 +")), "第 1 条规则的结果有误"),
            (table("U", ["n"], ["x"], ("x" * 501, "1")), "内容超过 500 个字符"),
            (table("U", ["n +"], ["x"], ("-", "1")), "的输入“n +”有误"),
            (table("U", ["n"], ["x"], ("__import__('os').system('id')", "1")), "双下划线"),
            (literal("1", requires=("missing",)), "依赖的决策“missing”不存在"),
            (literal("b", "a", ("b",)) + literal("a", "b", ("a",)), "循环依赖"),
            (literal("a", "a", ("a",)), "循环依赖"),
            (literal("1", "a") + literal("2", "a"), "id 都是“a”"),
            ('<decision id="t" name="t"/>', "没有内容"),
            ('<decision name="t"><literalExpression><text>1</text></literalExpression></decision>', "没有 id"),
            ('<decisionService id="s" name="s"/>', "没有输出决策"),
            (
                '<decision id="t" name="t"><literalExpression expressionLanguage="python"><text>1</text>'
                "</literalExpression></decision>",
                "不支持表达式语言“python”",
            ),
        ],
    )
    def test_a_defect_is_found_when_the_file_is_loaded(self, body: str, message: str) -> None:
        findings = decision_problems(document(body))
        assert any(message in finding["message"] for finding in findings), findings
        with pytest.raises(ModelRefused):
            load_decisions(document(body))

    def test_all_findings_come_at_once_with_their_elements(self) -> None:
        body = table("U", ["n"], ["x"], ("1 2", "1"), ("-", "1 +"), ("<", ")")).replace("<rule>", '<rule id="r">', 1)
        findings = decision_problems(document(body))
        assert len(findings) == 4
        assert findings[0]["element"] == "r" and findings[-1]["element"] == "t"

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"<", b"hello", b"<a/>", b"\xff\xfe\x00", b"<?xml version='1.0' encoding='nonsense'?><a/>",
            b'<!DOCTYPE d [<!ENTITY x "y">]>' + document(literal("1")),
            b'<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd">' + document(literal("1")),
            b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions>&x;</definitions>',
            document(literal("1")) + b" " * 3_000_000,
            b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
        ],
        ids=range(11),
    )  # fmt: skip
    def test_a_file_that_is_no_table_is_refused(self, content: bytes) -> None:
        assert decision_problems(content)

    def test_deeply_nested_xml_is_refused_without_a_crash(self) -> None:
        deep = "<context><contextEntry>" * 200 + "</contextEntry></context>" * 200
        assert decision_problems(document(f'<decision id="t" name="t">{deep}</decision>'))


@pytest.mark.parametrize("path", sorted(PROCESSES.glob("*/*.dmn")), ids=lambda path: path.stem)
def test_every_shipped_table_loads_and_answers_an_empty_case(path: Path) -> None:
    decisions = load_decisions(path.read_bytes())
    for decision_id in decisions.ids:
        decisions.decide(decision_id, {})
