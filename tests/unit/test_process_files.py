"""The shipped processes, tables, forms and scenarios fit together and can be read by people."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine import expressions
from engine.bpmn.decisions import load_decisions
from engine.bpmn.parser import load_definition
from engine.bpmn.schema import schema_errors
from engine.bpmn.timers import looks_like_iso
from engine.bpmn.xml import FLOW_NODES, read_xml
from engine.forms import Form
from engine.inspection.follow_ups import kinds
from engine.lint.linter import lint
from engine.settings import Settings
from engine.shipped import folder
from engine.web.cases import _WORDS

PROCESSES, FORMS = folder("processes"), folder("forms")
KEYS = sorted(path.parent.name for path in PROCESSES.glob("*/*.bpmn"))
SCENARIOS = sorted(PROCESSES.glob("*/scenarios/*.json"))
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
NS = {
    "b": BPMN,
    "di": "http://www.omg.org/spec/DD/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "spiff": "http://spiffworkflow.org/bpmn/schema/1.0/core",
}
ROLES = {
    "承办人", "科室负责人", "分管负责人", "机关负责人", "执法检查人员", "抽取监督人", "法制审核人员",
    "联席会议办公室", "区政府", "监管督查",
}  # fmt: skip
SUPPLIED_FUNCTIONS = {
    "working_days_after",
    "end_of_day",
    "deadline",
    "deadline_suspended",
    "due_after",
    "inspection_team",
    "conference_office",
    "unit_receivers",
    "penalty_handlers",
}
#: Forms that pages show without a task.
PAGE_FORMS = {"case-lead", "publicity-record", "outside-visit", "item-checklist"}
PLAIN_PROPERTIES = {
    "form", "role", "deadline", "legal_basis", "not_by", "on_submit", "service", "decision", "documents",
}  # fmt: skip
FEEL_PROPERTIES = {"department", "on_behalf", "candidates", "due"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def diagram(key: str) -> etree._Element:
    return read_xml((PROCESSES / key / f"{key}.bpmn").read_bytes(), f"{key}.bpmn")


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


def nodes(root: etree._Element) -> dict[str, etree._Element]:
    return {e.get("id", ""): e for e in root.iter(f"{{{BPMN}}}*") if local(e) in FLOW_NODES}


def properties(element: etree._Element) -> dict[str, str]:
    found = element.findall("b:extensionElements/spiff:properties/spiff:property", NS)
    return {p.get("name", ""): p.get("value", "") for p in found}


def feel_texts(root: etree._Element) -> list[str]:
    """Every expression of a diagram, wherever it stands."""
    texts = [e.text or "" for e in root.iterfind(".//b:conditionExpression", NS)]
    for tag in ("timeDate", "timeDuration", "timeCycle"):
        texts += [e.text or "" for e in root.iterfind(f".//b:{tag}", NS) if not looks_like_iso(e.text or "")]
    for node in nodes(root).values():
        for name, value in properties(node).items():
            if name in FEEL_PROPERTIES or name.startswith(("set:", "param:")):
                texts.append(value)
    return texts


def form(key: str) -> dict[str, Any]:
    return json.loads((FORMS / f"{key}.json").read_text("utf-8"))


def test_the_inbox_and_the_board_have_a_name_for_every_process(settings: Settings) -> None:
    assert set(KEYS) <= set(_WORDS) | set(kinds(settings, date(2026, 3, 2)))


def test_the_processes_of_the_joint_inspection_are_shipped() -> None:
    assert set(KEYS) >= {
        "administrative-penalty", "annual-plan", "department-inspection", "inspection", "joint-inspection",
        "plan-adjustment", "rectification",
    }  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_diagram_is_valid_and_holds_one_executable_process_named_after_its_key(key: str) -> None:
    root = diagram(key)
    assert schema_errors(root) == []
    (process,) = root.findall("b:process", NS)
    assert process.get("id") == key.replace("-", "_")
    assert process.get("isExecutable") == "true"
    identities = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(identities) == len(set(identities))


@pytest.mark.parametrize("key", KEYS)
def test_everything_in_a_diagram_is_labelled_in_chinese_and_explained(key: str) -> None:
    root = diagram(key)
    for element in [*nodes(root).values(), *root.iterfind(".//b:lane", NS), *root.iterfind(".//b:participant", NS)]:
        assert CHINESE.search(element.get("name") or ""), element.get("id")
    for flow in root.iterfind(".//b:sequenceFlow", NS):
        source = nodes(root)[flow.get("sourceRef", "")]
        if local(source).endswith("Gateway") and len(source.findall("b:outgoing", NS)) > 1:
            assert CHINESE.search(flow.get("name") or ""), flow.get("id")
    for node in nodes(root).values():
        if local(node).endswith("Task") or local(node) == "subProcess":
            assert CHINESE.search(node.findtext("b:documentation", "", NS)), node.get("id")


@pytest.mark.parametrize("key", KEYS)
def test_every_lane_is_a_role_and_every_step_stands_in_exactly_one(key: str) -> None:
    root = diagram(key)
    lanes = root.findall(".//b:lane", NS)
    assert {lane.get("name") for lane in lanes} <= ROLES
    placed = [ref.text for ref in root.iterfind(".//b:flowNodeRef", NS)]
    top = [e.get("id") for e in nodes(root).values() if local(e.getparent()) == "process"]
    assert sorted(placed) == sorted(top)


@pytest.mark.parametrize("key", KEYS)
def test_every_step_says_what_carries_it_out(key: str) -> None:
    root, folder_files = diagram(key), {p.name for p in (PROCESSES / key).iterdir()}
    for node in nodes(root).values():
        found = properties(node)
        for name in found:
            known = name in PLAIN_PROPERTIES | FEEL_PROPERTIES or name.startswith(("set:", "param:"))
            assert known, (node.get("id"), name)
        if local(node) == "userTask":
            assert (FORMS / f"{found['form']}.json").is_file(), node.get("id")
        if local(node) == "serviceTask":
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", found["service"])
        if local(node) == "businessRuleTask":
            assert f"{found['decision']}.dmn" in folder_files
        for other in filter(None, found.get("not_by", "").split(",")):
            assert local(nodes(root)[other]) == "userTask"
        assert found.get("role", "承办人") in ROLES


@pytest.mark.parametrize("key", KEYS)
def test_every_expression_parses_and_calls_only_known_functions(key: str) -> None:
    for text in feel_texts(diagram(key)):
        assert set(expressions.parse(text).functions) <= SUPPLIED_FUNCTIONS, text


@pytest.mark.parametrize("key", KEYS)
def test_a_gateway_never_leaves_a_case_without_a_way_on(key: str) -> None:
    root = diagram(key)
    for node in nodes(root).values():
        flows = [f for f in root.iterfind(".//b:sequenceFlow", NS) if f.get("sourceRef") == node.get("id")]
        if local(node) != "exclusiveGateway":
            assert all(f.find("b:conditionExpression", NS) is None for f in flows)
        elif len(flows) > 1:
            default = node.get("default")
            assert default in {f.get("id") for f in flows}, node.get("id")
            for flow in flows:
                assert (flow.find("b:conditionExpression", NS) is None) == (flow.get("id") == default)


# --- the picture ----------------------------------------------------------------------------------

Box = tuple[float, float, float, float]


def box(bounds: etree._Element) -> Box:
    return tuple(float(bounds.get(k, "nan")) for k in ("x", "y", "width", "height"))  # type: ignore[return-value]


def shapes(root: etree._Element) -> dict[str, Box]:
    found = root.iterfind(".//bpmndi:BPMNShape", NS)
    return {s.get("bpmnElement", ""): box(s.find("dc:Bounds", NS)) for s in found}


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


def inside(a: Box, b: Box) -> bool:
    return a[0] >= b[0] and a[1] >= b[1] and a[0] + a[2] <= b[0] + b[2] and a[1] + a[3] <= b[1] + b[3]


@pytest.mark.parametrize("key", KEYS)
def test_shapes_stand_in_their_lane_and_do_not_cover_each_other(key: str) -> None:
    root = diagram(key)
    found, drawn = nodes(root), shapes(root)
    assert set(found) <= set(drawn)
    lane_of = {r.text: r.getparent().get("id", "") for r in root.iterfind(".//b:flowNodeRef", NS)}
    for identity, node in found.items():
        if local(node) != "boundaryEvent":
            holder = lane_of.get(identity) or node.getparent().get("id", "")
            assert inside(drawn[identity], drawn[holder]), identity
    solid = [i for i, n in found.items() if local(n) not in ("boundaryEvent", "subProcess")]
    for one, other in itertools.combinations(solid, 2):
        assert not overlap(drawn[one], drawn[other]), (one, other)


@pytest.mark.parametrize("key", KEYS)
def test_a_boundary_event_sits_on_the_border_of_its_host(key: str) -> None:
    root = diagram(key)
    drawn = shapes(root)
    for node in root.iterfind(".//b:boundaryEvent", NS):
        x, y, width, height = drawn[node.get("id", "")]
        hx, hy, hw, hh = drawn[node.get("attachedToRef", "")]
        centre = (x + width / 2, y + height / 2)
        assert hx < centre[0] < hx + hw
        assert min(abs(centre[1] - hy), abs(centre[1] - hy - hh)) <= 1


@pytest.mark.parametrize("key", KEYS)
def test_flows_run_at_right_angles_from_border_to_border_around_the_steps(key: str) -> None:
    root = diagram(key)
    found, drawn = nodes(root), shapes(root)
    flows = {f.get("id", ""): f for f in root.iterfind(".//b:sequenceFlow", NS)}
    edges = {e.get("bpmnElement", ""): e for e in root.iterfind(".//bpmndi:BPMNEdge", NS)}
    assert set(flows) == set(edges)
    for identity, edge in edges.items():
        points = [(float(p.get("x", "")), float(p.get("y", ""))) for p in edge.iterfind("di:waypoint", NS)]
        ends = {flows[identity].get("sourceRef", ""), flows[identity].get("targetRef", "")}
        for end, point in (
            (flows[identity].get("sourceRef"), points[0]),
            (flows[identity].get("targetRef"), points[-1]),
        ):
            x, y, width, height = drawn[end or ""]
            assert x - 1 <= point[0] <= x + width + 1 and y - 1 <= point[1] <= y + height + 1, identity
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            assert abs(x1 - x2) <= 1 or abs(y1 - y2) <= 1, identity
            line = (min(x1, x2) + 1, min(y1, y2) + 1, max(abs(x1 - x2) - 2, 0.1), max(abs(y1 - y2) - 2, 0.1))
            for other, node in found.items():
                if local(node) not in ("subProcess", "boundaryEvent") and other not in ends:
                    hosts = {found[e].get("attachedToRef") for e in ends}
                    assert other in hosts or not overlap(line, drawn[other]), (identity, other)


@pytest.mark.parametrize("key", KEYS)
def test_labels_cover_neither_tasks_nor_each_other(key: str) -> None:
    root = diagram(key)
    found, drawn = nodes(root), shapes(root)
    labels = [box(b) for b in root.iterfind(".//bpmndi:BPMNLabel/dc:Bounds", NS)]
    tasks = [drawn[i] for i, n in found.items() if local(n).endswith("Task") or local(n).endswith("Event")]
    for label in labels:
        assert not any(overlap(label, task) for task in tasks), label
    for one, other in itertools.combinations(labels, 2):
        assert not overlap(one, other), (one, other)


# --- forms, tables, scenarios ---------------------------------------------------------------------


def components(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every component of a form, those of lists included."""
    return [c for field in fields for c in (field, *components(field.get("components", [])))]


