"""``lianjian run``, ``decide`` and ``lint`` on single files, as programs use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from engine.cli import cli
from tests.support.bpmn_runs import boundary, call, chain, finish, message, node, process, script, sub, timer, times
from tests.support.diagrams import catch_message, diagram, end, flow, flows, start, user

DMN = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:test">
<decision id="fee" name="收费标准"><variable name="fee"/><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="ie"><text>days</text></inputExpression></input><output id="o" name="amount"/>
<rule id="r1"><inputEntry id="a1"><text>&lt; 3</text></inputEntry>
<outputEntry id="b1"><text>days * 0.1</text></outputEntry></rule>
<rule id="r2"><inputEntry id="a2"><text>&gt; 5</text></inputEntry>
<outputEntry id="b2"><text>date("2026-01-31")</text></outputEntry></rule>
</decisionTable></decision></definitions>"""

Say = Callable[..., Any]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command on files given as ``name=text``; returns the exit code and the JSON document."""

    def act(name: str, *arguments: str, **files: str) -> tuple[int, Any]:
        paths = []
        for file, text in files.items():
            path = tmp_path / file.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            paths.append(str(path))
        code = cli.main([name, *paths, *arguments, "--json"], standalone_mode=False)
        return int(code or 0), json.loads(capsys.readouterr().out)

    return act


def elements(report: dict[str, Any]) -> str:
    return " ".join(step["element"] for step in report["trace"])


def plain(body: str, process_id: str = "probe") -> str:
    """A diagram as other tools write it: nobody says whether it is executable, and nothing is ours."""
    return diagram(body, process_id=process_id).replace(' isExecutable="true"', "")


# -- run ---------------------------------------------------------------------------------------------


def test_a_plain_model_runs_until_nothing_can_move_and_tells_every_step_with_its_data(say: Say) -> None:
    body = start() + script("a", "x = n + 1") + script("b", "x = x * 2") + end() + chain("begin a b finish")
    code, report = say("run", "--vars", '{"n": 1}', m__bpmn=plain(body))
    assert (code, report["outcome"], report["error"]) == (0, "completed", None)
    assert report["trace"] == [
        {"element": "begin", "name": "开始", "process": "probe", "data": {"n": 1}},
        {"element": "a", "name": "a", "process": "probe", "data": {"n": 1, "x": 2}},
        {"element": "b", "name": "b", "process": "probe", "data": {"n": 1, "x": 4}},
        {"element": "finish", "name": "结束", "process": "probe", "data": {"n": 1, "x": 4}},
    ]
    assert report["data"] == {"n": 1, "x": 4} and report["open_tasks"] == [] == report["waiting"]


def test_steps_are_applied_in_the_order_of_the_command_line(say: Say) -> None:
    body = (
        start() + node("userTask", "first") + catch_message("paid", "paid")
        + node("userTask", "second") + end() + chain("begin first paid second finish")
    )  # fmt: skip
    text = diagram(body, messages="paid")
    code, report = say("run", "--complete", 'first={"a": 1}', "--message", 'paid={"b": 2}', m__bpmn=text)
    assert (code, report["outcome"]) == (0, "waiting")
    assert [task["element"] for task in report["open_tasks"]] == ["second"]
    assert report["data"] == {"first": {"a": 1}, "paid": {"b": 2}}
    late = ["--message", "paid", "--complete", "first", "--complete", "second"]
    assert say("run", *late, m__bpmn=text)[1]["outcome"] == "completed"  # a message is kept until somebody waits
    code, report = say("run", "--complete", "second", "--complete", "first", m__bpmn=text)
    assert code == 5 and report["outcome"] == "failed" and "second" in report["error"]
    assert elements(report) == "begin"


def test_timers_fire_in_order_each_at_its_own_time(say: Say) -> None:
    body = (
        start() + node("userTask", "work") + boundary("soon", "work", timer("PT1H"), interrupting=False)
        + boundary("late", "work", timer("P2D")) + script("note", "reminded = now()")
        + script("stop", "stopped = now()") + end() + end("noted") + end("stopped_end")
        + chain("begin work finish; soon note noted; late stop stopped_end")
    )  # fmt: skip
    now = ["--now", "2026-01-05T09:00:00+08:00"]
    _, report = say("run", *now, m__bpmn=diagram(body))
    assert [(w["element"], w["due_at"]) for w in report["waiting"]] == [
        ("soon", "2026-01-05T10:00:00+08:00"),
        ("late", "2026-01-07T09:00:00+08:00"),
    ]
    _, report = say("run", *now, "--advance-time", "PT90M", m__bpmn=diagram(body))
    assert elements(report) == "begin soon note noted" and report["outcome"] == "waiting"
    _, report = say("run", *now, "--advance-time", "2026-02-01T00:00:00+08:00", m__bpmn=diagram(body))
    assert elements(report) == "begin soon note noted late stop stopped_end"
    assert report["data"]["stopped"].startswith("2026-01-07T09:00:00") and report["outcome"] == "completed"
    code, report = say("run", *now, "--advance-time", "2025-01-01", m__bpmn=diagram(body))
    assert code == 5 and "不能倒退" in report["error"]


def test_a_sub_process_is_told_before_its_contents_and_a_loop_once_per_instance(say: Say) -> None:
    inner = start("i_begin") + script("i_work", "seen = 1") + end("i_end") + chain("i_begin i_work i_end")
    body = (
        start() + sub("block", inner) + script("many", "y = 1", times("2", sequential=True)) + end()
        + chain("begin block many finish")
    )  # fmt: skip
    _, report = say("run", m__bpmn=plain(body))
    assert elements(report) == "begin block i_begin i_work i_end many many finish"
    assert report["trace"][1]["data"] == {"seen": 1}  # what is visible after the block


def test_called_processes_and_tables_may_be_in_other_files(say: Say) -> None:
    decide = (
        '<bpmn:businessRuleTask id="table" name="table"><bpmn:extensionElements><spiffworkflow:properties>'
        '<spiffworkflow:property name="decision" value="fee"/></spiffworkflow:properties></bpmn:extensionElements>'
        "</bpmn:businessRuleTask>"
    )
    main = diagram(start() + call("ask", "helper") + decide + end() + chain("begin ask table finish"))
    helper = diagram(start("h") + script("set", "days = 2") + end("he") + chain("h set he"), process_id="helper")
    code, report = say("run", main__bpmn=main, helper__bpmn=helper, fee__dmn=DMN)
    assert (code, elements(report), report["data"]["table"]) == (0, "begin ask h set he table finish", 0.2)


def test_of_several_processes_all_run_or_those_that_are_chosen(say: Say) -> None:
    send = node("endEvent", "tell", message("go"))
    first = start() + send + chain("begin tell")
    second = process(
        "other", start("o_begin") + catch_message("hear", "go") + end("o_end") + chain("o_begin hear o_end")
    )
    text = diagram(first, messages="go").replace("</bpmn:definitions>", second + "</bpmn:definitions>")
    _, report = say("run", m__bpmn=text)
    assert report["outcome"] == "completed" and elements(report) == "begin tell o_begin hear o_end"
    with pytest.raises(click.UsageError, match="probe、other"):
        say("run", "--process", "nobody", m__bpmn=text)
    code, report = say("run", "--process", "other", m__bpmn=text)
    assert (code, elements(report), report["waiting"]) == (
        0,
        "o_begin",
        [{"element": "hear", "message": "go", "process": "other"}],
    )
    _, report = say("run", "--process", "probe", m__bpmn=text)
    assert report["undelivered"] == ["go"] and report["outcome"] == "completed"
    for order in (("other", "probe"), ("probe", "other")):
        _, report = say("run", *(word for each in order for word in ("--process", each)), m__bpmn=text)
        assert report["outcome"] == "completed" and report["undelivered"] == []
        assert [instance["process"] for instance in report["instances"]] == list(order)


def test_who_waits_for_a_signal_begins_before_who_throws_it(say: Say) -> None:
    alarm = '<bpmn:signalEventDefinition signalRef="alarm"/>'
    first = start() + script("set", "x = 1") + node("endEvent", "tell", alarm) + chain("begin set tell")
    second = start("o_begin") + node("intermediateCatchEvent", "hear", alarm) + end("o_end")
    text = diagram(first).replace(
        "</bpmn:definitions>",
        process("other", second + chain("o_begin hear o_end"))
        + '<bpmn:signal id="alarm" name="alarm"/></bpmn:definitions>',
    )
    code, report = say("run", m__bpmn=text)
    assert (code, report["outcome"], elements(report)) == (0, "completed", "o_begin begin set tell hear o_end")
    assert [instance["process"] for instance in report["instances"]] == ["other", "probe"]
    assert report["data"] == {"x": 1}, "told of the first in the file"


def test_a_process_that_an_event_starts_waits_for_the_step_that_brings_it(say: Say) -> None:
    begin = node("startEvent", "begin", message("order"))
    text = diagram(begin + script("a", "x = begin.n") + end() + chain("begin a finish"), messages="order")
    code, report = say("run", m__bpmn=text)
    assert (code, report["outcome"], report["trace"]) == (0, "waiting", [])
    assert report["waiting"] == [{"element": "begin", "process": "probe", "message": "order"}]
    _, report = say("run", "--message", 'order={"n": 7}', m__bpmn=text)
    assert (report["outcome"], elements(report), report["data"]["x"]) == ("completed", "begin a finish", 7)

    begin = node("startEvent", "begin", '<bpmn:signalEventDefinition signalRef="alarm"/>')
    text = diagram(begin + end() + chain("begin finish")).replace(
        "</bpmn:definitions>", '<bpmn:signal id="alarm" name="alarm"/></bpmn:definitions>'
    )
    assert elements(say("run", m__bpmn=text)[1]) == ""
    assert elements(say("run", "--signal", "alarm", m__bpmn=text)[1]) == "begin finish"

    begin = node("startEvent", "begin", timer("R3/PT1H", "timeCycle"))
    text = diagram(begin + node("userTask", "work") + end() + chain("begin work finish"))
    _, report = say("run", "--now", "2026-01-05T09:00:00+08:00", "--advance-time", "PT2H30M", m__bpmn=text)
    assert elements(report) == "begin begin" and len(report["open_tasks"]) == 2


def test_a_refused_model_is_not_run_and_all_findings_are_told(say: Say) -> None:
    body = start() + node("task", "a", default="nothing") + node("serviceTask", "b") + flows("begin", "a", "b")
    code, report = say("run", m__bpmn=plain(body))
    assert code == 3 and set(report) == {"refused"}
    assert {"known-services"} < {finding["rule"] for finding in report["refused"]}
    code, report = say("run", bad__bpmn="<a>")
    assert code == 3 and report["refused"][0]["rule"] == "readable-xml"
    assert say("run", f__dmn=DMN)[0] == 3


def test_a_file_that_is_no_text_is_refused_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.bpmn"
    path.write_bytes(b"\xff\x00\xfe\x9c")
    assert cli.main(["run", str(path), "--json"], standalone_mode=False) == 3
    assert json.loads(capsys.readouterr().out)["refused"][0]["rule"] == "readable-xml"


def test_a_missing_form_does_not_keep_a_task_from_opening(say: Say) -> None:
    body = start() + user("apply", form="not-among-the-files") + end() + flows("begin", "apply", "finish")
    code, report = say("run", "--complete", 'apply={"any": "thing"}', m__bpmn=diagram(body))
    assert (code, report["outcome"]) == (0, "completed")


def test_a_run_that_fails_says_where_it_got_to_and_why(say: Say) -> None:
    body = start() + script("a", "x = 1") + script("b", "x = nothing_like_it(1)") + end() + chain("begin a b finish")
    code, report = say("run", m__bpmn=diagram(body))
    assert code == 3  # an unknown function is found before anything runs
    body = start() + script("a", "x = 1") + node("exclusiveGateway", "g") + end() + end("other")
    body += chain("begin a g") + flow("g", "finish", "x = 2") + flow("g", "other", "x = 3")
    code, report = say("run", m__bpmn=diagram(body))
    assert (code, report["outcome"]) == (5, "failed") and report["error"]
    assert elements(report).startswith("begin a")


@pytest.mark.parametrize("payload", ["[1]", "{", "NaN", '{"a": ' * 5000 + "1" + "}" * 5000])
def test_a_payload_that_is_no_json_object_is_wrong_usage(say: Say, payload: str) -> None:
    body = start() + end() + flows("begin", "finish")
    with pytest.raises(click.UsageError, match="--vars"):
        say("run", "--vars", payload, m__bpmn=diagram(body))


def test_the_shell_sees_exit_codes_and_only_what_is_needed_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "m.bpmn"
    path.write_text(plain(start() + finish("over") + chain("begin over")), "utf-8")
    code = (
        "import sys; from engine.cli import cli; cli.main(sys.argv[1:], standalone_mode=False);"
        "print({'flask', 'dbos', 'alembic', 'engine.inspection.installation'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, "run", str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
    wrong = subprocess.run(
        [sys.executable, "-m", "engine.cli", "run", str(path), "--vars", "1"], capture_output=True, text=True
    )
    assert wrong.returncode == 2 and "--vars" in wrong.stderr


# -- decide ------------------------------------------------------------------------------------------


def test_a_decision_is_asked_by_id_or_name(say: Say) -> None:
    told = {"decision": "fee", "result": 0.11, "errors": []}
    assert say("decide", "--decision", "fee", "--input", '{"days": 1.1}', f__dmn=DMN) == (0, told)
    assert say("decide", "--decision", "收费标准", "--input", '{"days": 6}', f__dmn=DMN)[1]["result"] == "2026-01-31"
    assert say("decide", "--decision", " 收费标准 ", "--input", '{"days": 4}', f__dmn=DMN)[1]["result"] is None
    with pytest.raises(click.UsageError, match="fee"):
        say("decide", "--decision", "unknown", f__dmn=DMN)


def test_a_result_keeps_every_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "f.dmn"
    path.write_text(DMN, "utf-8")
    cli.main(
        ["decide", str(path), "--decision", "fee", "--input", '{"days": -12345678901234567890.123456789}', "--json"],
        standalone_mode=False,
    )
    assert '"result": -1234567890123456789.012345679,' in capsys.readouterr().out


def test_what_cannot_be_computed_is_null_and_says_why(say: Say) -> None:
    code, report = say("decide", "--decision", "fee", f__dmn=DMN.replace("&lt; 3", "&lt; &lt; 3"))
    assert (code, report["result"]) == (0, None) and report["errors"]
    assert say("decide", "--decision", "fee", f__dmn="<a/>")[0] == 3


# -- lint --------------------------------------------------------------------------------------------


def test_files_given_together_are_linted_as_one_bundle(say: Say) -> None:
    main = plain(start() + call("ask", "helper") + end() + chain("begin ask finish"))
    helper = plain(start("h") + end("he") + chain("h he"), "helper")
    code, findings = say("lint", main__bpmn=main)
    assert code == 3 and [f["rule"] for f in findings] == ["call-activity"]
    assert set(findings[0]) == {"process", "rule", "severity", "file", "element", "message", "remedy"}
    code, findings = say("lint", main__bpmn=main, helper__bpmn=helper)
    assert (code, findings) == (0, [])


def test_a_table_or_a_form_alone_can_be_linted(say: Say) -> None:
    assert say("lint", f__dmn=DMN) == (0, [])
    code, findings = say("lint", broken__json="{")
    assert code == 3 and findings[0]["rule"] == "form-schema"
