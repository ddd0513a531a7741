"""Where an instance begins: its start events, and receive tasks and event-based gateways that start it.

A process may have several start events; each starts its own instances (spec §13.5.1).  Started by
hand an instance begins at the start event without a trigger; a process that has none waits at all of
its start events, and the first to occur decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BpmnStartTask
from SpiffWorkflow.bpmn.specs.defaults import StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.bpmn.events import KernelEventGateway, KernelMessage
from engine.bpmn.normal_form import BEFORE
from engine.bpmn.signals import KernelSignal
from engine.bpmn.timers import CycleTimer, OwnClock, looks_like_iso
from engine.bpmn.triggers import CatchingSpec, triggers_of

_BEGINS_AT = "begins_at"


@dataclass(frozen=True)
class StartPoint:
    """Something outside that starts instances: a message or signal by its name, a timer by its text."""

    element_id: str
    kind: str  # message | signal | timer
    name: str
    definition: EventDefinition
    #: The start event the instance begins at.
    begins_at: str


class KernelStartEvent(CatchingSpec, StartEvent):
    """startEvent: when an instance waits at several, the first to occur ends the others' waiting."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        for other in my_task.parent.children:
            if other is not my_task and isinstance(other.task_spec, KernelStartEvent):
                other.cancel()


class KernelStart(BpmnStartTask):
    """Leads to the start events the instance begins at."""

    def _predict_hook(self, my_task: Task) -> None:
        starts = [spec for spec in self.outputs if isinstance(spec, KernelStartEvent)]
        wanted = my_task.internal_data.get(_BEGINS_AT)
        chosen = [s for s in starts if s.name == wanted] if wanted else [s for s in starts if _plain(s)] or starts
        outputs = [spec for spec in self.outputs if spec not in starts or spec in chosen]
        state = TaskState.FUTURE if my_task.has_state(TaskState.DEFINITE_MASK) else my_task.state
        my_task._sync_children(outputs, state)


class KernelProcessParser(ProcessParser):
    """Without the library's own choice between start events."""

    def add_tasks(self) -> None:
        for node in self.xpath("./bpmn:startEvent"):
            self.parse_node(node)
        for node in self.xpath("./bpmn:subProcess[@triggeredByEvent='true']"):
            handler = self.parse_node(node)
            self.spec.start.connect_or_add_trigger(handler, self.parser.process_parsers[handler.spec].get_spec())


class TimerStart:
    """The timer of a start event, running for the process itself; it stands for the task a timer is asked about."""

    def __init__(
        self, point: StartPoint, state: Mapping[str, Any], now: datetime, zone: ZoneInfo,
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:  # fmt: skip
        self._timer: Any = point.definition
        self._functions = functions
        self.now, self.zone = now, zone
        self.internal_data = dict(state)
        self.workflow = self.script_engine = self

    @property
    def stands_alone(self) -> bool:
        """Does the timer ask for nothing that only an instance has?"""
        if looks_like_iso(self._timer.expression):
            return True
        parsed = expressions.parse(self._timer.expression)
        return not parsed.names and "deadline" not in parsed.functions

    @property
    def due(self) -> datetime | None:
        """When the timer rings next, ``None`` when it rings no more.  Raises :class:`ExpressionError`."""
        due: datetime | None = self._timer.due_at(self)
        return due

    @property
    def state(self) -> dict[str, Any]:
        """What the next look at the timer has to know."""
        return dict(self.internal_data)

    def next_round(self) -> bool:
        """Go on to the next round; False when there is none."""
        again = self._timer.again(self) if isinstance(self._timer, CycleTimer) else None
        self.internal_data = again or {}
        return again is not None

    def skip_past(self) -> None:
        """Leave out rounds that lie before now."""
        while (due := self.due) is not None and due < self.now:
            if not self.next_round():
                self._timer = _Over()
                return

    def evaluate(self, _task: Any, text: str) -> Any:
        return expressions.parse(text).evaluate({}, self._functions, self.now)

    def _get_internal_data(self, name: str) -> Any:
        return self.internal_data.get(name)

    def _set_internal_data(self, **values: Any) -> None:
        self.internal_data |= values


class _Over:
    """A timer that rings no more."""

    def due_at(self, _task: Any) -> None:
        return None


def begin_at(start: Task, point: StartPoint) -> None:
    """Let a new instance begin where ``point`` says; ``start`` is its first task, which has not run."""
    start.internal_data[_BEGINS_AT] = point.begins_at
    start._drop_children()
    start.task_spec._predict(start, mask=TaskState.NOT_FINISHED_MASK)


def prepare_starts(spec: BpmnProcessSpec) -> None:
    """Put our start in place; what was put before an instantiating element is no element itself."""
    spec.start.__class__ = KernelStart
    for event in spec.bpmn_start_events:
        if event.name.endswith(BEFORE):
            event.bpmn_id = None


def start_points(spec: BpmnProcessSpec) -> Iterator[StartPoint]:
    """Everything outside that starts instances of a process, in the order of the diagram."""
    for event in spec.bpmn_start_events:
        before = event.name.endswith(BEFORE)
        waiting = spec.task_specs[event.name.removesuffix(BEFORE)]
        for each in waiting.outputs if isinstance(waiting, KernelEventGateway) else [waiting]:
            for definition in triggers_of(each.event_definition):
                if isinstance(definition, KernelMessage):
                    yield StartPoint(each.bpmn_id, "message", definition.name, definition, event.name)
                elif isinstance(definition, KernelSignal):
                    yield StartPoint(each.bpmn_id, "signal", definition.name, definition, event.name)
                elif isinstance(definition, OwnClock) and not before:
                    yield StartPoint(each.bpmn_id, "timer", definition.expression, definition, event.name)


def _plain(spec: StartEvent) -> bool:
    return isinstance(spec.event_definition, NoneEventDefinition) and not spec.name.endswith(BEFORE)
