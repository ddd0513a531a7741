"""The reference names everything that exists, and what it shows was really computed."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from engine import expressions
from engine.bpmn.decisions import load_decisions
from engine.cli import cli
from engine.db import Base
from engine.errors import InvalidInput
from engine.expressions.browser import BROWSER_FUNCTIONS
from engine.expressions.builtins import BUILTINS
from engine.forms import Form
from engine.forms.components import TYPES
from engine.forms.problems import _COMMON, _OWN, _RULES
from engine.inspection import draw_log, draw_record
from engine.inspection import models as _domain_tables  # noqa: F401 - registers the tables
from engine.inspection.installation import ROLES, services
from engine.inspection.registry_import import COLUMNS
from engine.lint.linter import lint
from engine.lint.rules.known_functions import SUPPLIED
from engine.lint.rules.known_properties import KNOWN
from engine.settings import Settings
from tests.support.draw_records import sample

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
NOW = datetime(2026, 1, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text("utf-8")


def block(name: str, language: str, number: int = 0) -> str:
    """The ``number``-th example in ``language`` on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)[number]


def missing(name: str, words: Iterator[str] | list[str]) -> list[str]:
    """Words that do not stand on the page as code."""
    text = page(name)
    return sorted(w for w in words if f"`{w}`" not in text)


# -- nothing is missing ---------------------------------------------------------------


def test_every_service_task_is_described_with_its_title_and_parameters() -> None:
    lines = {m[1]: m[0] for m in re.finditer(r"^\| `([a-z-]+)` \|.*$", page("service-tasks"), re.MULTILINE)}
    assert set(lines) == set(services())
    for name, info in services().items():
        assert info.title in lines[name], name
        assert [p for p in info.parameters if f"`{p}`" not in lines[name]] == [], name


def test_every_lint_rule_has_its_page_and_its_line() -> None:
    rules = {p.stem.replace("_", "-") for p in (ROOT / "engine/lint/rules").glob("[a-z]*.py")}
    pages = {p.stem for p in (REFERENCE / "lint").glob("[a-z]*.md")}
    listed = set(re.findall(r"^\| \[([a-z-]+)\]", (REFERENCE / "lint/README.md").read_text("utf-8"), re.MULTILINE))
    assert rules == pages == listed


def test_every_setting_is_described() -> None:
    assert missing("settings", [f"LIANJIAN_{name.upper()}" for name in Settings.__dataclass_fields__]) == []


def commands(group: click.Group, path: str = "lianjian") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_command_is_described_with_its_options() -> None:
    lines = {m[1]: m[0] for m in re.finditer(r"^\| `(lianjian[a-z -]*)` \|.*$", page("command-line"), re.MULTILINE)}
    found = dict(commands(cli))
    assert set(lines) == set(found)
    for name, command in found.items():
        options = {o for p in command.params if isinstance(p, click.Option) for o in p.opts if o != "--help"}
        assert set(re.findall(r"`(--[a-z-]+)`", lines[name])) == options, name


def test_every_property_and_function_of_diagrams_is_described() -> None:
    assert missing("diagrams", [*KNOWN, "param:名称", "set:名称"]) == []
    text = page("diagrams")
    assert [f for f in SUPPLIED | set(services().functions) if f"`{f}(" not in text] == []


def test_every_built_in_function_is_described_with_its_parameters() -> None:
    text = page("expressions").split("## 函数")[1].split("\n## ")[0]
    described = {m[1]: m[2] for m in re.finditer(r"`([a-z ]+)\(([^)`]*)\)`", text)}
    assert set(BUILTINS) - set(described) == set()
    for name, function in BUILTINS.items():
        assert described[name].replace("…", "") == ", ".join(function.parameters), name
    assert missing("expressions", list(BROWSER_FUNCTIONS)) == []


def test_every_form_component_attribute_and_rule_is_described() -> None:
    own = {attribute for attributes in _OWN.values() for attribute in attributes}
    rules = {rule for found in _RULES.values() for rule in found} | {"required"}
    common = set(_COMMON) - {"type", "conditional"} | {"conditional.hide"}
    assert missing("forms", [*TYPES, *own, *rules, *common]) == []


def test_every_column_of_the_registries_is_described_with_its_aliases() -> None:
    for kind, columns in COLUMNS.items():
        section = page("import-formats").split(f"（`{kind}`）")[1].split("\n## ")[0]
        rows = {
            line.split(" | ")[0].removeprefix("| "): line.split(" | ") for line in section.splitlines() if "|" in line
        }
        for column in columns:
            cells = rows[column.header]
            assert (cells[1] == "是") == column.required, column.header
            assert cells[2].split("、") == list(column.aliases or [""]), column.header


