"""Every rule with a diagram on either side of its border, and what the standard forbids besides."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from engine.inspection import installation
from engine.lint.bundle import process_folders, read_bundle
from engine.lint.finding import Finding
from engine.lint.folding import fold
from engine.lint.linter import all_rules, lint
from engine.service_tasks import ServiceInfo

ROOT = Path(__file__).resolve().parents[2]
DIAGRAMS = ROOT / "tests" / "lint"
PAGES = ROOT / "docs" / "reference" / "lint"

ROLES = frozenset({"承办人", "科室负责人"})
SERVICES = {
    name: ServiceInfo(name, name, "", parameters, parameters, lambda context: None)
    for name, parameters in {"notify": (), "start-case": ("kind",)}.items()
}
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="ratio" name="比例">'
    '<literalExpression id="value"><text>10</text></literalExpression></decision></definitions>'
)
FORM = (DIAGRAMS / "form-schema" / "valid.json").read_text(encoding="utf-8")
NOTICE = (DIAGRAMS / "document-schema" / "valid.json").read_text(encoding="utf-8")
AROUND = {"forms/approval.json": FORM, "documents/notice.json": NOTICE, "ratio.dmn": TABLE}
JSON_OF = {"form-schema": "forms/approval.json", "document-schema": "documents/notice.json"}


def check(text: str, name: str = "sample.bpmn", **around: str) -> list[Finding]:
    return lint({**AROUND, **around, name: text}, roles=ROLES, services=SERVICES)


def errors(text: str) -> set[str]:
    return {finding.rule for finding in check(text) if finding.severity == "error"}


def diagram(rule: str, kind: str) -> tuple[str, str]:
    path = next((DIAGRAMS / rule).glob(f"{kind}.*"))
    name = JSON_OF[rule] if path.suffix == ".json" else path.name
    return name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", all_rules())
def test_a_rule_lets_its_valid_diagram_pass(rule: str) -> None:
    name, text = diagram(rule, "valid")
    findings = check(text, name)
    # A lawful diagram may still show something that cannot be run here.
    assert [f for f in findings if f.severity == "error"] == []
    assert [f for f in findings if f.rule == rule and rule != "imports"] == []


@pytest.mark.parametrize("rule", all_rules())
def test_a_rule_names_the_fault_of_its_invalid_diagram(rule: str) -> None:
    name, text = diagram(rule, "invalid")
    found = [f for f in check(text, name) if f.rule == rule]
    assert found
    for finding in found:
        assert finding.file == name
        assert finding.message and finding.remedy
        assert set(finding.as_dict()) == {"rule", "severity", "file", "element", "message", "remedy"}


@pytest.mark.parametrize("rule", all_rules())
def test_a_rule_has_a_page_that_says_what_why_and_what_to_do(rule: str) -> None:
    page = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule}：")
    for heading in ("## 检查什么", "## 为什么", "## 怎么办"):
        assert heading in page


def test_no_page_and_no_diagram_is_left_of_a_rule_that_is_gone() -> None:
    rules = set(all_rules())
    assert {p.name for p in DIAGRAMS.iterdir()} == rules
    assert {p.stem for p in PAGES.glob("*.md")} - {"README"} == rules


def test_the_index_lists_every_rule_once() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[([a-z-]+)\]\(\1\.md\) \|", index, re.M)) == sorted(all_rules())


def test_the_shipped_processes_are_clean() -> None:
    folders = process_folders(ROOT / "processes")
    assert folders
    for folder in folders:
        bundle = read_bundle(folder, ROOT / "forms")
        findings = lint(bundle, roles=installation.roles(), services=installation.services())
        assert [f for f in findings if f.severity == "error"] == [], folder.name


def test_everything_is_reported_at_once_with_errors_first() -> None:
    _, text = diagram("reserved-names", "invalid")
    text = text.replace('name="办理"', "").replace('value="approval"', 'value="nothing"')
    findings = check(text)
    assert {"reserved-names", "known-forms", "labels"} <= {f.rule for f in findings}
    severities = [f.severity for f in findings]
    assert severities == sorted(severities)


def test_what_is_said_of_many_elements_alike_is_one_line_for_people_and_one_finding_each_for_programs() -> None:
    name, text = diagram("unreachable-nodes", "invalid")
    findings = [f.as_dict() for f in check(text, name)]
    alike = {
        **findings[0],
        "element": "other",
        "message": re.sub("“[^”]*”", "“另一步”", findings[0]["message"], count=1),
    }
    (first, *rest) = fold([*findings, alike])
    assert first["elements"] == [findings[0]["element"], "other"] and "、" in first["message"]
    assert first["message"].endswith(findings[0]["message"].partition("”")[2])
    assert [f["elements"] for f in rest] == [[f["element"]] if f["element"] else [] for f in findings[1:]]
    assert "elements" not in findings[0]


def test_causes_stand_before_what_follows_from_them() -> None:
    text = _change("known-forms", ('value="approval"', 'value="nothing"'))
    rules = [f.rule for f in check(re.sub('targetRef="[^"]+"', 'targetRef="nowhere"', text, count=1))]
    assert rules.index("flow-ends") < rules.index("known-forms") < rules.index("unreachable-nodes")


# -- what the standard forbids, one change at a time ------------------------------------------


def _change(rule: str, *changes: tuple[str, str]) -> str:
    text = diagram(rule, "valid")[1]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


FORBIDDEN: dict[str, tuple[str, str, str, str]] = {
    "a flow without source": ("schema", ' sourceRef="start"', "", "schema"),
    "a flow without target": ("schema", ' targetRef="finish"', "", "schema"),
    "a flow to nowhere": ("schema", 'targetRef="finish"', 'targetRef="nowhere"', "flow-ends"),
    "an unknown element": ("schema", "<bpmn:userTask", '<bpmn:robotTask id="r"/><bpmn:userTask', "schema"),
    "an unknown attribute": (
        "schema", '<bpmn:userTask id="work"', '<bpmn:userTask colour="red" id="work"', "schema",
    ),
    "a truth value that is none": ("schema", 'isExecutable="true"', 'isExecutable="yes"', "schema"),
    "an id that is no name": ("schema", 'id="work"', 'id="1 work"', "schema"),
    "text inside a task": ("schema", "<bpmn:outgoing>f2", "text<bpmn:outgoing>f2", "schema"),
    "no target namespace": ("schema", 'targetNamespace="urn:example"', "", "schema"),
    "an undeclared prefix": ("references", 'messageRef="reply"', 'messageRef="other:reply"', "schema"),
    "a message that is not there": ("references", 'messageRef="reply"', 'messageRef="nothing"', "references"),
    "a lane with a stranger": ("schema", "work</bpmn:flowNodeRef>", "nobody</bpmn:flowNodeRef>", "lanes"),
    "a lane with a flow": ("schema", "work</bpmn:flowNodeRef>", "f1</bpmn:flowNodeRef>", "lanes"),
    "a boundary event on nothing": (
        "error-reference", 'attachedToRef="work"', 'attachedToRef="nothing"', "references",
    ),
    "a boundary event on a gateway": (
        "error-reference", 'attachedToRef="work"', 'attachedToRef="start"', "references",
    ),
    "an error boundary that does not interrupt": (
        "error-reference",
        'attachedToRef="work"',
        'attachedToRef="work" cancelActivity="false"',
        "event-triggers",
    ),
    "a timer with date and duration": (
        "boundary-event-flows",
        "</bpmn:timeDuration>",
        "</bpmn:timeDuration><bpmn:timeDate>2026-01-01</bpmn:timeDate>",
        "schema",
    ),
    "a timer without time": ("boundary-event-flows", "PT2H", " ", "timer-definition"),
    "a duration that is none": ("boundary-event-flows", "PT2H", "P2H", "timer-definition"),
    "a duration beyond the calendar": (
        "boundary-event-flows", "PT2H", "P999999999Y", "timer-definition",
    ),
    "a default flow of another gateway": ("gateway-degree", 'default="no"', 'default="c"', "default-flow"),
    "a default flow that is a task": ("gateway-degree", 'default="no"', 'default="work"', "references"),
    "a gateway direction unheard of": ("gateway-direction", "Diverging", "Sideways", "schema"),
    "an event gateway that starts the process": (
        "event-gateway",
        '<bpmn:eventBasedGateway id="wait"',
        '<bpmn:eventBasedGateway instantiate="true" id="wait"',
        "event-gateway",
    ),
    "a parallel event gateway in the middle": (
        "event-gateway",
        '<bpmn:eventBasedGateway id="wait"',
        '<bpmn:eventBasedGateway eventGatewayType="Parallel" id="wait"',
        "event-gateway",
    ),
    "a message flow that ends in the same pool": (
        "message-flows", 'targetRef="got"', 'targetRef="work"', "message-flows",
    ),
    "a message flow from a start event": (
        "message-flows", 'sourceRef="sent"', 'sourceRef="start"', "message-flows",
    ),
    "a message flow to an end event": ("message-flows", 'targetRef="got"', 'targetRef="e2"', "message-flows"),
    "a message flow to nobody": ("message-flows", 'targetRef="got"', 'targetRef="nobody"', "references"),
    "a pool of an unknown process": (
        "message-flows", 'processRef="other"', 'processRef="nothing"', "references",
    ),
    "a call of nothing": ("call-activity", ' calledElement="called"', "", "call-activity"),
    "a call of itself": ("call-activity", 'calledElement="called"', 'calledElement="sample"', "call-activity"),
    "a loop by number and by list": (
        "loop-characteristics",
        "<bpmn:loopDataInputRef>",
        "<bpmn:loopCardinality>3</bpmn:loopCardinality><bpmn:loopDataInputRef>",
        "loop-characteristics",
    ),
    "a data reference to nothing": (
        "data-association", 'dataObjectRef="order"', 'dataObjectRef="nothing"', "references",
    ),
    "a condition with assignment": (
        "gateway-degree", "approved = true", "approved := true", "expression-syntax",
    ),
    "a quantity of zero": (
        "quantity", 'startQuantity="1"', 'startQuantity="0"', "quantity",
    ),
    "a service task for compensation": (
        "known-services",
        '<bpmn:serviceTask id="auto"',
        '<bpmn:serviceTask isForCompensation="true" id="auto"',
        "compensation-handlers",
    ),
    "a task inside a lane set": (
        "schema", '<bpmn:laneSet id="lanes">', '<bpmn:laneSet id="lanes"><bpmn:task id="t"/>', "schema",
    ),
    "an error end without reference": (
        "error-reference",
        '<bpmn:errorEventDefinition errorRef="broken"/>',
        "<bpmn:errorEventDefinition/>",
        "error-reference",
    ),
    "a boundary event without trigger": (
        "boundary-event-flows",
        "<bpmn:timerEventDefinition>",
        "<bpmn:documentation/><bpmn:timerEventDefinition>",
        "schema",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FORBIDDEN)
def test_the_standard_forbids(case: str) -> None:
    base, old, new, rule = FORBIDDEN[case]
    assert rule in errors(_change(base, (old, new)))


@pytest.mark.parametrize("attribute", ["Start", "End", "Root", "StartEventSplit", "work.EndJoin"])
def test_an_id_of_the_engine_itself_is_refused(attribute: str) -> None:
    text = diagram("schema", "valid")[1].replace('"work"', f'"{attribute}"').replace(">work<", f">{attribute}<")
    assert "reserved-ids" in errors(text)


@pytest.mark.parametrize("name", ["typename", "len", "__builtins__", "data_objects", "a__b"])
def test_a_name_that_breaks_the_stored_data_is_refused(name: str) -> None:
    assert "reserved-names" in errors(_change("reserved-names", ("set:length", f"set:{name}")))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__.__bases__[0].__subclasses__()",
        "lambda: 1",
        "work.__class__.__mro__",
        "[x for x in ().__class__.__bases__]",
        "open('/etc/passwd').read()",
        "exec('import os')",
        "getattr(work, 'x')",
        "9**9**9 > 1; import os",
    ],
)
def test_code_in_a_condition_is_refused(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert errors(_change("gateway-degree", ("approved = true", escaped)))


@pytest.mark.parametrize(
    "text", ["import os", "import os\nx = 1", "x = open('/etc/passwd')", "for i in x: y = i", "x.y = 1"]
)
def test_code_in_a_script_is_refused(text: str) -> None:
    assert errors(_change("script-tasks", ("total = 1 + 2", text)))


@pytest.mark.parametrize(
    "text", ["approved == true", "not approved", "amount >= 5 and amount <= 7", '部门 = "市场监管局"']
)
def test_the_spellings_of_other_modellers_and_chinese_names_are_accepted(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    assert errors(_change("gateway-degree", ("approved = true", escaped))) == set()


def test_a_file_in_another_language_is_a_finding_not_an_exception() -> None:
    for text in ("", "hello", "<html/>", "<a><b></a>", "{}", "\x00", "<definitions/>", '<?xml version="1.0"?>'):
        assert "error" in {f.severity for f in check(text)}


def test_a_broken_form_is_named() -> None:
    text = diagram("known-forms", "valid")[1]
    findings = lint({"a.bpmn": text, "forms/approval.json": "{"}, roles=ROLES, services=SERVICES)
    assert "known-forms" in {f.rule for f in findings}


def test_roles_and_services_are_not_checked_when_nobody_says_what_exists() -> None:
    for rule in ("known-roles", "known-services", "service-parameters", "known-hooks"):
        name, text = diagram(rule, "invalid")
        assert rule not in {f.rule for f in lint({**AROUND, name: text})}


def test_a_process_id_used_by_two_files_is_refused() -> None:
    text = diagram("schema", "valid")[1]
    assert "unique-ids" in {f.rule for f in lint({**AROUND, "a.bpmn": text, "b.bpmn": text})}


def test_a_called_process_may_be_in_another_file() -> None:
    text = diagram("call-activity", "valid")[1]
    start, middle = text.index("<bpmn:process"), text.index("<bpmn:process", text.index("</bpmn:process>"))
    head, tail = text[:start], "</bpmn:definitions>"
    caller, callee = head + text[start:middle] + tail, head + text[middle:]
    assert [f for f in lint({**AROUND, "a.bpmn": caller, "b.bpmn": callee}) if f.severity == "error"] == []
    assert "call-activity" in {f.rule for f in lint({**AROUND, "a.bpmn": caller})}


def test_branches_that_may_run_together_are_a_doubt_and_those_that_do_an_error() -> None:
    parallel = diagram("parallel-writes", "invalid")[1]
    assert "parallel-writes" in errors(parallel)
    inclusive = diagram("complex-gateway", "valid")[1].replace("complexGateway", "inclusiveGateway")
    assert "parallel-writes" not in errors(inclusive)


def test_a_join_fed_by_alternatives_is_an_error_and_an_unsure_one_a_doubt() -> None:
    found = {f.severity for f in check(diagram("join-deadlocks", "invalid")[1]) if f.rule == "join-deadlocks"}
    assert found == {"error"}


def test_a_large_diagram_is_linted_without_deep_recursion() -> None:
    tasks = 190
    nodes = "".join(f'<bpmn:manualTask id="t{i}" name="步骤{i}"/>' for i in range(tasks))
    ids = ["start", *(f"t{i}" for i in range(tasks)), "finish"]
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{i}" sourceRef="{a}" targetRef="{b}"/>' for i, (a, b) in enumerate(pairwise(ids))
    )
    text = (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x">'
        f'<bpmn:process id="p" name="长流程" isExecutable="true"><bpmn:startEvent id="start" name="开始"/>{nodes}'
        f'<bpmn:endEvent id="finish" name="结束"/>{flows}</bpmn:process></bpmn:definitions>'
    )
    assert lint({"long.bpmn": text}) == []


def test_calls_of_calls_that_multiply_are_refused() -> None:
    def process(number: int, last: bool) -> str:
        calls = (
            ""
            if last
            else "".join(
                f'<bpmn:callActivity id="c{number}_{i}" name="调用" calledElement="p{number + 1}"/>' for i in range(2)
            )
        )
        ids = [f"s{number}", *([] if last else [f"c{number}_0", f"c{number}_1"]), f"e{number}"]
        flows = "".join(
            f'<bpmn:sequenceFlow id="f{number}_{i}" sourceRef="{a}" targetRef="{b}"/>'
            for i, (a, b) in enumerate(pairwise(ids))
        )
        return (
            f'<bpmn:process id="p{number}" name="流程{number}" isExecutable="true">'
            f'<bpmn:startEvent id="s{number}" name="开始"/>{calls}'
            f'<bpmn:endEvent id="e{number}" name="结束"/>{flows}</bpmn:process>'
        )

    def text(depth: int) -> str:
        return (
            '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x">'
            + "".join(process(n, n == depth) for n in range(depth + 1))
            + "</bpmn:definitions>"
        )

    assert errors(text(5)) == set()
    assert "call-activity" in errors(text(20))
