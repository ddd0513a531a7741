"""Event sub-processes: armed while their scope runs, started by an event, beside its tokens or instead of them.

An armed event sub-process is a waiting task in the scope around it (:class:`ScopeTrigger`).  When its
event occurs, the handler begins with what the tokens of the scope know at that moment.  One that
interrupts ends all of them first, and no other handler of the scope begins any more; one that does not
waits for its next event at once.  A scope whose own tokens have all ended waits for the handlers that
run, but starts no new ones (spec §13.5.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import EventSubprocess
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.compensation import CompensationTrigger, KernelCompensation
from engine.bpmn.listening import ScopeTrigger
from engine.bpmn.scopes import changes, end_tokens, publish, scope_data
from engine.bpmn.triggers import rearm


class KernelEventSubProcess(EventSubprocess):
    """The handler; when it ran beside the scope's tokens, what it wrote becomes known to them at its end."""

    def _on_complete_hook(self, my_task: Task) -> None:
        begin = my_task.parent
        if not begin.task_spec.interrupting:
            written = changes(begin.data, my_task.data)
            publish(my_task.workflow, dict(begin.data), written)
            my_task.data = {**my_task.workflow.task_tree.data, **written}
        super()._on_complete_hook(my_task)


class HandlerTrigger(ScopeTrigger):
    """See :class:`ScopeTrigger`."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        workflow = my_task.workflow
        my_task.data = scope_data(workflow)
        if self.interrupting:
            end_tokens(workflow, keep=[my_task, *my_task.children])
            return
        again = rearm(my_task)
        if again is not None:
            waiting = my_task.parent._add_child(self, TaskState.FUTURE)
            waiting._set_internal_data(**again)
            self._update(waiting)

    def _run_hook(self, my_task: Task) -> bool:
        before = dict(my_task.data)
        super()._run_hook(my_task)
        publish(my_task.workflow, before, changes(before, my_task.data))
        self.lead_on(my_task)
        return True


def install_handlers(spec: Any, specs: Mapping[str, Any]) -> None:
    """Let the event sub-processes of a scope be armed when it starts.

    The library reads them as steps after the start; here the inner start event's trigger moves to the
    scope around, under the start event's own id.
    """
    handlers = [each for each in spec.task_specs.values() if isinstance(each, EventSubprocess)]
    for handler in dict.fromkeys(handlers):
        _disconnect(spec, handler)
        begin = specs[handler.spec].bpmn_start_events[0]
        compensates = isinstance(begin.event_definition, KernelCompensation)
        kind = CompensationTrigger if compensates else HandlerTrigger
        trigger = kind(spec, begin.bpmn_id, event_definition=begin.event_definition, bpmn_name=begin.bpmn_name)
        trigger.extensions, trigger.lane = begin.extensions, begin.lane
        trigger.interrupting, trigger.handler = begin.interrupting or compensates, handler.name
        begin.event_definition = NoneEventDefinition()
        begin.bpmn_id = None  # what waits and what runs is the trigger
        trigger.connect(handler)
        if compensates:
            spec.compensated_by = trigger.name  # begun by who compensates, never by the start of the scope
            trigger._inputs.append(spec.start.name)
        else:
            spec.start.connect(trigger)
            handler.connect(spec.end)


def _disconnect(spec: Any, handler: EventSubprocess) -> None:
    for other in [spec.start, spec.end]:
        other._outputs = [name for name in other._outputs if name != handler.name]
        other._inputs = [name for name in other._inputs if name != handler.name]
    handler._inputs, handler._outputs = [], []
    spec.start.trigger_specs = []
