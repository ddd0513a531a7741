"""Golden states: what each released format wrote, and the story that must follow from it for ever.

``python -m tests.support.golden FOLDER`` records the stories with the code at hand; run it once for a
new format, before anything else changes, and never again.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.bpmn.execution import Execution
from engine.bpmn.parser import load_definition
from tests.support.bpmn_runs import (
    again,
    boundary,
    call,
    choose,
    each,
    incl,
    node,
    par,
    process,
    script,
    sub,
    timer,
    xor,
)
from tests.support.bpmn_runs import chain as leads
from tests.support.diagrams import catch_message, diagram, end, flow, service, start, user
from tests.support.scenarios import Replay, ScenarioHost

ROOT = Path(__file__).resolve().parents[2]
#: Shipped processes by the scenario whose states are kept.
SHIPPED = {
    "annual-plan": "joint-plan-returned",
    "department-inspection": "problem-with-return",
    "inspection": "problems-summarised",
    "joint-inspection": "reveal-overdue-then-redrawn",
    "rectification": "not-corrected",
}
#: Elements of which releases tell differently: blocks before or after their contents, gateways that wait or not.
_UNTOLD = re.compile(r'<bpmn:(?:subProcess|callActivity|transaction|\w+Gateway)\b[^>]*?\bid="([^"]+)"')
_ACTS = ("complete", "message", "advance_to")
#: States kept of one story.
MOST = 8


class Story(Replay):
    """A replay of a recorded bundle, begun anew or taken up at a recorded state."""

    def __init__(self, bundle: Mapping[str, str], scenario: Mapping[str, Any], state: Any = None) -> None:
        self.definition = load_definition(dict(bundle))
        self.untold = {found for text in bundle.values() for found in _UNTOLD.findall(text)}
        self.host = ScenarioHost(scenario)
        if state is None:
            self.execution = Execution.start(self.definition, scenario["start"]["variables"], self.host)
            self.execution.run()
        else:
            self.take_up(state)

    def take_up(self, state: Any) -> None:
        """Go on from a recorded state."""
        self.execution = Execution.load(self.definition, json.dumps(state).encode(), self.host)

    def stands(self) -> dict[str, Any]:
        """What ran since the state was taken up, and what waits now.

        An element that ran several times in a row is told once: some releases told a multi-instance beside its last
        instance.
        """
        waits = [[w.message, w.due_at.isoformat() if w.due_at else ""] for w in self.execution.waits()]
        ran = [element for element in self.execution.trace if element not in self.untold]
        return {
            "trace": [element for element, _ in groupby(ran)],
            "open": sorted(([t.element_id, t.item] for t in self.open()), key=repr),
            "waits": sorted(waits),
            "ended": self.execution.completed,
        }


def record(bundle: Mapping[str, str], scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a scenario and keep the state and the clock before its steps, of a long one before some of them."""
    story = Story(bundle, scenario)
    acts = [step for step in scenario["steps"] if any(act in step for act in _ACTS)]
    steps = []
    for number, step in enumerate(acts):
        state, now = json.loads(story.execution.snapshot()), story.host.now.isoformat()
        story.take_up(state)
        story.step(step)
        kept = {"state": state, "now": now} if number % (len(acts) // MOST + 1) == 0 else {}
        steps.append({**kept, "step": step, "then": story.stands()})
    kept = {name: scenario[name] for name in ("now", "services", "deadlines") if name in scenario}
    return {"bundle": dict(bundle), "scenario": kept, "steps": steps, "data": story.execution.data()}


# -- what is recorded ---------------------------------------------------------------------


def shipped() -> Iterator[tuple[str, Mapping[str, str], Mapping[str, Any]]]:
    for name, scenario in SHIPPED.items():
        folder = ROOT / "processes" / name
        files = [path for kind in ("*.bpmn", "*.dmn") for path in sorted(folder.glob(kind))]
        told = json.loads((folder / "scenarios" / f"{scenario}.json").read_text(encoding="utf-8"))
        begin = told["start"]
        common = {"department": begin.get("department", ""), "business_key": begin["business_key"]}
        told["start"]["variables"] = {**common, **begin["variables"]}
        yield name, {path.name: path.read_text(encoding="utf-8") for path in files}, told


def models() -> Iterator[tuple[str, Mapping[str, str], Mapping[str, Any]]]:
    """Models for what the shipped processes do not reach."""
    for name, body, more, variables, steps in MODELS:
        text = diagram(body, messages="go").replace("</bpmn:definitions>", more + "</bpmn:definitions>")
        scenario = {
            "now": "2026-03-02T09:00:00+08:00", "services": {"svc": {"ok": True}}, "start": {"variables": variables},
            "steps": steps,
        }  # fmt: skip
        yield name, {"probe.bpmn": text}, scenario


def done(*elements: str, **values: Any) -> list[dict[str, Any]]:
    return [{"complete": element, "values": values} for element in elements]


def done_for(element: str, *items: Any) -> list[dict[str, Any]]:
    return [{"complete": element, "item": item, "values": {"said": item}} for item in items]


_LOOP_OF_JOINS = (
    start() + xor("g_in") + par("g_fork", "g_join") + user("a") + user("b")
    + choose("g_again", "finish") + script("count", "rounds = if rounds = null then 1 else rounds + 1") + end()
    + leads("begin g_in g_fork a g_join count g_again finish; g_fork b g_join")
    + flow("g_again", "g_in", "rounds &lt; 3")
)  # fmt: skip
_INSTANCES = (
    start() + node("userTask", "many", each("people", "person"))
    + node("userTask", "turn", each("people", "person", sequential=True))
    + sub("block", start("in") + user("inner") + end("out") + leads("in inner out"), each("people", "one"))
    + end() + leads("begin many turn block finish")
)  # fmt: skip
_EVENTS = (
    start() + user("work") + boundary("remind", "work", timer("R3/PT1H", "timeCycle"), interrupting=False)
    + boundary("late", "work", timer("PT5H")) + script("told", "told = true") + end("end_told")
    + user("explain") + node("eventBasedGateway", "g_race") + catch_message("came", "go")
    + node("intermediateCatchEvent", "waited", timer("PT2H")) + user("read") + end() + end("end_waited")
    + leads("begin work g_race came read finish; g_race waited end_waited; remind told end_told; late explain g_race")
)  # fmt: skip
_CALLS = (
    start() + call("helper", "helped") + incl("g_some", "x") + user("x") + user("y") + incl("g_all")
    + service("svc", "svc") + node("userTask", "loop", again("not(loop.enough)", maximum=4)) + end()
    + leads("begin helper g_some x g_all svc loop finish; y g_all") + flow("g_some", "y", "ask.more")
)  # fmt: skip
_HELPER = process("helped", start("begin_h") + user("ask") + end("end_h") + leads("begin_h ask end_h"))

MODELS: list[tuple[str, str, str, dict[str, Any], list[dict[str, Any]]]] = [
    ("rounds-of-a-join", _LOOP_OF_JOINS, "", {}, done("b", "a", "a", "b", "b", "a")),
    (
        "instances", _INSTANCES, "", {"people": ["甲", "乙", "丙"]},
        [
            *done_for("many", "乙", "甲", "丙"), *done_for("turn", "甲", "乙", "丙"),
            *done_for("inner", "丙", "甲", "乙"),
        ],
    ),
    (
        "events", _EVENTS, "", {},
        [
            {"advance_to": "2026-03-02T10:30:00+08:00"}, {"advance_to": "2026-03-02T11:30:00+08:00"},
            {"advance_to": "2026-03-02T14:00:00+08:00"}, *done("explain"), {"message": "go", "payload": {"n": 1}},
            *done("read"),
        ],
    ),
    (
        "calls-and-loops", _CALLS, _HELPER, {},
        [*done("ask", more=True), *done("y", "loop", "loop", enough=False), *done("loop", enough=True)],
    ),
]  # fmt: skip


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, bundle, scenario in [*shipped(), *models()]:
        text = json.dumps(record(bundle, scenario), ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
