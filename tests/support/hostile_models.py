"""Diagrams, tables and forms somebody wrote to hurt: by name, what is deployed, and the rules that may refuse it."""

from __future__ import annotations

from engine.bpmn.xml import BPMN
from tests.support.bpmn_runs import boundary, call, chain, node, process, script, timer, times
from tests.support.diagrams import diagram, end, flow, props, start, user

Files = dict[str, str]
DOCTYPE = "<!DOCTYPE definitions [{}]>"


def line(*steps: str, names: str) -> str:
    """Steps in a row between a start and an end."""
    return start() + "".join(steps) + end() + chain(f"begin {names} finish")


def scripted(text: str) -> str:
    return diagram(line(script("a", text), names="a"))


def conditioned(text: str) -> str:
    body = start() + node("exclusiveGateway", "g", default="g_to_other") + end() + end("other")
    return diagram(body + chain("begin g other") + flow("g", "finish", text))


def table(cell: str, output: str = "1", document_type: str = "") -> str:
    """A decision table with one rule."""
    return (
        f'{document_type}<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" '
        'namespace="urn:x"><decision id="fee" name="fee"><variable name="fee"/><decisionTable id="t"><input id="i">'
        '<inputExpression id="e"><text>x</text></inputExpression></input><output id="o" name="amount"/><rule id="r">'
        f'<inputEntry id="c"><text>{cell}</text></inputEntry><outputEntry id="w"><text>{output}</text></outputEntry>'
        "</rule></decisionTable></decision></definitions>"
    )


def deciding(table_text: str) -> Files:
    return {
        "m.bpmn": diagram(line(node("businessRuleTask", "d", props(decision="fee")), names="d")),
        "d.dmn": table_text,
    }


def with_doctype(declarations: str, inside: str = "") -> str:
    text = diagram(line(node("task", "a", f"<bpmn:documentation>{inside}</bpmn:documentation>"), names="a"))
    head, rest = text.split("?>", 1)
    return f"{head}?>{DOCTYPE.format(declarations)}{rest}"


def nested(levels: int) -> str:
    inner = node("task", "deepest")
    for number in range(levels):
        inner = node("subProcess", f"s{number}", inner)
    return diagram(inner)


def calls_that_double(levels: int) -> str:
    more = ""
    for n in range(levels):
        body = f'<bpmn:startEvent id="s{n}" name="s"/>' + call(f"c{n}", f"p{n + 1}") + call(f"d{n}", f"p{n + 1}")
        more += process(f"p{n}", body + end(f"e{n}") + chain(f"s{n} c{n} d{n} e{n}"))
    more += process(f"p{levels}", '<bpmn:startEvent id="sx" name="s"/>' + end("ex") + chain("sx ex"))
    return diagram(line(call("c", "p0"), names="c")).replace("</bpmn:definitions>", more + "</bpmn:definitions>")


def circle() -> str:
    other = process(
        "other", '<bpmn:startEvent id="s2" name="s"/>' + call("back", "probe") + end("e2") + chain("s2 back e2")
    )
    return diagram(line(call("there", "other"), names="there")).replace(
        "</bpmn:definitions>", other + "</bpmn:definitions>"
    )


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