@pytest.mark.parametrize("path", sorted(FORMS.glob("*.json")), ids=lambda p: p.stem)
def test_a_form_is_titled_used_and_explains_its_fields(path: Path) -> None:
    schema = json.loads(path.read_text("utf-8"))
    assert (schema["type"], schema["schemaVersion"], schema["id"]) == ("default", 16, path.stem)
    assert CHINESE.search(schema["title"])
    fields = components(schema["components"])
    assert all(CHINESE.search(c.get("text") or c["label"]) for c in fields)
    for level in [schema["components"], *(c["components"] for c in fields if c["type"] == "dynamiclist")]:
        keys = [c["key"] for c in level if "key" in c]
        assert len(keys) == len(set(keys))
    for field in fields:
        if hide := field.get("conditional", {}).get("hide"):
            assert hide.startswith("=")
            expressions.to_json(expressions.parse(hide[1:]))  # the browser must be able to follow it
        if field["type"] in ("select", "radio", "checklist"):
            assert ("values" in field) != ("valuesKey" in field), field["key"]
    used = {properties(n).get("form") for key in KEYS for n in nodes(diagram(key)).values()}
    assert path.stem in used | PAGE_FORMS


def rows(table: str) -> list[dict[str, Any]]:
    return json.loads((PROCESSES / "tables" / f"{table}.json").read_text("utf-8"))["rows"]


