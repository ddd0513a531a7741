"""Replay a scenario file: complete, send, travel, and restore from the snapshot between all steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.bpmn.execution import Execution
from engine.bpmn.parser import LoadedDefinition, load_definition
from engine.bpmn.script_engine import Element
from engine.bpmn.timers import parse_instant
from engine.calendar import Calendar, announced_years
from engine.deadline_rules import deadline_rule
from engine.expressions import parse
from engine.forms import Form
from engine.lint.bundle import read_bundle
from engine.periods import Period, count
from engine.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(
    {d.day: d.works for days in announced_years().values() for d in days}, set(announced_years()), ZONE
)  # fmt: skip


def due_after(name: str, start: datetime) -> datetime | None:
    """The end of a period of the shipped deadline table."""
    row = deadline_rule(Settings(), name, CALENDAR.local_date(start))
    return count(CALENDAR, Period(row.rule, start, row.includes_start)).due_at


class ScenarioHost:
    """Answers service tasks with the scenario's results."""

    def __init__(self, scenario: Mapping[str, Any]) -> None:
        self.now = datetime.fromisoformat(scenario["now"])
        self.zone = ZONE
        self.answers = scenario.get("services", {})
        self.deadlines = scenario.get("deadlines", {})
        self.called: list[str] = []

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        def day(value: Any) -> date:
            return parse_instant(value, ZONE).astimezone(ZONE).date()

        return {
            "working_days_after": lambda start, n: CALENDAR.add_working_days(day(start), int(n)),
            "due_after": lambda name, start: due_after(name, parse_instant(start, ZONE)) if start else None,
            "end_of_day": lambda value: CALENDAR.end_of_day(day(value)) if value else None,
            "now": lambda: self.now,
            "today": lambda: self.now.astimezone(ZONE).date(),
            "deadline": lambda name: self.deadlines.get(name),
            "deadline_suspended": lambda name: name in self.deadlines and self.deadlines[name] is None,
            "inspection_team": lambda key: [],
            "conference_office": lambda: "SCJG",
            "unit_receivers": lambda number: [],
            "penalty_handlers": lambda number: [],
        }

    def run_service(self, name: str, element: Element, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        assert name in self.answers, f"the scenario has no answer for the service {name!r}"
        self.called.append(name)
        answer: Mapping[str, Any] = self.answers[name]
        return answer

    def send_message(self, name: str, element: Element, target: str | None, payload: dict[str, Any]) -> None:
        self.called.append(f"message {name}")


class Replay:
    """One replay; every step starts from restored state."""

    def __init__(self, folder: Path, form_dir: Path, scenario: Mapping[str, Any]) -> None:
        bundle = read_bundle(folder, form_dir)
        self.definition: LoadedDefinition = load_definition(bundle)
        self.forms = {
            n.removeprefix("forms/").removesuffix(".json"): Form.parse(t)
            for n, t in bundle.items()
            if n.startswith("forms/")
        }
        self.scenario = scenario
        self.host = ScenarioHost(scenario)
        start = scenario["start"]
        variables = {
            "department": start.get("department", ""), "business_key": start["business_key"], **start["variables"]
        }  # fmt: skip
        self.execution = Execution.start(self.definition, variables, self.host)
        self.execution.run()

    def restore(self) -> None:
        state = self.execution.snapshot()
        self.execution = Execution.load(self.definition, state, self.host)
        again = json.loads(self.execution.snapshot())
        assert again == json.loads(state), "a restored state gives another snapshot"

    def run(self) -> None:
        for number, step in enumerate(self.scenario["steps"], 1):
            self.restore()
            try:
                self.step(step)
            except AssertionError as error:
                raise AssertionError(f"step {number} {json.dumps(step, ensure_ascii=False)[:200]}: {error}") from error
        self.restore()

    def open(self) -> list[Element]:
        return list(self.execution.open_tasks())

    def step(self, step: Mapping[str, Any]) -> None:
        if "complete" in step:
            self.complete(step)
        elif "expect_open" in step:
            assert {t.element_id for t in self.open()} == set(step["expect_open"])
        elif "message" in step:
            waits = [w for w in self.execution.waits() if w.message == step["message"]]
            assert waits, f"nobody waits for {step['message']}"
            self.execution.deliver(waits[0].engine_task_id, step["message"], step.get("payload", {}))
        elif "advance_to" in step:
            self.host.now = datetime.fromisoformat(step["advance_to"])
            self.execution.run()
        elif "services" in step:  # from here on a service answers otherwise
            self.host.answers = {**self.host.answers, **step["services"]}
        elif "expect_ended" in step:
            assert self.execution.completed == step["expect_ended"], [t.element_id for t in self.open()]
        elif "expect_data" in step:
            for text, expected in step["expect_data"].items():
                found = parse(text).evaluate(self.execution.data(), self.host.functions())
                assert found == expected, f"{text} is {found!r}"
        else:
            raise AssertionError("unknown step")

    def complete(self, step: Mapping[str, Any]) -> None:
        found = [
            t for t in self.open()
            if t.element_id == step["complete"] and ("item" not in step or t.item == step["item"])
        ]  # fmt: skip
        assert found, f"not open; open are {[(t.element_id, t.item) for t in self.open()]}"
        element = found[0]
        if "as" in step:
            assert (element.properties.get("role") or element.lane) == step["as"]
        values = dict(step["values"])
        hook = element.properties.get("on_submit", "")
        if hook:
            values |= self.host.run_service(hook, element, {}) or {}
        self.execution.complete(element.engine_task_id, values)