#: name → (files, one of the rules that must speak)
REFUSED: dict[str, tuple[Files, str]] = {
    "an external entity": ({"m.bpmn": with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;")}, "readable-xml"),
    "a billion laughs": ({"m.bpmn": with_doctype('<!ENTITY l0 "ha">' + LAUGHS, "&l9;")}, "readable-xml"),
    "an external document type": (
        {"m.bpmn": diagram("").replace("?>", '?><!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">', 1)},
        "readable-xml",
    ),
    "a parameter entity": ({"m.bpmn": with_doctype('<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;')}, "readable-xml"),
    "a document type in a table": (
        deciding(table("1", document_type='<!DOCTYPE d [<!ENTITY x "y">]>')),
        "readable-xml",
    ),
    "a document type after a comment": (
        {"m.bpmn": diagram("").replace("?>", "?><!-- a --><?b c?> <!DOCTYPE d []>", 1)},
        "readable-xml",
    ),
    "an imported file": (
        {
            "m.bpmn": diagram(line(node("task", "a"), names="a")).replace(
                "<bpmn:process",
                f'<bpmn:import importType="{BPMN}" location="file:///etc/passwd" namespace="urn:x"/><bpmn:process',
                1,
            )
        },
        "imports",
    ),
    "five thousand levels": ({"m.bpmn": nested(5_000)}, "readable-xml"),
    "twenty levels": ({"m.bpmn": nested(20)}, "nesting-depth"),
    "six hundred tasks": (
        {
            "m.bpmn": diagram(
                line(*(node("task", f"t{n}") for n in range(600)), names=" ".join(f"t{n}" for n in range(600)))
            )
        },
        "readable-xml",
    ),
    "ten thousand elements": (
        {"m.bpmn": diagram("".join(node("task", f"t{n}") for n in range(10_000)))},
        "readable-xml",
    ),
    "twenty thousand attributes": (
        {
            "m.bpmn": diagram(
                line("<bpmn:task id='a' " + " ".join(f"a{n}='1'" for n in range(20_000)) + "/>", names="a")
            )
        },
        "schema",
    ),
    "ids of the library's own": (
        {
            "m.bpmn": diagram(
                '<bpmn:startEvent id="Start"/><bpmn:task id="Root"/><bpmn:endEvent id="End"/>' + chain("Start Root End")
            )
        },
        "reserved-ids",
    ),
    "an id with a control character": ({"m.bpmn": diagram(node("task", "a&#1;"))}, "readable-xml"),
    "an id of two lines": ({"m.bpmn": diagram(line(node("task", "a&#10;b"), names="begin"))}, "schema"),
    "a walk over attributes": (
        {"m.bpmn": conditioned("().__class__.__bases__[0].__subclasses__()")},
        "expression-syntax",
    ),
    "an import": ({"m.bpmn": scripted("import os")}, "script-tasks"),
    "a call of the system": ({"m.bpmn": scripted("x = __import__('os').system('id')")}, "script-tasks"),
    "a lambda": ({"m.bpmn": conditioned("(lambda: 1)() = 1")}, "expression-syntax"),
    "a comprehension": ({"m.bpmn": scripted("x = [a for a in range(10 ** 9)]")}, "script-tasks"),
    "a format string": ({"m.bpmn": conditioned("&quot;{0.__class__}&quot;.format(a) = 1")}, "expression-syntax"),
    "a name of Python's machinery": ({"m.bpmn": scripted("__builtins__ = 1")}, "script-tasks"),
    "a name of the library's machinery": ({"m.bpmn": scripted("typename = 1")}, "reserved-names"),
    "a language of its own": (
        {
            "m.bpmn": scripted("x = 1")
            .replace("<bpmn:scriptTask", '<bpmn:scriptTask scriptFormat="python"')
            .replace("x = 1", "import os; os.system('id')")
        },
        "python-constructs",
    ),
    "an expression of six thousand characters": (
        {"m.bpmn": conditioned("1 = " + " + ".join(["1"] * 2_000))},
        "expression-length",
    ),
    "five hundred brackets": ({"m.bpmn": conditioned("(" * 500 + "1" + ")" * 500 + " = 1")}, "expression-syntax"),
    "a timer that runs a program": (
        {"m.bpmn": diagram(line(node("intermediateCatchEvent", "t", timer("__import__('os').getpid()")), names="t"))},
        "timer-definition",
    ),
    "a timer without pause": (
        {
            "m.bpmn": diagram(
                start()
                + user("a")
                + boundary("b", "a", timer("R/PT0S", "timeCycle"), interrupting=False)
                + end()
                + end("c")
                + chain("begin a finish; b c"),
            )
        },
        "timer-definition",
    ),
    "a cell of six hundred questions": (deciding(table("?" * 600)), "dmn-cells"),
    "a cell that is Python": (deciding(table("1", "__import__('os').getcwd()")), "decision-tables"),
    "a thousand million instances": (
        {"m.bpmn": diagram(line(script("a", "x = 1", times("1000000000")), names="a"))},
        "loop-characteristics",
    ),
    "a process that calls itself": ({"m.bpmn": diagram(line(call("c", "probe"), names="c"))}, "call-activity"),
    "two processes that call each other": ({"m.bpmn": circle()}, "call-activity"),
    "a million calls": ({"m.bpmn": calls_that_double(20)}, "call-activity"),
    "an unknown service with a path": (
        {"m.bpmn": diagram(line(node("serviceTask", "a", props(service="../../os.system")), names="a"))},
        "known-services",
    ),
    "a form outside its folder": (
        {"m.bpmn": diagram(line(user("a", form="../../etc/passwd"), names="a"))},
        "known-forms",
    ),
    "a form of ten thousand levels": (
        {
            "m.bpmn": diagram(line(user("a", form="f"), names="a")),
            "forms/f.json": '{"a":' * 10_000 + "1" + "}" * 10_000,
        },
        "form-schema",
    ),
}
