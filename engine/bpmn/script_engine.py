"""What a diagram's texts are evaluated with, and what a running process asks of the kernel around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine
from SpiffWorkflow.task import Task

from engine import expressions
from engine.bpmn.assigning import properties
from engine.bpmn.correlation import remember
from engine.bpmn.data import Wiring, read, visible
from engine.bpmn.events import is_guarded
from engine.bpmn.keeping import jsonable
from engine.bpmn.loops import loop_names
from engine.bpmn.parser import LoadedDefinition
from engine.bpmn.spending import Spending
from engine.errors import LianjianError, ServiceTaskFailed

PARAMETER = "param:"


class Host(Protocol):
    """What a running process asks of the kernel."""

    now: datetime
    zone: ZoneInfo

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Extra functions for expressions, e.g. ``working_days_after``."""
        ...

    def run_service(self, name: str, element: Element, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        """Run a registered service task."""
        ...

    def send_message(self, name: str, element: Element, target: str | None, payload: dict[str, Any]) -> None:
        """Send a message thrown by the diagram; ``target`` is a business key, None for the own one."""
        ...

    def broadcast_signal(self, name: str, element: Element, payload: dict[str, Any]) -> None:
        """Tell everybody outside this instance of a signal the diagram threw."""
        ...


@dataclass(frozen=True)
class Element:
    """Where a token stands: the element, what the designer wrote on it, and the token's data."""

    engine_task_id: str
    element_id: str
    name: str
    lane: str
    properties: Mapping[str, str] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    item: Any = None
    #: An error boundary event may catch the failure of this service; what the service did must not stay then.
    guarded: bool = False


class KernelScriptEngine(PythonScriptEngine):
    """Evaluates every text of a diagram with the one expression language; never Python."""

    def __init__(self, host: Host, definition: LoadedDefinition) -> None:
        self.host = host
        self.definition = definition
        #: a trial by itself has the limits of every command
        self.spending = Spending(getattr(host, "limits", None))
        #: element ids in the order they ran; sub-processes and calls stand before what is in them
        self.trace: list[str] = []

    @property
    def _watch(self) -> Callable[[], None]:
        """Asked within long expressions and decisions."""
        return self.spending.check

    @property
    def now(self) -> datetime:
        return self.host.now

    @property
    def zone(self) -> ZoneInfo:
        return self.host.zone

    def evaluate(
        self, task: Task, expression: str, external_context: Any = None, *, names: Mapping[str, Any] | None = None
    ) -> Any:
        """The value of an expression at a task; ``names`` stand before the task's own data."""
        scope = {**visible(task.workflow), **task.data, **loop_names(task), **(names or {})}
        with _naming(task):
            value = expressions.parse(expression).evaluate(scope, self.host.functions(), self.host.now, self._watch)
            return jsonable(value, self.spending)

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        for name, expression in expressions.parse_assignments(script):
            scope = {**visible(task.workflow), **task.data, **loop_names(task)}
            with _naming(task):
                value = expression.evaluate(scope, self.host.functions(), self.host.now, self._watch)
                task.data[name] = jsonable(value, self.spending)
        return True

    def run_service(self, task: Task) -> Mapping[str, Any] | None:
        element = replace(self.element(task), guarded=is_guarded(task))
        name = element.properties.get("service", "")
        parameters = {
            key[len(PARAMETER) :]: self.evaluate(task, text)
            for key, text in element.properties.items()
            if key.startswith(PARAMETER)
        }
        with self.spending.serving():
            result = self.host.run_service(name, element, parameters)
        return jsonable(result, self.spending)

    def run_decision(self, task: Task) -> Any:
        element = self.element(task)
        if self.definition.decisions is None:
            raise ServiceTaskFailed(f"“{element.name}”引用的决策表没有随流程部署。")
        decision = element.properties.get("decision", "")
        return jsonable(
            self.definition.decisions.decide(
                decision, dict(task.data), functions=self.host.functions(), now=self.host.now, watch=self._watch
            ),
            self.spending,
        )

    def send_message(self, task: Task, name: str) -> None:
        element = self.element(task)
        target = self.evaluate(task, element.properties["to"]) if "to" in element.properties else None
        payload = self._payload(task, element)
        remember(task, name, payload)
        self.host.send_message(name, element, target, payload)

    def broadcast_signal(self, task: Task, name: str) -> dict[str, Any]:
        """Tell the world of a signal; returns what it carries."""
        element = self.element(task)
        payload = self._payload(task, element)
        self.host.broadcast_signal(name, element, payload)
        return payload

    def _payload(self, task: Task, element: Element) -> dict[str, Any]:
        if "payload" in element.properties:
            return self.evaluate(task, element.properties["payload"]) or {}
        inputs = getattr(task.task_spec, "wiring", Wiring()).inputs  # what other modellers send (spec §10.4.2)
        return {datum.names[-1]: jsonable(read(task, datum)) for datum in inputs}

    def value(self, expression: str, data: Mapping[str, Any]) -> Any:
        """The value of an expression on ``data`` alone."""
        found = expressions.parse(expression).evaluate(data, self.host.functions(), self.host.now, self._watch)
        return jsonable(found)

    def holds(self, task: Task, condition: str, data: Mapping[str, Any]) -> bool:
        """Whether a condition of the task's element is true on ``data``."""
        with _naming(task):
            return expressions.parse(condition).holds(data, self.host.functions(), self.host.now, self._watch)

    def element(self, task: Task) -> Element:
        spec = task.task_spec
        return Element(
            engine_task_id=str(task.id),
            element_id=spec.bpmn_id,
            name=spec.bpmn_name or spec.bpmn_id,
            lane=self.definition.lanes.get(spec.bpmn_id) or spec.lane or "",
            properties=properties(spec),
            data=task.data,
            item=_item(task),
        )


@contextmanager
def _naming(task: Task) -> Iterator[None]:
    """An error of an expression says which element it belongs to."""
    try:
        yield
    except LianjianError as error:
        error.message = f"“{task.task_spec.bpmn_name or task.task_spec.name}”的表达式出错：{error.message}"
        raise


def _item(task: Task) -> Any:
    """The multi-instance item of the task, or of the sub-process it runs in."""
    current: Task | None = task
    while current is not None:
        if "item" in current.internal_data:
            return current.internal_data["item"]
        workflow = current.workflow
        parent_id = workflow.parent_task_id
        current = workflow.top_workflow.get_task_from_id(parent_id) if parent_id else None
    return None
