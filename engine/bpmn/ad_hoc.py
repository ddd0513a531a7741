"""Ad-hoc sub-processes: steps in no drawn order, until a condition holds (spec §10.3.5, §13.3.5).

Nobody chooses which step comes next, so every step nothing leads to is begun once: all at the same
time, or (``ordering="Sequential"``) one after the other as they are written.  After every completed
activity the condition is asked.  When it holds, no further step begins and those that run are
cancelled (or awaited, ``cancelRemainingInstances="false"``).  When everything is done and the condition
does not hold, all begins again, as long as somebody has something to do there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine import expressions
from engine.bpmn.implicit_flow import BEGIN, FINISH
from engine.bpmn.scopes import end_tokens, scope_data, unfinished
from engine.bpmn.xml import BPMN, FLOW_NODES
from engine.errors import ServiceTaskFailed

_Q = f"{{{BPMN}}}"
_CLOSING = "closing"
_ACTIVITIES = frozenset(
    _Q + tag
    for tag in FLOW_NODES
    if tag.endswith(("Task", "Process", "Activity")) or tag in {"task", "transaction"}
)  # fmt: skip


@dataclass(frozen=True)
class AdHoc:
    """What is written on an ad-hoc sub-process."""

    name: str
    activities: frozenset[str]
    condition: str
    cancels: bool

    def install(self, spec: Any) -> None:
        """Ask the condition whenever an activity of the level has completed."""
        for task_spec in spec.task_specs.values():
            if task_spec.name in self.activities:
                task_spec.completed_event.connect(self._completed)

    def _completed(self, workflow: Any, task: Task) -> None:
        if not self.condition or workflow.completed:
            return
        begun = workflow.task_tree.internal_data
        if not begun.get(_CLOSING):
            known = scope_data(workflow)
            if workflow.script_engine.evaluate(task, self.condition, names=known):
                begun[_CLOSING] = True
                if self.cancels:
                    for other in unfinished(workflow):
                        if other.task_spec is not workflow.spec.end and other.id in workflow.tasks:
                            other.cancel()
            elif expressions.parse(self.condition).names and self._is_last(task):
                self._again(workflow, task, known)
        if begun.get(_CLOSING):
            _lead(task, workflow.spec.end)

    def _is_last(self, task: Task) -> bool:
        """Does nothing follow, and nothing else run?"""
        spec = task.workflow.spec
        ahead = {child.id for child in task.children}
        if any(child.task_spec.name != spec.name + FINISH for child in _onward(task)):
            return False
        over = {spec.end.name, spec.name + FINISH, "End"}
        return all(t.task_spec.name in over or t.id in ahead for t in unfinished(task.workflow))

    def _again(self, workflow: Any, task: Task, known: dict[str, Any]) -> None:
        if not _waits(workflow.spec, workflow.top_workflow.subprocess_specs):
            raise ServiceTaskFailed(
                f"自由子流程“{self.name}”的步骤都已完成，但完成条件仍不满足，又没有人可以继续办理；请检查完成条件。"
            )
        end_tokens(workflow, keep=task.children)
        task.data = dict(known)
        _lead(task, *workflow.spec.task_specs[workflow.spec.name + BEGIN].outputs)


def _waits(spec: Any, levels: Mapping[str, Any]) -> bool:
    """Does somebody, a message or a time have a say in a level or below?"""
    for each in spec.task_specs.values():
        if isinstance(each, SubWorkflowTask):
            if _waits(levels[each.spec], levels):
                return True
        elif each.manual or (
            isinstance(each, CatchingEvent) and not isinstance(each.event_definition, NoneEventDefinition)
        ):
            return True
    return False


def _onward(task: Task) -> list[Task]:
    return [child for child in task.children if not isinstance(child.task_spec, BoundaryEventJoin)]


def _lead(task: Task, *targets: Any) -> None:
    """Let the token go to ``targets`` instead of along its flows."""
    for child in _onward(task):
        task.workflow._remove_task(child.id)
    for target in targets:
        child = task._add_child(target, TaskState.FUTURE)
        target._predict(child, mask=TaskState.NOT_FINISHED_MASK)


def take_ad_hoc(root: etree._Element) -> dict[str, AdHoc]:
    """Make every ad-hoc sub-process of a file a plain one; what was written on it is returned by id."""
    found = {}
    for xml in list(root.iter(_Q + "adHocSubProcess")):
        condition = xml.find(_Q + "completionCondition")
        activities = [child for child in xml if child.tag in _ACTIVITIES and not _compensates(child)]
        found[xml.get("id", "")] = AdHoc(
            name=xml.get("name") or xml.get("id", ""),
            activities=frozenset(child.get("id", "") for child in activities),
            condition="" if condition is None else "".join(str(t) for t in condition.itertext()).strip(),
            cancels=(xml.get("cancelRemainingInstances") or "true").strip() in {"true", "1"},
        )
        if condition is not None:
            xml.remove(condition)
        if xml.get("ordering") == "Sequential":
            _put_in_turn(xml)
        xml.tag = _Q + "subProcess"
    return found


def _compensates(xml: etree._Element) -> bool:
    """An activity that only undoes another one is no step of its own."""
    return (xml.get("isForCompensation") or "").strip() in {"true", "1"}


def _put_in_turn(xml: etree._Element) -> None:
    """Lead from the end of every step nothing leads to, or of the steps that follow it, to the next one."""
    flows = [(flow.get("sourceRef", ""), flow.get("targetRef", "")) for flow in xml.iterfind(_Q + "sequenceFlow")]
    hosts = {e.get("id", ""): e.get("attachedToRef", "") for e in xml.iterfind(_Q + "boundaryEvent")}
    steps = [child for child in xml if child.tag in {_Q + tag for tag in FLOW_NODES} and not _compensates(child)]
    nodes = [child.get("id", "") for child in steps]
    follows = [*flows, *((host, event) for event, host in hosts.items())]
    led_to, leading = {target for _, target in follows}, {source for source, _ in flows}
    entries = [node for node in nodes if node not in led_to]
    for entry, following in pairwise(entries):
        part, todo = set(), [entry]
        while todo:
            node = todo.pop()
            if node not in part:
                part.add(node)
                todo += [target for source, target in follows if source == node]
        for node in nodes:
            if node in part and node not in leading:
                ends = {"sourceRef": node, "targetRef": following}
                etree.SubElement(xml, _Q + "sequenceFlow", {"id": f"{node}..{following}", **ends})
