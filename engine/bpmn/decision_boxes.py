"""Reading what stands inside a decision: tables and the other boxed expressions."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine.bpmn.decision_logic import (
    BoxedContext,
    BoxedList,
    FunctionDefinition,
    Invocation,
    Literal,
    Logic,
    Relation,
    Typed,
)
from engine.bpmn.decision_loops import BoxedFilter, Conditional, Iteration
from engine.bpmn.decision_overlaps import constants
from engine.bpmn.decision_table import AGGREGATIONS, HIT_POLICIES, Input, Output, Rule, Table
from engine.bpmn.decision_texts import MAX_CELL, TextReader, child, children, name_of, tag, text_of, type_of
from engine.errors import ExpressionError
from engine.expressions import Expression, nodes, parse, parse_unary_tests
from engine.expressions.types import Type, coerce, resolved, shape
from engine.expressions.values import kind_of

MAX_RULES = 5_000
MAX_BOXES = 20
LOGIC = (
    "decisionTable", "literalExpression", "context", "list", "relation", "invocation", "functionDefinition",
    "conditional", "filter", "for", "every", "some",
)  # fmt: skip


class BoxReader(TextReader):
    """Reads logic."""

    def logic(self, element: etree._Element | None, name: str, depth: int = 0) -> Logic:
        """The logic of one boxed expression, of its declared type; without one it is null."""
        if element is None:
            return Literal(None)
        made = self._box(element, name, depth)
        declared = type_of(element) if tag(element) in ("literalExpression", "invocation", "context") else None
        return Typed(made, declared, name) if declared is not None else made

    def _box(self, element: etree._Element, name: str, depth: int) -> Logic:
        if depth > MAX_BOXES:
            self.find(element, f"“{name}”的表达式嵌套过深", "请拆成几个决策")
            return Literal(None)
        kind = tag(element)
        if kind == "decisionTable":
            return self._table(element, name)
        if kind == "literalExpression":
            if child(element, "importedValues") is not None:
                self.find(element, f"“{name}”的表达式取自别的文件（importedValues），不支持", "请把内容写进表达式")
            elif not text_of(element):
                self.doubt(element, f"“{name}”的表达式是空的", "请填写表达式，没有值就写 null")
            return Literal(self.expression(element, f"“{name}”的表达式", 4_000))
        if kind == "context":
            return BoxedContext(tuple(self._entry(entry, name, depth) for entry in children(element, "contextEntry")))
        if kind == "list":
            return BoxedList(tuple(self.logic(entry, name, depth + 1) for entry in children(element, *LOGIC)))
        if kind == "relation":
            return self._relation(element, name, depth)
        if kind == "functionDefinition":
            return self.function(element, name, depth)
        if kind == "conditional":
            parts = (self._part(element, part, name, depth) for part in ("if", "then", "else"))
            return Conditional(*parts)
        if kind == "filter":
            self.own_names.add("item")
            return BoxedFilter(self._part(element, "in", name, depth), self._part(element, "match", name, depth))
        if kind in ("for", "every", "some"):
            variable = " ".join((element.get("iteratorVariable") or "").split())
            self.own_names |= {variable, "partial"}
            body = "return" if kind == "for" else "satisfies"
            source = self._part(element, "in", name, depth)
            return Iteration(kind, variable, source, self._part(element, body, name, depth))
        return self._invocation(element, name, depth)

    def function(self, element: etree._Element, name: str, depth: int = 0) -> FunctionDefinition:
        """A function definition or a knowledge model's encapsulated logic."""
        parameters = list(children(element, "formalParameter"))
        self.own_names |= {name_of(parameter) for parameter in parameters}
        if (element.get("kind") or "FEEL") != "FEEL":
            self.find(element, f"“{name}”不是 FEEL 表达式而是外部函数", "只支持 FEEL，请改写成表达式")
            body: Logic = Literal(None)
        else:
            body = self.logic(child(element, *LOGIC), name, depth + 1)
        names = tuple(name_of(parameter) for parameter in parameters)
        return FunctionDefinition(names, tuple(type_of(parameter) for parameter in parameters), body)

    def _part(self, element: etree._Element, part: str, name: str, depth: int) -> Logic:
        body = child(child(element, part), *LOGIC)
        if body is None:
            self.doubt(element, f"“{name}”的 {tag(element)} 缺少 {part}", "请补齐")
        return self.logic(body, name, depth + 1)

    def _entry(self, entry: etree._Element, name: str, depth: int) -> tuple[str, Type | None, Logic]:
        variable = child(entry, "variable")
        key = name_of(variable)
        self.own_names.add(key)
        if child(entry, *LOGIC) is None:
            self.doubt(entry, f"“{name}”的一项“{key}”没有内容", "请填写表达式，没有值就写 null")
        return key, type_of(variable), self.logic(child(entry, *LOGIC), name, depth + 1)

    def _relation(self, element: etree._Element, name: str, depth: int) -> Logic:
        columns = tuple(name_of(column) for column in children(element, "column"))
        rows = tuple(
            tuple(self.logic(cell, name, depth + 1) for cell in children(row, *LOGIC))
            for row in children(element, "row")
        )
        if any(len(row) != len(columns) for row in rows):
            self.find(element, f"“{name}”的关系表有一行的格数与列数不同", "请补齐")
            rows = tuple(row for row in rows if len(row) == len(columns))
        return Relation(columns, rows)

    def _invocation(self, element: etree._Element, name: str, depth: int) -> Logic:
        called = child(element, "literalExpression")
        function = self.expression(called, f"“{name}”调用的函数", MAX_CELL)
        if function is None:
            self.find(element, f"“{name}”的调用没有写函数名", "请填写业务知识模型的名称")
        bindings = []
        for binding in children(element, "binding"):
            key = name_of(child(binding, "parameter"))
            bindings.append((key, self.logic(child(binding, *LOGIC), name, depth + 1)))
        return Invocation(function or parse("null", self.names, True), tuple(bindings))

    # -------- tables

    def _table(self, element: etree._Element, name: str) -> Table:
        policy = HIT_POLICIES.get((element.get("hitPolicy") or "UNIQUE").upper().replace("_", " "), "")
        aggregation = element.get("aggregation") or ""
        if not policy:
            self.find(
                element, f"决策表“{name}”的命中策略“{element.get('hitPolicy')}”不认识", "请改为 U、A、P、F、R、O 或 C"
            )
        if aggregation:
            if policy != "C" or aggregation not in AGGREGATIONS:
                self.find(element, f"决策表“{name}”的汇总方式“{aggregation}”不能用", "只有 COLLECT 可以汇总")
            policy = AGGREGATIONS.get(aggregation, policy)
        inputs = tuple(self._input(column, name) for column in children(element, "input"))
        outputs = tuple(self._output(column, name, policy in ("P", "O")) for column in children(element, "output"))
        if not outputs:
            self.find(element, f"决策表“{name}”没有输出列", "请至少添加一个输出")
        if len({output.name for output in outputs}) < len(outputs):
            self.find(element, f"决策表“{name}”的输出列重名或没有名称", "请给每个输出列起不同的名称")
        if len(policy) == 2 and policy != "C#" and len(outputs) > 1:
            self.find(element, f"决策表“{name}”有多个输出列，不能求和或取最大最小", "请拆成几张表")
        if len(outputs) > 1 and policy != "C#":
            self._holds_several(element, name)
        if policy in ("P", "O") and not any(output.order for output in outputs):
            self.find(
                element, f"决策表“{name}”按输出的优先次序取结果，但没有列出输出值", "请在输出列填写允许的值，由高到低"
            )
        rows = list(children(element, "rule"))
        if len(rows) > MAX_RULES:
            self.find(element, f"决策表“{name}”超过 {MAX_RULES} 条规则", "请拆成几张表")
            rows = []
        rules = [self._rule(row, name, n, len(inputs), len(outputs)) for n, row in enumerate(rows, 1)]
        for number, (row, rule) in enumerate(zip(rows, rules, strict=True), 1):
            if rule is not None:
                self._never(row, f"决策表“{name}”第 {number} 条规则", rule, inputs, outputs)
        return Table(name, policy, inputs, outputs, tuple(rule for rule in rules if rule is not None))

    def _holds_several(self, element: etree._Element, name: str) -> None:
        """Several outputs make a context: a text or number that is declared for it would make it null."""
        parent = element.getparent()
        for declared in (type_of(element), type_of(child(parent, "variable")) if tag(parent) == "decision" else None):
            known = shape(declared, self.types)
            kind = shape(known.items[0], self.types).kind if known.kind == "list" and known.items else known.kind
            if kind not in ("Any", "context", "list"):
                self.doubt(
                    element, f"决策表“{name}”有几个输出列，结果由它们组成，声明的类型却是 {kind}，按标准得空值",
                    "请声明由这些输出列组成的数据类型（itemDefinition），或去掉声明的类型",
                )  # fmt: skip
                return

    def _never(
        self, row: etree._Element, place: str, rule: Rule, inputs: tuple[Input, ...], outputs: tuple[Output, ...]
    ) -> None:
        """Constants that no value of the column can meet, and results that are not of their column's type."""
        for column, cell in zip(inputs, rule.tests, strict=True):
            kind = shape(column.type, self.types).kind
            for value, equal in constants(cell):
                if kind not in ("Any", "list", kind_of(value)):
                    self.doubt(
                        row, f"{place}的条件“{cell.text}”与输入“{column.label}”的类型 {kind} 不同，永远不会相符",
                        "请改正单元格或输入列的类型；日期写 date(\"2026-01-31\")",
                    )  # fmt: skip
                    break
                elif equal and column.allowed is not None and not column.allowed.accepts(value):
                    self.doubt(
                        row, f"{place}的条件“{cell.text}”不在输入“{column.label}”允许的值（{column.allowed.text}）之内",
                        "请核对文字，或补充允许的值", "warning",
                    )  # fmt: skip
        for output, result in zip(outputs, rule.results, strict=True):
            if result is None or not isinstance(result.tree, nodes.Literal):
                continue
            if not coerce(result.tree.value, output.type, self.types)[1]:
                self.doubt(row, f"{place}的结果“{result.text}”与输出“{output.name}”的类型不符", "请改正结果或类型")

    def _input(self, column: etree._Element, table: str) -> Input:
        source = child(column, "inputExpression")
        label = column.get("label") or text_of(source) or "?"
        expression = self.expression(source, f"决策表“{table}”的输入“{label}”", MAX_CELL)
        if expression is None:
            self.find(column, f"决策表“{table}”的输入“{label}”没有表达式", "请填写变量名或表达式")
        allowed = self.tests(child(column, "inputValues"), f"决策表“{table}”的输入“{label}”的允许值")
        return Input(label, expression or parse("null"), type_of(source), allowed)

    def _output(self, column: etree._Element, table: str, ranked: bool) -> Output:
        """``ranked``: the order of the values counts; where the column lists none, its type's are taken."""
        name = column.get("name") or column.get("label") or ""
        place = f"决策表“{table}”的输出“{name}”"
        allowed = self.tests(child(column, "outputValues"), f"{place}的允许值")
        order = allowed or (resolved(type_of(column), self.types).allowed if ranked else None)
        values: list[Any] = []
        for test in order.tests if order else ():
            try:
                values.append(Expression(order.text if order else "", test, True).evaluate_exact({}))
            except ExpressionError as error:
                self.find(column, f"{place}的允许值有误：{error.message}", "请逐个列出值，用逗号隔开")
        default = self.expression(child(column, "defaultOutputEntry"), f"{place}的默认值", MAX_CELL)
        return Output(name, tuple(values), default, allowed, type_of(column))

    def _rule(self, row: etree._Element, table: str, number: int, inputs: int, outputs: int) -> Rule | None:
        place = f"决策表“{table}”第 {number} 条规则"
        tests = [self.tests(cell, f"{place}的条件") for cell in children(row, "inputEntry")]
        results = [self.expression(cell, f"{place}的结果", MAX_CELL) for cell in children(row, "outputEntry")]
        if len(tests) != inputs or len(results) != outputs:
            self.find(row, f"{place}的格数与列数不同", "请补齐或删除多余的单元格")
            return None
        description = child(row, "description")
        everything = parse_unary_tests("-", self.names, True)
        return Rule(
            tuple(test or everything for test in tests), tuple(results),
            ((description.text or "") if description is not None else "").strip(),
        )  # fmt: skip
