"""A deployed process in words: its steps, forms and decision tables, and what differs between two versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.bpmn.xml import read_xml
from engine.documents.reading import examine
from engine.errors import ModelRefused
from engine.lint.model import Diagram, Flow, Node, local, q, read_diagram, text_of
from engine.lint.words import WORDS

#: Form components as designers call them.
COMPONENTS = {
    "text": "说明文字", "textfield": "单行文本", "textarea": "多行文本", "number": "数字", "date": "日期",
    "datetime": "日期时间", "select": "下拉选择", "radio": "单选", "checklist": "多选", "checkbox": "勾选",
    "dynamiclist": "逐行填写", "filepicker": "附件", "objectPicker": "检查对象", "inspectorPicker": "执法检查人员",
    "userPicker": "人员", "departmentPicker": "部门", "itemPicker": "抽查事项", "signature": "签名", "location": "位置",
    "photo": "照片",
}  # fmt: skip
#: Extension properties of elements, in the words of the designer's panel.
PROPERTIES = {
    "form": "表单", "role": "办理角色", "department": "办理部门", "on_behalf": "可以代录的部门",
    "candidates": "指定人员", "due": "期限", "deadline": "法定期限", "legal_basis": "法律依据",
    "documents": "出具的文书", "not_by": "不得由同一人办理", "on_submit": "提交时执行", "service": "服务任务",
    "decision": "决策表",
}  # fmt: skip
#: Parameters that many steps hand to their service; a rare one keeps the name it has in the diagram.
PARAMETERS = {
    "outcome": "办理结果", "kind": "种类", "variables": "带去的数据", "name": "名称", "reason": "理由", "state": "状态",
    "payload": "随消息送出的数据", "approved_by": "批准人", "until": "截止时间", "served": "送达情况",
    "question": "问题", "ground": "依据", "document": "文书", "business_key": "事项编号", "started_at": "起算时间",
    "stage": "阶段", "since": "起算日期", "served_on": "送达日期", "rule": "期限", "result": "结果",
    "origin": "来源事项", "number": "编号", "decision": "决定", "amount": "数额", "confiscated": "没收数额",
    "filing": "立案情况",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One element of a diagram with everything the XML says of it, as label → text."""

    id: str
    name: str
    kind: str
    lane: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableView:
    """One decision as a table people can read; ``rules`` hold input texts, output texts and the remark."""

    id: str
    name: str
    policy: str
    inputs: list[str]
    outputs: list[str]
    rules: list[tuple[list[str], list[str], str]]
    expression: str = ""
    file: str = ""


@dataclass(frozen=True)
class FormItem:
    """One line of a form; ``depth`` counts the lists around it."""

    key: str
    label: str
    kind: str
    depth: int
    facts: dict[str, str]


@dataclass(frozen=True)
class FormPreview:
    key: str
    title: str
    items: list[FormItem]


@dataclass(frozen=True)
class Change:
    """One difference: ``where`` names file and element, ``rows`` are (what, before, after)."""

    kind: str  # added | removed | changed
    where: str
    name: str
    rows: list[tuple[str, str, str]]


def steps(bundle: Mapping[str, str]) -> list[Step]:
    """The flow nodes of all diagrams in the order of the file; a diagram that cannot be read has none."""
    return [step for step in _elements(bundle) if step.kind != WORDS["sequenceFlow"]]


def _elements(bundle: Mapping[str, str]) -> Iterator[Step]:
    for name in sorted(bundle):
        if not name.endswith(".bpmn"):
            continue
        try:
            diagram = read_diagram(name, read_xml(bundle[name], name))
        except ModelRefused:
            continue
        lanes = {
            text_of(ref): lane.get("name", "") for lane in diagram.all("lane") for ref in lane.findall(q("flowNodeRef"))
        }
        names = _names(diagram)
        for node in diagram.nodes:
            yield _node(node, lanes, names)
        for flow in diagram.flows:
            yield _flow(flow)


def _names(diagram: Diagram) -> dict[str, str]:
    """The names of the messages and errors that events refer to by id."""
    found = (xml for tag in ("message", "error") for xml in diagram.all(tag))
    return {xml.get("id", ""): xml.get("name") or xml.get("id", "") for xml in found}