@pytest.mark.parametrize("path", sorted((PROCESSES / "tables").glob("*.json")), ids=lambda p: p.stem)
def test_a_table_has_dated_rows_with_a_source_and_one_row_a_code_at_a_time(path: Path) -> None:
    found = rows(path.stem)
    for row in found:
        date.fromisoformat(row["effective_from"])
        assert row["effective_to"] is None or row["effective_to"] > row["effective_from"]
        assert row.get("source") or row.get("legal_basis")
    # A row may hold for some departments only: it stands beside the general one.
    current = [
        (row.get("code") or row["name"], tuple(row.get("departments", ())))
        for row in found if row["effective_to"] is None
    ]  # fmt: skip
    assert len(current) == len(set(current))


def test_forms_and_tables_offer_the_same_words() -> None:
    offered = {c["key"]: [v["value"] for v in c["values"]] for c in form("work-plan")["components"] if "values" in c}
    assert offered["form"] == [row["code"] for row in rows("inspection-form")]
    assert offered["methods"] == [row["code"] for row in rows("inspection-method")]


@pytest.mark.parametrize("key", KEYS)
def test_a_process_is_rehearsed_in_three_scenarios_or_more(key: str) -> None:
    assert len([p for p in SCENARIOS if p.parent.parent.name == key]) >= 3


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_a_scenario_speaks_of_what_is_in_its_diagram(path: Path) -> None:
    scenario = json.loads(path.read_text("utf-8"))
    root = diagram(path.parent.parent.name)
    found = nodes(root)
    messages = {m.get("name") for m in root.iterfind("b:message", NS)}
    lanes = {r.text: r.getparent().get("name") for r in root.iterfind(".//b:flowNodeRef", NS)}
    for step in scenario["steps"]:
        if element := step.get("complete"):
            node = found[element]
            inherited = lanes.get(element) or lanes.get(node.getparent().get("id"))
            assert step["as"] == properties(node).get("role", inherited), element
            around = [node, *node.iterancestors(f"{{{BPMN}}}subProcess")]
            many = any(each.find("b:multiInstanceLoopCharacteristics", NS) is not None for each in around)
            assert ("item" in step) == many, element
        assert step.get("message") in messages | {None}
        assert set(step.get("expect_open", [])) <= set(found)
    called = {p.get("service") or p.get("on_submit") for p in map(properties, found.values())} - {None}
    assert set(scenario["services"]) == called
    assert scenario["steps"][-1] == {"expect_ended": True}


