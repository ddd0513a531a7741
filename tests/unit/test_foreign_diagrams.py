"""Diagrams as other tools write them: lawful ones pass, what can run runs, pictures are told to be pictures."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn.parser import load_definition
from engine.cli import cli
from engine.errors import ModelRefused
from engine.lint.finding import Finding
from engine.lint.linter import lint
from tests.support.bpmn_runs import Run, both, chain, node, refusals
from tests.support.diagrams import diagram, end, flow, start, user

FOREIGN = Path(__file__).resolve().parents[1] / "support" / "foreign"
VENDOR = (FOREIGN / "vendor.bpmn").read_text(encoding="utf-8")
PICTURE = (FOREIGN / "picture.bpmn").read_text(encoding="latin-1")


def errors(text: str) -> list[Finding]:
    return [finding for finding in lint({"foreign.bpmn": text}) if finding.severity == "error"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """What the command prints as JSON, with its exit code."""
    code = cli.main([*arguments, "--json"], standalone_mode=False)
    return int(code or 0), json.loads(capsys.readouterr().out)


# -- what can run ------------------------------------------------------------------------


#: A change of spelling that changes nothing → what is replaced by what
SPELLINGS = {
    "as written": ("", ""),
    "names of elements with a prefix": ('errorRef="ERR"', 'errorRef="t:ERR" xmlns:t="http://www.itp.example"'),
    "blanks around references": ("<incoming>_f1</incoming>", "<incoming>\n _f1 </incoming>"),
    "comments within": (">=fraud<", "><!-- why --><?tool x?>=fraud<"),
    "numbers for truth": ('isExecutable="true"', 'isExecutable="1"'),
    "nothing said of running": (' isExecutable="true"', ""),
    "a partner's picture beside it": (
        "<error id",
        '<process id="other" isExecutable="false"><startEvent id="os"><outgoing>of</outgoing></startEvent>'
        '<endEvent id="oe"><incoming>of</incoming><messageEventDefinition/></endEvent>'
        '<sequenceFlow id="of" sourceRef="os" targetRef="oe"/></process><process id="empty"/><error id',
    ),
    "ids with dots and dashes": ('"_u2"', '"sid-5F0F.4F9B"'),
    "an imported schema": (
        "<extension must",
        '<import namespace="urn:x" location="x.xsd" importType="http://www.w3.org/2001/XMLSchema"/><extension must',
    ),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_vendor_s_spelling_is_lawful_and_runs(name: str) -> None:
    old, new = SPELLINGS[name]
    assert old in VENDOR
    text = VENDOR.replace(old, new) if old else VENDOR
    assert errors(text) == []
    run = Run(load_definition({"foreign.bpmn": text}), {"fraud": False}, {}, restoring=True)
    run.message("request")
    run.complete("_u", {"Tickets": 2})
    run.complete(run.open)
    assert run.ended and run.told[-1] == "_end"


ENCODINGS = {
    "UTF-8 with a mark": ("UTF-8", "utf-8", codecs.BOM_UTF8),
    "UTF-16": ("UTF-16", "utf-16", b""),
    "UTF-16 of one order": ("UTF-16", "utf-16-le", codecs.BOM_UTF16_LE),
    "GBK": ("GBK", "gbk", b""),
    "GB 18030": ("gb18030", "gb18030", b""),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_file_in_another_encoding_runs(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, encoding, mark = ENCODINGS[name]
    path = tmp_path / "foreign.bpmn"
    path.write_bytes(mark + VENDOR.replace('encoding="UTF-8"', f'encoding="{said}"').encode(encoding))
    code, found = told(capsys, "run", str(path), "--message", "request")
    assert code == 0 and [task["element"] for task in found["open_tasks"]] == ["_u"]


# -- pictures -----------------------------------------------------------------------------


def test_a_picture_is_lawful_but_nothing_of_it_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert errors(PICTURE) == []
    path = tmp_path / "picture.bpmn"
    path.write_text(PICTURE, encoding="latin-1")
    code, found = told(capsys, "lint", str(path))
    assert code == 0 and "executable-process" in {f["rule"] for f in found}
    code, found = told(capsys, "run", str(path))
    assert code != 0 and [f["rule"] for f in found["refused"]] == ["executable-process"]
    with pytest.raises(ModelRefused) as refusal:
        load_definition({"picture.bpmn": PICTURE})
    assert refusal.value.findings[0]["rule"] == "executable-process"


@pytest.mark.parametrize(
    ("inner", "lawful"),
    [
        ('<bpmn:collaboration id="c"><bpmn:participant id="p" name="Client"/></bpmn:collaboration>', True),
        ('<bpmn:process id="p" isExecutable="false"/>', True),
        ("", False),
    ],
)
def test_what_has_nothing_to_run_is_a_picture_unless_nothing_is_drawn(inner: str, lawful: bool) -> None:
    text = (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x">'
        f"{inner}</bpmn:definitions>"
    )
    assert [f.rule for f in errors(text)] == ([] if lawful else ["executable-process"])


def test_a_file_is_checked_with_what_it_imports_from_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = "http://www.omg.org/spec/BPMN/20100524/MODEL"
    bpmn = f'<bpmn:definitions xmlns:bpmn="{kind}" targetNamespace="urn:here">'
    path = tmp_path / "importing.bpmn"
    path.write_text(
        f'{bpmn}<bpmn:import importType="{kind}" location="parts.bpmn" namespace="urn:parts"/></bpmn:definitions>'
    )
    code, found = told(capsys, "lint", str(path))
    assert code == 3 and [f["rule"] for f in found if f["severity"] == "error"] == ["imports"]
    beside = tmp_path / "parts.bpmn"
    beside.write_text(diagram(start() + end() + flow("begin", "finish")).replace("urn:test", "urn:parts"))
    assert told(capsys, "lint", str(path)) == (0, [])
    beside.write_text(diagram(start() + end() + flow("begin", "finish")))
    code, found = told(capsys, "lint", str(path))
    assert code == 3 and "urn:parts" in found[0]["message"]


def test_the_same_picture_made_executable_is_refused_for_what_it_leaves_open() -> None:
    text = PICTURE.replace('isExecutable="false" id="WFP-1"', 'isExecutable="true" id="WFP-1"')
    rules = {f.rule for f in lint({"foreign.bpmn": text}) if f.refuses}
    assert {"timer-definition", "gateway-conditions", "loop-characteristics", "call-activity"} <= rules


# -- data stores ----------------------------------------------------------------------------


STORE = '<bpmn:dataStoreReference id="store_ref" name="档案" dataStoreRef="store"/>'
READS = (
    '<bpmn:ioSpecification><bpmn:dataInput id="in" name="record"/><bpmn:inputSet><bpmn:dataInputRefs>in'
    "</bpmn:dataInputRefs></bpmn:inputSet><bpmn:outputSet/></bpmn:ioSpecification><bpmn:dataInputAssociation>"
    "<bpmn:sourceRef>store_ref</bpmn:sourceRef><bpmn:targetRef>in</bpmn:targetRef></bpmn:dataInputAssociation>"
)
WRITES = "<bpmn:dataOutputAssociation><bpmn:targetRef>store_ref</bpmn:targetRef></bpmn:dataOutputAssociation>"
DECLARED = '<bpmn:dataStore id="store" name="archive"/>'


def test_a_store_that_a_person_uses_is_a_picture() -> None:
    task = user("work").replace("</bpmn:userTask>", READS + WRITES + "</bpmn:userTask>")
    body = start() + STORE + task + end() + chain("begin work finish")

    def story(run: Run) -> None:
        run.complete("work", {"v": 1})

    run = both(body, story, {"record": "已有"}, more=DECLARED)
    assert run.ended and run.data["work"] == {"v": 1} and run.data["record"] == "已有"


@pytest.mark.parametrize(
    ("tag", "inner"),
    [("scriptTask", WRITES), ("sendTask", READS), ("businessRuleTask", READS), ("subProcess", READS),
     ("userTask", READS.replace("</bpmn:targetRef></bpmn:dataInput", "</bpmn:targetRef><bpmn:assignment><bpmn:from>1"
                                "</bpmn:from><bpmn:to>in</bpmn:to></bpmn:assignment></bpmn:dataInput"))],
)  # fmt: skip
def test_a_store_the_engine_would_have_to_use_is_refused(tag: str, inner: str) -> None:
    body = start() + STORE + node(tag, "work", inner) + end() + chain("begin work finish")
    assert "unsupported-data-store" in refusals(
        diagram(body).replace("</bpmn:definitions>", DECLARED + "</bpmn:definitions>")
    )


def test_a_value_of_a_store_that_an_expression_reads_is_refused() -> None:
    task = user("work", set_seen="record").replace("</bpmn:userTask>", READS + "</bpmn:userTask>")
    body = start() + STORE + task + end() + chain("begin work") + flow("work", "finish")
    assert "unsupported-data-store" in refusals(
        diagram(body).replace("</bpmn:definitions>", DECLARED + "</bpmn:definitions>")
    )