def _node(node: Node, lanes: Mapping[str, str], names: Mapping[str, str]) -> Step:
    facts: dict[str, str] = {}
    if node.host is not None:
        facts["附着于"] = node.host.name or node.host.id
        facts["中断"] = "中断" if node.interrupting else "不中断"
    for event in node.events:
        inner = "；".join(text_of(child) for child in event.xml if text_of(child))
        reference = event.xml.get("messageRef") or event.xml.get("errorRef") or ""
        facts[event.word] = inner or names.get(reference, reference)
    loop = node.loop
    if loop is not None:
        facts["多实例"] = "依次" if loop.get("isSequential") == "true" else "并行"
        for child in loop:
            facts[f"多实例 {local(child)}"] = text_of(child) or child.get("name") or child.get("id", "")
    for name, value in node.properties.items():
        facts[_property(name)] = value
    documentation = node.xml.find(q("documentation"))
    if documentation is not None:
        facts["说明"] = text_of(documentation)
    return Step(node.id, node.name, WORDS.get(node.type, node.type), _lane(node, lanes), facts)


def _lane(node: Node, lanes: Mapping[str, str]) -> str:
    """The lane of a node; inside a sub-process, that of the sub-process."""
    at: Node | None = node
    while at is not None:
        if at.id in lanes:
            return lanes[at.id]
        at = at.host or at.scope.owner
    return ""


def _property(name: str) -> str:
    prefix, _, rest = name.partition(":")
    if prefix == "set" and rest:
        return f"赋值 {rest}"
    if prefix == "param" and rest:
        return f"参数 {PARAMETERS.get(rest, rest)}"
    return PROPERTIES.get(name, name)


def _flow(flow: Flow) -> Step:
    # Ends by id: a renamed step is one difference, not one more for every flow that touches it.
    facts = {"从": flow.source_ref, "到": flow.target_ref}
    if flow.condition:
        facts["条件"] = flow.condition
    ends = " → ".join(node.name or node.id if node else "？" for node in (flow.source, flow.target))
    return Step(flow.id, flow.name or ends, WORDS["sequenceFlow"], "", facts)


# -- decision tables --------------------------------------------------------------------


def tables(bundle: Mapping[str, str]) -> list[TableView]:
    """Every decision of the bundle's DMN files."""
    found = []
    for name in sorted(bundle):
        if name.endswith(".dmn"):
            try:
                root = read_xml(bundle[name], name)
            except ModelRefused:
                continue
            found += [replace(_decision(xml), file=name) for xml in root.iter("{*}decision")]
    return found


def _decision(xml: Any) -> TableView:
    table = xml.find("{*}decisionTable")
    identity, name = xml.get("id", ""), xml.get("name", "")
    if table is None:
        return TableView(identity, name, "", [], [], [], text_of(xml.find("{*}literalExpression")) or "—")
    inputs = [
        i.get("label") or text_of(i.find("{*}inputExpression")) or i.get("id", "") for i in table.iterfind("{*}input")
    ]
    outputs = [o.get("label") or o.get("name") or o.get("id", "") for o in table.iterfind("{*}output")]
    rules = [
        (
            [text_of(entry.find("{*}text")) or "-" for entry in rule.iterfind("{*}inputEntry")],
            [text_of(entry.find("{*}text")) for entry in rule.iterfind("{*}outputEntry")],
            text_of(rule.find("{*}description")),
        )
        for rule in table.iterfind("{*}rule")
    ]
    return TableView(identity, name, table.get("hitPolicy", "UNIQUE"), inputs, outputs, rules)


# -- forms ------------------------------------------------------------------------------


def forms(bundle: Mapping[str, str]) -> list[FormPreview]:
    """Every form of the bundle, read leniently: a broken one is a lint finding, not an error here."""
    found = []
    for name in sorted(bundle):
        if not name.startswith("forms/"):
            continue
        try:
            raw = json.loads(bundle[name])
            key = name.removeprefix("forms/").removesuffix(".json")
            found.append(FormPreview(key, str(raw.get("title") or key), list(_items(raw.get("components", []), 0))))
        except (ValueError, AttributeError, TypeError):
            continue
    return found


def _items(components: Any, depth: int) -> Iterator[FormItem]:
    for raw in components if isinstance(components, list) else []:
        facts: dict[str, str] = {}
        rules = raw.get("validate") or {}
        if rules.get("required"):
            facts["必填"] = "是"
        for rule, word in (
            ("minLength", "最少字数"), ("maxLength", "最多字数"), ("min", "最小"), ("max", "最大"),
            ("minItems", "最少行数"), ("maxItems", "最多行数"), ("format", "格式"), ("pattern", "格式"),
        ):  # fmt: skip
            if rule in rules:
                facts[word] = str(rules[rule])
        options = [o.get("label", o.get("value")) if isinstance(o, dict) else o for o in raw.get("values") or []]
        if options:
            facts["选项"] = "、".join(map(str, options))
        if raw.get("valuesKey"):
            facts["选项来源"] = str(raw["valuesKey"])
        if (raw.get("conditional") or {}).get("hide"):
            facts["隐藏条件"] = str(raw["conditional"]["hide"])
        if raw.get("description"):
            facts["提示"] = str(raw["description"])
        label = str(raw.get("label") or raw.get("text") or "")
        kind = COMPONENTS.get(raw.get("type", ""), str(raw.get("type", "")))
        yield FormItem(str(raw.get("key") or raw.get("path") or ""), label, kind, depth, facts)
        yield from _items(raw.get("components"), depth + 1)


