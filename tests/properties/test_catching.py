"""Whoever is nearest catches: errors and escalations thrown deep inside, against the rule written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import Run, both, boundary, chain, codes, error, escalation, finish, process, sub, throw
from tests.support.diagrams import service, start, user
from tests.support.scope_models import handler

CODES = ("A", "B")


@dataclass(frozen=True)
class Level:
    """A block with what waits on its boundary and inside it; ``""`` catches any code."""

    called: bool
    boundaries: tuple[str, ...]
    handlers: tuple[str, ...]


CATCHERS = st.lists(st.sampled_from(["", *CODES]), max_size=2, unique=True).map(tuple)
LEVELS = st.lists(st.builds(Level, st.booleans(), CATCHERS, CATCHERS), min_size=1, max_size=4)


def place(kind: str, number: int, code: str) -> str:
    """The id of who catches ``code`` at a level."""
    return f"{kind}{number}_{code or 'any'}"


def drawn(levels: list[Level], thrown: str, how: str) -> tuple[str, str]:
    """The body of the process and what has to be declared beside it."""
    event = escalation if how == "escalation" else error
    last = {
        "error": finish("out", error(thrown)),
        "escalation": throw("out", escalation(thrown)) + user("on") + finish("e") + chain("out on e"),
        "service": service("out", "svc") + finish("e") + chain("out e"),
    }[how]
    inner, more = start("b") + user("go") + last + chain("b go out"), codes(*CODES)
    for number, level in enumerate(levels):
        inner += "".join(handler(place("h", number, c), event(c)) for c in level.handlers)
        name, around = f"s{number}", f"{number}"
        if level.called:
            more += process(f"p{number}", inner)
            block = f'<bpmn:callActivity id="{name}" name="{name}" calledElement="p{number}"/>'
        else:
            block = sub(name, inner)
        inner = start(f"b{around}") + block + finish(f"e{around}") + chain(f"b{around} {name} e{around}")
        for code in level.boundaries:
            ring = place("r", number, code)
            inner += boundary(ring, name, event(code)) + user(f"{ring}_fix") + finish(f"{ring}_end")
            inner += chain(f"{ring} {ring}_fix {ring}_end")
    return inner, more


def nearest(levels: list[Level], thrown: str) -> str:
    """The rule: outward, inside a scope before its boundary, the exact code before any."""
    for number, level in enumerate(levels):
        for kind, waiting in (("h", level.handlers), ("r", level.boundaries)):
            for code in (thrown, ""):
                if code in waiting:
                    return place(kind, number, code)
    return ""


def fails(element: Any, parameters: dict[str, Any]) -> None:
    raise ServiceTaskFailed("不行", error_code="A")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(LEVELS, st.sampled_from(["error", "escalation", "service"]))
def test_the_nearest_catches_and_the_exact_code_before_any(levels: list[Level], how: str) -> None:
    body, more = drawn(levels, "A", how)
    caught = nearest(levels, "A")

    def story(run: Run) -> None:
        if how == "service" and not caught:
            return
        run.complete("go", {"v": 1})
        if caught:
            assert run.open == f"{caught}_fix"
            run.complete(f"{caught}_fix")
        elif how == "escalation":
            assert run.open == "on"
            run.complete("on")
        else:
            assert run.execution.failure == {"code": "A", "element": "out"}
        assert run.ended and run.data["go"] == {"v": 1}

    both(body, story, services={"svc": fails}, more=more)