#: What the forms of a penalty offer, by their tables.
PENALTY_OPTIONS = {
    key: [row["code"] for row in rows(table)]
    for key, table in {
        "filing_criteria": "filing-criterion", "no_filing_grounds": "no-filing-ground",
        "evidence_kinds": "evidence-kind", "termination_grounds": "termination-ground",
        "penalty_kinds": "penalty-kind", "discretion_rows": "penalty-discretion",
        "no_penalty_grounds": "no-penalty-ground", "collection_grounds": "collection-ground",
    }.items()
}  # fmt: skip


#: What serving a document and holding a hearing offer, from their tables.
HEARING_OPTIONS = {
    "service_modes": [row["code"] for row in rows("service-mode")],
    "hearing_refusals": [row["code"] for row in rows("hearing-refusal")],
    "hearing_roles": [row["code"] for row in rows("hearing-role")],
    **{
        key: [row["code"] for row in rows("hearing-stop") if row["kind"] == kind]
        for key, kind in (
            ("change_grounds", "改期"), ("postpone_grounds", "延期"),
            ("suspend_grounds", "中止"), ("end_grounds", "终止"),
        )
    },
}  # fmt: skip


#: What measures and transfers offer, from their tables; the officers are those of the scenarios.
MEASURE_OPTIONS = {
    "thresholds": [row["code"] for row in rows("prosecution-threshold")],
    "held_outcomes": [row["code"] for row in rows("held-outcome")],
    "held_endings": [row["code"] for row in rows("held-ending")],
    "inspectors": ["SCJG-001", "SCJG-002"],
    "group_candidates": ["u1", "u2"],
}