# -- documents --------------------------------------------------------------------------


@dataclass(frozen=True)
class DocumentPreview:
    """A template of an official document, in words."""

    key: str
    title: str
    facts: dict[str, str]
    text: str


def documents(bundle: Mapping[str, str]) -> list[DocumentPreview]:
    """Every template of the bundle; a broken one is a lint finding, not an error here."""
    found = []
    for name in sorted(bundle):
        if not name.startswith("documents/"):
            continue
        template, _ = examine(bundle[name])
        if template is None:
            continue
        facts = {
            "文号种类": template.code,
            "版式": "公文" if template.letter else "表格式文书",
            "份数": "一件事项一份" if template.for_case else "每个部门一份",
            "出具": "可以多次" if template.several else "一次",
            "依据": template.basis,
        }
        key = name.removeprefix("documents/").removesuffix(".json")
        found.append(DocumentPreview(key, template.title, facts, bundle[name]))
    return found


def _document_facts(bundle: Mapping[str, str]) -> Facts:
    found: Facts = {}
    for one in documents(bundle):
        blocks = json.loads(one.text)["blocks"]
        parts = {f"第 {n} 块": json.dumps(block, ensure_ascii=False) for n, block in enumerate(blocks, 1)}
        found[one.key] = (one.title, {"名称": one.title, **one.facts, **parts})
    return found


# -- two versions -----------------------------------------------------------------------


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    """What changed in steps, flows, tables, forms and documents; layout alone is no change."""
    return [
        *_changes("流程图", _diagram_facts(old), _diagram_facts(new)),
        *_changes("决策表", _table_facts(old), _table_facts(new)),
        *_changes("表单", _form_facts(old), _form_facts(new)),
        *_changes("文书", _document_facts(old), _document_facts(new)),
    ]


Facts = dict[str, tuple[str, dict[str, str]]]


def _diagram_facts(bundle: Mapping[str, str]) -> Facts:
    found: Facts = {}
    for step in _elements(bundle):
        named = {} if step.kind == WORDS["sequenceFlow"] and " → " in step.name else {"名称": step.name}
        facts = {**named, "类型": step.kind, "泳道": step.lane, **step.facts}
        found[step.id] = (f"{step.kind}“{step.name or step.id}”", facts)
    return found


def _table_facts(bundle: Mapping[str, str]) -> Facts:
    found: Facts = {}
    for table in tables(bundle):
        facts = {
            "名称": table.name,
            "命中策略": table.policy,
            "输入": "、".join(table.inputs),
            "输出": "、".join(table.outputs),
        }
        for number, (inputs, outputs, remark) in enumerate(table.rules, 1):
            facts[f"规则 {number}"] = f"{' ∧ '.join(inputs)} → {'，'.join(outputs)}{f'（{remark}）' if remark else ''}"
        if table.expression:
            facts["表达式"] = table.expression
        found[table.id] = (table.name or table.id, facts)
    return found


def _form_facts(bundle: Mapping[str, str]) -> Facts:
    found: Facts = {}
    for form in forms(bundle):
        found[form.key] = (form.title, {"标题": form.title})
        for place, item in enumerate(form.items):
            identity = f"{form.key}/{item.depth}/{item.key or f'#{place}'}"
            found[identity] = (f"{form.title} · {item.label}", {"标签": item.label, "类型": item.kind, **item.facts})
    return found


def _changes(file: str, old: Facts, new: Facts) -> Iterator[Change]:
    for identity, (name, facts) in new.items():
        if identity not in old:
            yield Change("added", file, name, [(k, "", v) for k, v in facts.items() if v])
        elif old[identity][1] != facts:
            before = old[identity][1]
            keys = [*before, *(k for k in facts if k not in before)]
            yield Change(
                "changed", file, name,
                [(k, before.get(k, ""), facts.get(k, "")) for k in keys if before.get(k, "") != facts.get(k, "")],
            )  # fmt: skip
    for identity, (name, facts) in old.items():
        if identity not in new:
            yield Change("removed", file, name, [(k, v, "") for k, v in facts.items() if v])
