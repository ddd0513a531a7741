"""Reading DMN files: every defect becomes a finding anchored to its element, none stops the reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.bpmn.decision_logic import (
    AGGREGATIONS,
    HIT_POLICIES,
    BoxedContext,
    BoxedList,
    Input,
    Invocation,
    Literal,
    Logic,
    Output,
    Relation,
    Rule,
    Table,
    input_kind,
)
from engine.bpmn.xml import read_xml
from engine.errors import ExpressionError, ModelRefused
from engine.expressions import Expression, UnaryTests, parse, parse_unary_tests

MAX_CELL = 500
MAX_RULES = 5_000
MAX_BOXES = 20
_NAMESPACES = ("http://www.omg.org/spec/DMN/", "https://www.omg.org/spec/DMN/")
_LOGIC = frozenset({"decisionTable", "literalExpression", "context", "list", "relation", "invocation"})


@dataclass(frozen=True)
class Decision:
    """One decision: its logic and the decisions and knowledge models it requires (by id)."""

    id: str
    name: str
    variable: str
    logic: Logic
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Knowledge:
    """A business knowledge model: a function of its parameters."""

    id: str
    name: str
    parameters: tuple[str, ...]
    logic: Logic


def _tag(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: etree._Element, *tags: str) -> Iterator[etree._Element]:
    return (child for child in element if _tag(child) in tags)


def _child(element: etree._Element, *tags: str) -> etree._Element | None:
    return next(_children(element, *tags), None)


def _text(element: etree._Element | None) -> str:
    inner = _child(element, "text") if element is not None else None
    return ("".join(inner.itertext()) if inner is not None else "").strip()


class DecisionReader:
    """Collects decisions and findings over several files."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.decisions: dict[str, Decision] = {}
        self.knowledge: dict[str, Knowledge] = {}
        self.names: frozenset[str] = frozenset()
        self.types: dict[str, str] = {}

    def find(self, element: etree._Element | None, message: str, remedy: str = "") -> None:
        anchor = element
        while anchor is not None and not anchor.get("id"):
            anchor = anchor.getparent()
        self.findings.append(
            {
                "rule": "decision", "severity": "error", "file": "",
                "element": (anchor.get("id") or "") if anchor is not None else "",
                "message": message, "remedy": remedy,
            }
        )  # fmt: skip

    # -------- the file

    def read(self, content: bytes | str) -> None:
        root = self._root(content)
        if root is None:
            return
        spaced = set()
        for element in root.iter("{*}inputData", "{*}decision", "{*}variable", "{*}itemComponent", "{*}formalParameter",
                                 "{*}parameter", "{*}businessKnowledgeModel", "{*}output", "{*}column"):  # fmt: skip
            name = " ".join((element.get("name") or "").split())
            if name and not name.replace("_", "a").isalnum():
                spaced.add(name)
        self.names = self.names | spaced
        for definition in _children(root, "itemDefinition"):
            reference = _child(definition, "typeRef")
            if reference is not None and definition.get("isCollection") != "true":
                self.types[definition.get("name") or ""] = (reference.text or "").strip()
        for element in root:
            if _tag(element) == "decision":
                self._decision(element)
            elif _tag(element) == "businessKnowledgeModel":
                self._knowledge(element)
            elif _tag(element) == "decisionService":
                self.find(element, "不支持决策服务（decisionService）", "请直接引用其中的决策")

    def _root(self, content: bytes | str) -> etree._Element | None:
        try:
            root = read_xml(content, "决策表文件")
        except ModelRefused as refusal:
            self.findings += refusal.findings
            return None
        if _tag(root) != "definitions" or not (etree.QName(root).namespace or "").startswith(_NAMESPACES):
            self.find(root, "这不是 DMN 决策表文件", "请上传扩展名为 .dmn 的文件")
            return None
        return root

    def _decision(self, element: etree._Element) -> None:
        identifier, name = element.get("id") or "", element.get("name") or element.get("id") or ""
        if not identifier:
            self.find(element, f"决策“{name}”没有 id", "请在建模工具中填写 id")
            return
        if identifier in self.decisions:
            self.find(element, f"有两个决策的 id 都是“{identifier}”", "请修改其中一个")
            return
        body = _child(element, *_LOGIC)
        if body is None:
            other = next((_tag(c) for c in element if _tag(c) in ("functionDefinition", "conditional", "filter", "for",
                                                                  "every", "some")), "")  # fmt: skip
            self.find(element, f"决策“{name}”没有内容" + (f"，不支持 {other}" if other else ""), "请改用决策表或表达式")
            return
        variable = _child(element, "variable")
        requires = [
            (href.get("href") or "").rpartition("#")[2]
            for requirement in _children(element, "informationRequirement")
            for href in _children(requirement, "requiredDecision")
        ]
        bound = (variable.get("name") if variable is not None else "") or name
        logic = self._logic(body, name, 0)
        self.decisions[identifier] = Decision(identifier, name, bound, logic, tuple(requires))

    def _knowledge(self, element: etree._Element) -> None:
        name = element.get("name") or element.get("id") or ""
        encapsulated = _child(element, "encapsulatedLogic")
        body = _child(encapsulated, *_LOGIC) if encapsulated is not None else None
        if encapsulated is None or body is None:
            self.find(element, f"业务知识模型“{name}”没有内容", "请填写参数和表达式")
            return
        if encapsulated.get("kind", "FEEL") != "FEEL":
            self.find(element, f"业务知识模型“{name}”不是 FEEL 表达式", "只支持 FEEL")
            return
        parameters = tuple(p.get("name") or "" for p in _children(encapsulated, "formalParameter"))
        self.knowledge[name] = Knowledge(element.get("id") or name, name, parameters, self._logic(body, name, 0))

    # -------- logic

    def _logic(self, element: etree._Element | None, name: str, depth: int) -> Logic:
        if element is None:
            return Literal(None)
        if depth > MAX_BOXES:
            self.find(element, f"“{name}”的表达式嵌套过深", "请拆成几个决策")
            return Literal(None)
        kind = _tag(element)
        if kind == "decisionTable":
            return self._table(element, name)
        if kind == "literalExpression":
            return Literal(self._expression(element, f"“{name}”的表达式", 4_000))
        if kind == "context":
            return BoxedContext(tuple(self._entry(entry, name, depth) for entry in _children(element, "contextEntry")))
        if kind == "list":
            return BoxedList(tuple(self._logic(entry, name, depth + 1) for entry in _children(element, *_LOGIC)))
        if kind == "relation":
            columns = tuple(column.get("name") or "" for column in _children(element, "column"))
            rows = tuple(
                tuple(self._logic(cell, name, depth + 1) for cell in _children(row, *_LOGIC))
                for row in _children(element, "row")
            )
            if any(len(row) != len(columns) for row in rows):
                self.find(element, f"“{name}”的关系表有一行的格数与列数不同", "请补齐")
            return Relation(columns, rows)
        return self._invocation(element, name, depth)

    def _entry(self, entry: etree._Element, name: str, depth: int) -> tuple[str, Logic]:
        variable = _child(entry, "variable")
        return (variable.get("name") or "") if variable is not None else "", self._logic(
            _child(entry, *_LOGIC), name, depth + 1
        )

    def _invocation(self, element: etree._Element, name: str, depth: int) -> Logic:
        function = " ".join(_text(_child(element, "literalExpression")).split())
        bindings = []
        for binding in _children(element, "binding"):
            parameter = _child(binding, "parameter")
            key = ((parameter.get("name") or "") if parameter is not None else "").replace(" ", "_")
            bindings.append((key, self._logic(_child(binding, *_LOGIC), name, depth + 1)))
        return Invocation(function, tuple(bindings))

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
        inputs = tuple(self._input(column, name) for column in _children(element, "input"))
        outputs = tuple(self._output(column, name) for column in _children(element, "output"))
        if not outputs:
            self.find(element, f"决策表“{name}”没有输出列", "请至少添加一个输出")
        if len({output.name for output in outputs}) < len(outputs):
            self.find(element, f"决策表“{name}”的输出列重名或没有名称", "请给每个输出列起不同的名称")
        if len(policy) == 2 and policy != "C#" and len(outputs) > 1:
            self.find(element, f"决策表“{name}”有多个输出列，不能求和或取最大最小", "请拆成几张表")
        if policy in ("P", "O") and not any(output.order for output in outputs):
            self.find(
                element, f"决策表“{name}”按输出的优先次序取结果，但没有列出输出值", "请在输出列填写允许的值，由高到低"
            )
        rows = list(_children(element, "rule"))
        if len(rows) > MAX_RULES:
            self.find(element, f"决策表“{name}”超过 {MAX_RULES} 条规则", "请拆成几张表")
            rows = []
        rules = tuple(self._rule(row, name, n, len(inputs), len(outputs)) for n, row in enumerate(rows, 1))
        return Table(name, policy, inputs, outputs, tuple(rule for rule in rules if rule is not None))

    def _input(self, column: etree._Element, table: str) -> Input:
        source = _child(column, "inputExpression")
        label = column.get("label") or _text(source) or "?"
        expression = self._expression(source, f"决策表“{table}”的输入“{label}”", MAX_CELL)
        if expression is None:
            self.find(column, f"决策表“{table}”的输入“{label}”没有表达式", "请填写变量名或表达式")
        type_name = (source.get("typeRef") or "") if source is not None else ""
        type_name = self.types.get(type_name.rpartition(":")[2], type_name)
        allowed = self._tests(_child(column, "inputValues"), f"决策表“{table}”的输入“{label}”的允许值")
        return Input(label, expression or parse("null"), input_kind(type_name), allowed)

    def _output(self, column: etree._Element, table: str) -> Output:
        name = column.get("name") or column.get("label") or ""
        place = f"决策表“{table}”的输出“{name}”"
        order = self._tests(_child(column, "outputValues"), f"{place}的允许值")
        values: list[Any] = []
        for test in order.tests if order else ():
            try:
                values.append(Expression(order.text if order else "", test).evaluate_exact({}))
            except ExpressionError as error:
                self.find(column, f"{place}的允许值有误：{error.message}", "请逐个列出值，用逗号隔开")
        default = self._expression(_child(column, "defaultOutputEntry"), f"{place}的默认值", MAX_CELL)
        return Output(name, tuple(values), default)

    def _rule(self, row: etree._Element, table: str, number: int, inputs: int, outputs: int) -> Rule | None:
        place = f"决策表“{table}”第 {number} 条规则"
        tests = [self._tests(cell, f"{place}的条件") for cell in _children(row, "inputEntry")]
        results = [self._expression(cell, f"{place}的结果", MAX_CELL) for cell in _children(row, "outputEntry")]
        if len(tests) != inputs or len(results) != outputs:
            self.find(row, f"{place}的格数与列数不同", "请补齐或删除多余的单元格")
            return None
        description = _child(row, "description")
        everything = parse_unary_tests("-")
        return Rule(
            tuple(test or everything for test in tests), tuple(results),
            ((description.text or "") if description is not None else "").strip(),
        )  # fmt: skip

    def _expression(self, element: etree._Element | None, place: str, longest: int) -> Expression | None:
        text = _text(element)
        if element is None or text in ("", "-"):
            return None
        try:
            self._feel_only(element, place, text, longest)
            return parse(text, self.names)
        except ExpressionError as error:
            self.find(element, f"{place}有误：{error.message}", "请按提示修改")
            return None

    def _tests(self, element: etree._Element | None, place: str) -> UnaryTests | None:
        text = _text(element)
        if element is None or not text:
            return None
        try:
            self._feel_only(element, place, text, MAX_CELL)
            return parse_unary_tests(text, self.names)
        except ExpressionError as error:
            self.find(element, f"{place}有误：{error.message}", "请按提示修改")
            return None

    def _feel_only(self, element: etree._Element, place: str, text: str, longest: int) -> None:
        language = element.get("expressionLanguage") or ""
        if language and "feel" not in language.lower():
            raise ExpressionError(f"不支持表达式语言“{language}”，只支持 FEEL")
        if len(text) > longest:
            raise ExpressionError(f"内容超过 {longest} 个字符")

    # -------- requirements

    def link(self) -> None:
        """Check that required decisions exist and that none requires itself, directly or not."""
        for decision in self.decisions.values():
            for required in decision.requires:
                if required not in self.decisions:
                    self._about(
                        decision, f"决策“{decision.name}”依赖的决策“{required}”不存在", "请一并上传或删除该依赖"
                    )
        done: set[str] = set()
        for start in self.decisions.values():
            trail: list[str] = []
            if self._circular(start.id, trail, done):
                self._about(start, f"决策“{start.name}”循环依赖自己", "请断开其中一个依赖")
                return

    def _circular(self, identifier: str, trail: list[str], done: set[str]) -> bool:
        stack = [(identifier, iter(self.decisions[identifier].requires))]
        trail.append(identifier)
        while stack:
            following = next(stack[-1][1], None)
            if following is None:
                done.add(stack.pop()[0])
                trail.pop()
            elif following in trail:
                return True
            elif following in self.decisions and following not in done:
                trail.append(following)
                stack.append((following, iter(self.decisions[following].requires)))
        return False

    def _about(self, decision: Decision, message: str, remedy: str) -> None:
        self.findings.append(
            {
                "rule": "decision", "severity": "error", "file": "", "element": decision.id,
                "message": message, "remedy": remedy,
            }
        )  # fmt: skip
