"""Parsers of what stands beside the flow: event sub-processes and compensation handlers."""

from __future__ import annotations

from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.task_parsers import SubprocessParser, SubWorkflowParser
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.bpmn.compensation import CompensationTrigger, KernelCompensation
from engine.bpmn.starts import KernelProcessParser
from engine.bpmn.xml import BPMN

_BPMN = f"{{{BPMN}}}"


class KernelSubProcessParser(SubWorkflowParser):
    """subProcess and transaction; the library takes ``triggeredByEvent="false"`` for true."""

    def create_task(self) -> Any:
        kind = self.EVENT_SUBPROCESS_CLASS if self.node.get("triggeredByEvent") == "true" else self.spec_class
        inner = SubprocessParser.get_subprocess_spec(self)
        return kind(self.spec, self.bpmn_id, subworkflow_spec=inner, **self.bpmn_attributes)


class ScopeParser(KernelProcessParser):
    """A process or the inside of a sub-process, with its compensation handlers."""

    def get_boundary_events(self, attached_to_ref: str) -> list[etree._Element]:
        """Those that take part in the flow: compensation does not."""
        return [event for event in super().get_boundary_events(attached_to_ref) if not _compensates(event)]

    def add_tasks(self) -> None:
        super().add_tasks()
        for event in filter(_compensates, self.node.findall(f"{_BPMN}boundaryEvent")):
            host, handler = self.spec.task_specs.get(_plain(event.get("attachedToRef"))), self._handler(event)
            if host is None or handler is None:
                continue  # never reached, or the linter says so
            if isinstance(host, LoopTask):
                host = self.spec.task_specs[host.task_spec]  # every instance is compensated for itself
            identity = event.get("id")
            trigger = CompensationTrigger(
                self.spec, identity, event_definition=KernelCompensation(), bpmn_name=event.get("name")
            )
            trigger.extensions, trigger.interrupting, trigger.handler = {}, True, ""
            trigger._inputs.append(host.name)
            trigger.connect(self.parse_node(handler))
            host.compensated_by = trigger.name

    def _handler(self, event: etree._Element) -> etree._Element | None:
        """The activity an association joins to the boundary event."""
        for association in self.document_root.iter(f"{_BPMN}association"):
            ends = [_plain(association.get(name)) for name in ("sourceRef", "targetRef")]
            if event.get("id") in ends:
                ends.remove(event.get("id"))
                found = self.get_node_by_id(ends[0])
                if found is not None and found.get("isForCompensation") == "true":
                    return found
        return None


def _compensates(event: etree._Element) -> bool:
    return event.find(f"{_BPMN}compensateEventDefinition") is not None


def _plain(reference: str | None) -> str:
    return (reference or "").strip().rpartition(":")[2]