def test_every_table_is_described() -> None:
    assert missing("data-model", list(Base.metadata.tables)) == []


def test_every_role_is_described() -> None:
    rows = re.findall(r"^\| (\S+) \|", page("roles"), re.MULTILINE)
    assert set(rows) - {"角色", "---"} == set(ROLES)


def recorded_kinds() -> set[str]:
    """Kinds of history events the code writes, as far as they are written out."""
    found: set[str] = set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                texts = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                found.update(texts[:1])
    return found


def test_every_kind_of_history_event_is_described() -> None:
    assert {"task-completed", "instance-started"} <= recorded_kinds()
    assert missing("history", sorted(recorded_kinds())) == []


def test_every_kind_of_line_in_the_draw_log_and_every_file_of_a_record_is_described() -> None:
    assert missing("draw-record", list(draw_log.FIELDS)) == []
    record = sample(1, changes=True)
    names = [n for n in record.files if not n.startswith("change-")]
    assert missing("draw-record", [*names, "change-0001.json"]) == []
    manifest, result = json.loads(record.files["manifest.json"]), json.loads(record.files["result.json"])
    assert missing("draw-record", [*manifest, *result]) == []


# -- what is shown is true ---------------------------------------------------------------

SCOPE = {
    "amount": 12, "department": "SCJG", "names": ["WJJ", "YJJ"], "due": "2026-03-31", "review": {"decision": "同意"},
    "countersign": [{"item": "WJJ", "decision": "同意"}, {"item": "YJJ", "decision": "不同意"}],
}  # fmt: skip
EXAMPLES = re.findall(
    r"^\| `(.+)` \| `(.+)` \|$", page("expressions").split("## 例子")[1].split("\n## ")[0], re.MULTILINE
)


@pytest.mark.parametrize(("text", "shown"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_an_expression_of_the_page_has_the_result_shown(text: str, shown: str) -> None:
    value = expressions.parse(text).evaluate(SCOPE, {}, NOW)
    assert expressions.json_safe(value) == json.loads(shown)


def test_the_example_process_of_the_pages_can_be_deployed() -> None:
    files = {
        "supply-request.bpmn": block("diagrams", "xml"),
        "forms/supply-request.json": block("forms", "json"),
        "forms/approval.json": (ROOT / "forms/approval.json").read_text("utf-8"),
    }
    assert lint(files, roles=frozenset(ROLES), services=services()) == []


def test_the_example_form_cleans_and_refuses_as_the_page_says() -> None:
    form = Form.parse(block("forms", "json"))
    typed = {"amount": "３", "purpose": "日常检查", "note": "忽略", "users": [{"name": " 张示例 "}]}
    assert form.validate(typed) == {"amount": 3, "purpose": "日常检查", "users": [{"name": "张示例"}]}
    with pytest.raises(InvalidInput) as refused:
        form.validate({"amount": "0", "purpose": "其他", "users": [{"name": ""}]})
    assert set(refused.value.fields) == {"amount", "note", "users[0].name"}


@pytest.mark.parametrize(
    ("amount", "level"), [(9999, "科室"), (10000, "分管负责人"), (100000, "集体讨论"), (None, None)]
)
def test_the_example_decision_table_answers_as_the_page_says(amount: int | None, level: str | None) -> None:
    inputs = {} if amount is None else {"amount": amount}
    assert load_decisions(block("decision-tables", "xml")).decide("level", inputs) == level


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_independent_program_of_the_page_agrees_with_a_record(number: int, tmp_path: Path) -> None:
    draw_record.write_record(sample(number, mode="open").files, tmp_path)
    program = block("draw-record", "python")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "核对通过" in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["candidates.tsv", "exclusions.tsv", "result.json", "manifest.json"])
def test_the_independent_program_of_the_page_refuses_a_changed_record(name: str, tmp_path: Path) -> None:
    files = dict(sample(1, mode="open").files)
    if name == "result.json":
        result = json.loads(files[name])
        stratum = max(result["drawn"], key=lambda s: len(result["drawn"][s]))
        result["drawn"][stratum] = result["drawn"][stratum][1:]
        files[name] = json.dumps(result)
    else:
        files[name] = files[name].replace("\n", "x\n", 1)
    draw_record.write_record(files, tmp_path)
    program = block("draw-record", "python")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
