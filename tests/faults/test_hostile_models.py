"""Hostile models are refused with a finding, and a bundle that would hang or eat memory is killed."""

from __future__ import annotations

import pytest

from engine.bpmn.parser import load_definition
from engine.bpmn.xml import decode
from engine.errors import ModelRefused
from engine.lint.linter import lint
from engine.lint.sandbox import inspect_bundle
from engine.service_tasks import ServiceRegistry
from tests.support.bpmn_runs import node, script, sub, times
from tests.support.diagrams import diagram, end, flows, start
from tests.support.hostile_models import REFUSED, Files, line, scripted

HARMLESS = {"m.bpmn": diagram(start() + end() + flows("begin", "finish"))}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_model_is_refused_with_a_finding(name: str) -> None:
    files, rule = REFUSED[name]
    found = lint(files, services=ServiceRegistry())
    assert rule in {f.rule for f in found if f.severity == "error"}
    assert all(f.message and f.remedy for f in found)


@pytest.mark.parametrize(
    "name", ["an external entity", "a billion laughs", "five thousand levels", "six hundred tasks"]
)
def test_what_the_linter_did_not_see_the_loader_refuses_too(name: str) -> None:
    with pytest.raises(ModelRefused):
        load_definition(REFUSED[name][0])


@pytest.mark.parametrize("encoding", ["utf-7", "utf-32", "ebcdic-cp-us", "rot13", "idna", "zlib"])
def test_an_encoding_that_hides_what_is_written_is_refused(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>+ADwAIQ-DOCTYPE a+AD4-<a/>'
    with pytest.raises(ModelRefused):
        decode(text.encode("ascii"), "m.bpmn")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gb18030"])
def test_a_document_type_is_seen_in_every_encoding(encoding: str) -> None:
    text = REFUSED["an external entity"][0]["m.bpmn"].replace('encoding="UTF-8"', f'encoding="{encoding}"')
    data = text.encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    assert "readable-xml" in {f.rule for f in lint({"m.bpmn": decode(data, "m.bpmn")})}


def test_an_included_file_is_not_read() -> None:
    included = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    files = {
        "m.bpmn": diagram(line(node("task", "a", f"<bpmn:documentation>{included}</bpmn:documentation>"), names="a"))
    }
    assert not any("root:" in f.message for f in lint(files))
    definition = load_definition(files)
    assert all("root:" not in str(vars(spec)) for spec in definition.spec.task_specs.values())


# -- where a hang or a memory bomb can be killed --------------------------------------------------------


def judged(files: Files, seconds: int = 30, memory_mb: int = 512) -> set[str]:
    found = inspect_bundle(files, services=ServiceRegistry(), seconds=seconds, memory_mb=memory_mb)
    return {f.rule for f in found if f.severity == "error"}


def bomb() -> Files:
    """Lawful, but its first steps make a thousand copies of a hundred and fifty thousand values."""
    fill = ["l0 = [1,2,3,4,5,6,7,8,9,10]", *(f"l{n} = concatenate(l{n - 1}, l{n - 1})" for n in range(1, 10))]
    fill += [f"b{n} = for i in 1..30 return l9" for n in range(6)]
    inside = start("s_begin") + node("userTask", "write") + end("s_end") + flows("s_begin", "write", "s_end")
    body = line(script("fill", "\n".join(fill)), sub("many", inside, times("1000")), names="fill many")
    return {"m.bpmn": diagram(body)}


def test_a_harmless_bundle_passes_and_a_hostile_one_is_told_in_the_linters_words() -> None:
    assert judged(HARMLESS) == set()
    assert "script-tasks" in judged(REFUSED["an import"][0])


def test_a_bundle_that_takes_too_much_memory_or_time_is_killed_and_said_to_be() -> None:
    assert judged(bomb(), memory_mb=40) == {"sandbox"}
    assert judged(HARMLESS, seconds=0) == {"sandbox"}


def test_a_loop_that_only_its_data_would_end_is_no_reason_to_refuse() -> None:
    body = start() + node("exclusiveGateway", "g", default="g_to_a") + script("a", "n = 1") + end()
    body += flows("begin", "g", "a", "g")
    body += (
        '<bpmn:sequenceFlow id="done" name="done" sourceRef="g" targetRef="finish"><bpmn:conditionExpression '
        'xsi:type="bpmn:tFormalExpression">finished = true</bpmn:conditionExpression></bpmn:sequenceFlow>'
    )
    assert judged({"m.bpmn": diagram(body)}) == set()


def test_too_many_or_unreadable_files_are_not_even_handed_over() -> None:
    assert judged({f"{n}.bpmn": "" for n in range(200)}) == {"sandbox"}
    assert judged({"m.bpmn": "x" * 20_000_000}) == {"sandbox"}
    assert judged({"m.bpmn": scripted("x = 1") + "\ud800"}) == {"sandbox"}