def options(scenario: dict[str, Any]) -> dict[str, Any]:
    """What the form context offers in a scenario: the code tables and the people and objects it speaks of."""
    variables = scenario["start"]["variables"]
    inspectors = [i for step in scenario["steps"] for i in [step.get("values", {}).get("inspector")] if i]
    chosen = [c for step in scenario["steps"] for c in step.get("values", {}).get("codes", [])]
    receivers = [r for step in scenario["steps"] for r in [step.get("values", {}).get("receiver")] if r]
    removed = [r["uscc"] for step in scenario["steps"] for r in step.get("values", {}).get("removals", [])]
    return {
        **variables,
        "result_categories": [(row["code"], row["name"]) for row in rows("result-category")],
        "problem_categories": [(row["code"], row["name"]) for row in rows("result-category") if row["problem"]],
        "handling_codes": [(row["code"], row["name"]) for row in rows("handling")],
        "entry_outcomes": [(row["code"], row["name"]) for row in rows("entry-outcome")],
        "adopted_kinds": [(row["code"], row["name"]) for row in rows("adopted-kind")],
        "sample_kinds": [row["code"] for row in rows("sample-kind")],
        "item_options": variables.get("items", []),
        "certified_team": variables.get("inspectors", []),
        "team": [*variables.get("inspectors", []), *inspectors],
        "drawn_objects": removed,
        "choices": chosen,
        "withhold_grounds": [row["code"] for row in rows("withhold-ground")],
        "object_kinds": ["企业"],
        "statuses": [row["code"] for row in rows("registry-status")],
        "receivers": receivers,
        "others": [],
        "matter_kinds": [row["code"] for row in rows("conference-matter-kind")],
        "member_units": sorted({row["department"] for row in rows("conference-post")}),
        **{key: [row["code"] for row in rows("conference-post")] for key in ("posts", "chairs")},
        "reviewers": [m for step in scenario["steps"] for m in step.get("values", {}).get("members", [])],
        "duties": ["1", "2"],
        "units": [u for step in scenario["steps"] for u in [step.get("values", {}).get("unit")] if u],
        "rectification_terms": [row["code"] for row in rows("rectification-term")],
        "outcome_choices": [row["code"] for row in rows("rectification-decision")],
        "exemption_options": [row["code"] for row in rows("exemption")],
        "education_ways": [row["code"] for row in rows("education-way")],
        **PENALTY_OPTIONS,
        **HEARING_OPTIONS,
        **MEASURE_OPTIONS,
        "servers": [u for step in scenario["steps"] for u in step.get("values", {}).get("servers", [])],
        "hearing_people": [
            step["values"][who]
            for step in scenario["steps"]
            for who in ("chair", "recorder")
            if who in step.get("values", {})
        ],
        "handlers": [h for step in scenario["steps"] for h in [step.get("values", {}).get("handler")] if h],
        "suspension_grounds": ["suspended-case", "testing", "identification"],
    }


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_what_a_scenario_submits_passes_its_form_whole(path: Path) -> None:
    scenario = json.loads(path.read_text("utf-8"))
    found = nodes(diagram(path.parent.parent.name))
    for step in scenario["steps"]:
        if element := step.get("complete"):
            key = properties(found[element])["form"]
            cleaned = Form.parse((FORMS / f"{key}.json").read_text("utf-8")).validate(step["values"], options(scenario))
            assert {k: cleaned.get(k) for k in step["values"]} == step["values"], element


