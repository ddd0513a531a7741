"""Run small diagrams twice, live and restored after every step, and insist on the same story."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from engine.bpmn.execution import Execution
from engine.bpmn.parser import LoadedDefinition, load_definition
from engine.bpmn.rows import kept_rows, plain_rows
from engine.bpmn.script_engine import Element
from engine.bpmn.state import written
from engine.lint.linter import lint
from tests.support.diagrams import diagram, end, flow, props, start, user

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, tzinfo=ZONE)
Service = Callable[[Element, dict[str, Any]], Mapping[str, Any] | None]


class Host:
    """Answers services by functions and keeps what was sent."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.now, self.zone, self.services = NOW, ZONE, services
        self.sent: list[tuple[str, str | None, dict[str, Any]]] = []
        self.signals: list[tuple[str, dict[str, Any]]] = []

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return {"now": lambda: self.now, "today": lambda: self.now.date()}

    def run_service(self, name: str, element: Element, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        return self.services[name](element, parameters)

    def send_message(self, name: str, element: Element, target: str | None, payload: dict[str, Any]) -> None:
        self.sent.append((name, target, payload))

    def broadcast_signal(self, name: str, element: Element, payload: dict[str, Any]) -> None:
        self.signals.append((name, payload))


class Run:
    """One running process; ``restoring`` puts it through its snapshot before and after every step."""

    def __init__(
        self,
        definition: LoadedDefinition,
        variables: Mapping[str, Any],
        services: Mapping[str, Service],
        restoring: bool,
    ) -> None:  # fmt: skip
        self.definition, self.restoring = definition, restoring
        self.host = Host(services)
        self.told: list[str] = []
        self.execution = Execution.start(definition, variables, self.host)
        if restoring:
            self._restore()
        self.execution.run()
        self._after()

    # -- acting ---------------------------------------------------------------

    def complete(self, element_id: str, values: Mapping[str, Any] | None = None, *, item: Any = None) -> None:
        """Complete the open task of that element (and item)."""
        found = [t for t in self.execution.open_tasks() if t.element_id == element_id and item in (None, t.item)]
        assert found, f"{element_id} is not open; open are {self.open}"
        self.execution.complete(found[0].engine_task_id, values or {})
        self._after()

    def message(self, name: str, payload: Mapping[str, Any] | None = None) -> None:
        """Hand a message to the first element that waits for it."""
        waits = [w for w in self.execution.waits() if w.message == name]
        found = [w for w in waits if self.execution.accepts(w.engine_task_id, name, payload or {})]
        assert found, f"nobody waits for {name}; waiting are {self.waiting}"
        self.execution.deliver(found[0].engine_task_id, name, payload or {})
        self._after()

    def signal(self, name: str, payload: Mapping[str, Any] | None = None) -> None:
        """Let a signal from outside reach whoever waits for it."""
        self.execution.hear(name, payload or {})
        self._after()

    def later(self, **spans: float) -> None:
        """Let time pass and fire what is due."""
        self.host.now += timedelta(**spans)
        self.execution.run()
        self._after()

    # -- looking --------------------------------------------------------------

    @property
    def open(self) -> str:
        """Ids of open tasks, sorted."""
        return " ".join(sorted(t.element_id for t in self.execution.open_tasks()))

    @property
    def items(self) -> list[Any]:
        """Multi-instance items of the open tasks."""
        return [t.item for t in self.execution.open_tasks()]

    @property
    def waiting(self) -> str:
        """Ids of elements that wait for something to happen, sorted."""
        return " ".join(sorted(w.element_id for w in self.execution.waits()))

    @property
    def ended(self) -> bool:
        return self.execution.completed

    @property
    def data(self) -> dict[str, Any]:
        return self.execution.data()

    @property
    def trace(self) -> str:
        """Elements in the order they ran, without gateways (ids ``g…``) and start events (``begin…``)."""
        return " ".join(e for e in self.told if not e.startswith(("g", "begin")))

    # -- restoring ------------------------------------------------------------

    def _after(self) -> None:
        self.told += self.execution.trace
        self.execution.trace.clear()
        assert self.ended or self.open or self.waiting, "a running instance has nothing to wait for"
        assert not (self.ended and (self.open or self.waiting)), f"ended, yet open: {self.open} {self.waiting}"
        if self.restoring:
            self._restore()
        else:
            workflow = self.execution._workflow
            assert written(workflow, kept_rows) == written(workflow, plain_rows), "what is kept of a snapshot is stale"

    def _restore(self) -> None:
        before = self.execution
        state = before.snapshot()
        self.execution = Execution.load(self.definition, state, self.host)
        assert json.loads(self.execution.snapshot()) == json.loads(state), "a restored state gives another snapshot"
        assert seen(self.execution) == seen(before), "a restored state looks different"


def seen(execution: Execution) -> tuple[Any, ...]:
    """What the world sees of an execution."""
    return (
        sorted((t.engine_task_id, t.element_id, json.dumps(t.item), t.lane) for t in execution.open_tasks()),
        sorted(repr(w) for w in execution.waits()),
        sorted(execution.progress().items()),
        execution.completed,
        json.dumps(execution.data(), sort_keys=True),
    )


@lru_cache(maxsize=64)
def definition_of(text: str) -> LoadedDefinition:
    return load_definition({"probe.bpmn": text})


def refusals(text: str) -> set[str]:
    """Rules that refuse a diagram (layout, forms and services are not looked at)."""
    return {rule for rule, _ in reasons(text)}


def reasons(text: str) -> list[tuple[str, str]]:
    """Rules with their messages."""
    found = lint({"probe.bpmn": text})
    ignored = {"diagram-bounds", "known-forms", "labels"}
    return [(f.rule, f.message) for f in found if f.refuses and f.rule not in ignored]


def both(
    body: str,
    story: Callable[[Run], None],
    variables: Mapping[str, Any] | None = None,
    *,
    services: Mapping[str, Service] | None = None,
    messages: str = "",
    more: str = "",
    lawful: bool = True,
) -> Run:
    """Tell ``story`` to a live run and to a restored one; both must run the same elements to the same data.

    ``more`` are further processes or declarations beside the process; ``lawful`` diagrams pass the linter.
    """
    text = diagram(body, messages=messages).replace("</bpmn:definitions>", more + "</bpmn:definitions>")
    if lawful:
        assert not refusals(text), reasons(text)
    runs = []
    for restoring in (False, True):
        run = Run(definition_of(text), variables or {}, services or {}, restoring)
        story(run)
        runs.append(run)
    live, restored = runs
    assert restored.told == live.told
    assert restored.data == live.data
    return live


# -- more parts of diagrams ---------------------------------------------------


def node(tag: str, element_id: str, inner: str = "", **attributes: str) -> str:
    """Any element of the diagram."""
    more = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f'<bpmn:{tag} id="{element_id}" name="{element_id}"{more}>{inner}</bpmn:{tag}>'


def xor(*ids: str) -> str:
    return "".join(node("exclusiveGateway", i) for i in ids)


def choose(element_id: str, default: str) -> str:
    """An exclusive gateway with a default flow to ``default``."""
    return node("exclusiveGateway", element_id, default=f"{element_id}_to_{default}")


def par(*ids: str) -> str:
    return "".join(node("parallelGateway", i) for i in ids)


def incl(element_id: str, default: str = "") -> str:
    return node("inclusiveGateway", element_id, **({"default": f"{element_id}_to_{default}"} if default else {}))


def script(element_id: str, text: str, loop: str = "") -> str:
    return node("scriptTask", element_id, f"{loop}<bpmn:script>{text}</bpmn:script>")


def sub(element_id: str, inner: str, loop: str = "") -> str:
    return node("subProcess", element_id, loop + inner)


def call(element_id: str, called: str, loop: str = "") -> str:
    return node("callActivity", element_id, loop, calledElement=called)


def process(process_id: str, body: str) -> str:
    """A further executable process of the same file."""
    return node("process", process_id, body, isExecutable="true")


def looped(element: str, loop: str) -> str:
    """The element (its closing tag last) with loop characteristics."""
    head, _, tail = element.rpartition("</")
    return f"{head}{loop}</{tail}"


def each(collection: str, item: str, *, sequential: bool = False) -> str:
    """Multi-instance over a collection."""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f'<bpmn:loopDataInputRef>{collection}</bpmn:loopDataInputRef><bpmn:inputDataItem id="{item}" name="{item}"/>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def times(count: str, *, sequential: bool = False) -> str:
    """Multi-instance by cardinality."""
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f'<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">{count}</bpmn:loopCardinality>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def again(condition: str = "", *, before: bool = False, maximum: int | None = None) -> str:
    """Standard loop."""
    limit = f' loopMaximum="{maximum}"' if maximum is not None else ""
    head = f'<bpmn:standardLoopCharacteristics testBefore="{str(before).lower()}"{limit}>'
    test = f'<bpmn:loopCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:loopCondition>'
    return f"{head}{test if condition else ''}</bpmn:standardLoopCharacteristics>"


def timer(when: str, kind: str = "timeDuration") -> str:
    return (
        f'<bpmn:timerEventDefinition><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{when}</bpmn:{kind}>'
        "</bpmn:timerEventDefinition>"
    )


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="msg_{name}"/>'


def error(code: str = "") -> str:
    return f'<bpmn:errorEventDefinition errorRef="err_{code}"/>' if code else "<bpmn:errorEventDefinition/>"


def escalation(code: str = "") -> str:
    return (
        f'<bpmn:escalationEventDefinition escalationRef="esc_{code}"/>' if code else "<bpmn:escalationEventDefinition/>"
    )


def codes(*names: str) -> str:
    """Declarations of errors and escalations."""
    return "".join(
        f'<bpmn:error id="err_{n}" name="{n}" errorCode="{n}"/>'
        f'<bpmn:escalation id="esc_{n}" name="{n}" escalationCode="{n}"/>'
        for n in names
    )


def boundary(element_id: str, host: str, event: str, *, interrupting: bool = True) -> str:
    return node("boundaryEvent", element_id, event, attachedToRef=host, cancelActivity=str(interrupting).lower())


def catch(element_id: str, event: str, **properties: str) -> str:
    return node("intermediateCatchEvent", element_id, (props(**properties) if properties else "") + event)


def throw(element_id: str, event: str, **properties: str) -> str:
    return node("intermediateThrowEvent", element_id, (props(**properties) if properties else "") + event)


def finish(element_id: str, event: str = "") -> str:
    return node("endEvent", element_id, event)


def terminate(element_id: str) -> str:
    return finish(element_id, "<bpmn:terminateEventDefinition/>")


def chain(text: str) -> str:
    """Flows along ids: ``"a b c; b d"`` leads a → b → c and b → d."""
    return "".join(flow(a, b) for part in text.split(";") for a, b in zip(part.split(), part.split()[1:], strict=False))


def guarded(event: str, *, interrupting: bool, host: str = "") -> str:
    """A user task (or ``host``) ``work`` with boundary event ``ring`` that leads to the user task ``other``."""
    body = start() + (host or user("work")) + boundary("ring", "work", event, interrupting=interrupting)
    return body + user("other") + end() + finish("end_other") + chain("begin work finish; ring other end_other")