def follow_up(**inputs: Any) -> Any:
    table = (PROCESSES / "department-inspection" / "follow-up.dmn").read_bytes()
    return load_decisions(table).decide("follow-up", inputs)


def test_every_result_leads_to_all_that_its_handling_codes_and_its_category_ask_for() -> None:
    codes = [row["code"] for row in rows("result-category")], [row["code"] for row in rows("handling")]
    leads = {
        "违法处罚": ["administrative-penalty"], "线索移送办案机构": ["administrative-penalty"],
        "责令改正": ["rectification"], "刑事立案": ["crime-transfer"], "抄告其他部门": ["finding-notice"],
        "停止检查转日常监管": ["finding-notice"], "其他": [], "无需处置": [],
    }  # fmt: skip
    assert set(leads) == set(codes[1])
    by_category = {"6": ["rectification"], **{code: ["credit-measures"] for code in "2345"}}
    for category, handling, other in itertools.product(*codes, ["责令改正", "抄告其他部门"]):
        given = {"category": category, "handlings": [handling, other], "notices": []}
        assert follow_up(has_problem=False, **given) == []
        found = follow_up(has_problem=True, **given)
        assert set(found) == {*leads[handling], *leads[other], *by_category.get(category, [])}, (category, handling)
    elsewhere = [{"notice_kind": "线索移送办案机构", "receiver": "YJJ"}]
    assert follow_up(has_problem=True, category="9", handlings=["线索移送办案机构"], notices=elsewhere) == [
        "finding-notice"
    ]


@pytest.mark.parametrize(
    ("traits", "ppm"),
    [
        ({"risk_grade": "D"}, 300000), ({"risk_grade": "C"}, 100000), ({"risk_grade": "B"}, 20000),
        ({"risk_grade": "A"}, 10000), ({"risk_grade": None}, 30000), ({}, 30000),
        ({"risk_grade": "A", "credit": "discredited"}, 300000), ({"risk_grade": "B", "credit": "trusted"}, 5000),
        ({"risk_grade": "A", "special": True, "credit": "trusted"}, 100000),
        ({"risk_grade": "C", "special": True}, 200000), ({"risk_grade": "B", "complaints": True}, 100000),
        ({"risk_grade": "B", "key_item": True}, 50000), ({"risk_grade": "D", "superior_ppm": 70000}, 70000),
    ],
    ids=lambda value: "-".join(map(str, value.values())) or "nothing" if isinstance(value, dict) else str(value),
)  # fmt: skip
def test_the_share_drawn_follows_superior_rules_credit_risk_and_complaints(traits: dict[str, Any], ppm: int) -> None:
    table = (PROCESSES / "joint-inspection" / "ratio.dmn").read_bytes()
    assert load_decisions(table).decide("ratio", traits) == ppm


@pytest.mark.parametrize("key", KEYS)
def test_a_process_passes_the_linter_and_the_workflow_library_reads_it(key: str) -> None:
    files = {p.name: p.read_text("utf-8") for p in (PROCESSES / key).iterdir() if p.is_file()}
    files |= {f"forms/{p.name}": p.read_text("utf-8") for p in FORMS.glob("*.json")}
    files |= {f"documents/{p.name}": p.read_text("utf-8") for p in (FORMS / "documents").glob("*.json")}
    assert lint(files, roles=frozenset(ROLES)) == []
    loaded = load_definition(files)
    assert loaded.process_id == key.replace("-", "_")
