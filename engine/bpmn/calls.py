"""Call activities: what goes into a called process and what comes out of it; global tasks (spec §10.3.6, §10.4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.defaults import CallActivity
from SpiffWorkflow.task import Task

from engine.bpmn.data import Datum, Wiring, read, visible
from engine.bpmn.xml import BPMN
from engine.errors import ServiceTaskFailed

_Q = f"{{{BPMN}}}"
#: Kinds of global tasks, and the task each of them is.
GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
#: Names of the instance itself; every called process knows them.
_OF_THE_INSTANCE = ("department", "departments", "business_key", "process_key")


class KernelCallActivity(CallActivity):
    """callActivity: all data goes in and comes out, unless inputs or outputs are declared on either side."""

    wiring = Wiring()

    def _called(self, my_task: Task) -> Wiring:
        return getattr(my_task.workflow.top_workflow.subprocess_specs[self.spec], "wiring", Wiring())

    def shares_data(self, my_task: Task) -> bool:
        """Does the called process work on the names of its caller?"""
        called = self._called(my_task)
        mine = self._own(my_task)
        return not (called.inputs or called.outputs or mine.incoming or mine.outgoing or mine.inputs or mine.outputs)

    def _own(self, my_task: Task) -> Wiring:
        """What is declared on the activity; an instance of a loop finds it on the loop."""
        parent = my_task.parent
        if not self.wiring.incoming and parent is not None and getattr(parent.task_spec, "task_spec", "") == self.name:
            return getattr(parent.task_spec, "wiring", self.wiring)
        return self.wiring

    def copy_data(self, my_task: Task, subworkflow: Any) -> None:
        start = subworkflow.task_tree
        if self.shares_data(my_task):
            start.data = dict(my_task.data)  # values are replaced, never changed in place: see blocks.py
            return
        mine, called = self._own(my_task), self._called(my_task)
        start.data = {name: deepcopy(my_task.data[name]) for name in _OF_THE_INSTANCE if name in my_task.data}
        for number, wanted in enumerate(called.inputs):
            given = [wanted, *mine.inputs[number : number + 1]] if len(mine.inputs) == len(called.inputs) else [wanted]
            found, value = _first(my_task, given)
            if not found and wanted.key not in called.optional:
                raise ServiceTaskFailed(
                    f"“{self.bpmn_name or self.name}”调用的流程需要输入“{wanted.names[-1]}”，但没有提供。",
                    error_code="missing-input",
                )
            start.data.update({name: deepcopy(value) for name in wanted.names})
        if not called.inputs:
            names = mine.local_names & my_task.data.keys()
            start.data.update({name: deepcopy(my_task.data[name]) for name in names})

    def update_data(self, my_task: Task, subworkflow: Any) -> None:
        last = subworkflow.last_task
        if self.shares_data(my_task):
            my_task.data = dict(last.data)
            return
        mine, called = self._own(my_task), self._called(my_task)
        ended = {**visible(subworkflow), **last.data}
        for number, datum in enumerate(called.outputs):
            own = mine.outputs[number : number + 1] if len(mine.outputs) == len(called.outputs) else (datum,)
            value = read(last, datum)
            my_task.data.update({name: deepcopy(value) for each in own for name in each.names})
        if not called.outputs:
            for datum in [*mine.outputs, *(a.target for a in mine.outgoing if not a.sources)]:
                my_task.data.update({name: deepcopy(ended[name]) for name in datum.names if name in ended})


def _first(task: Task, data: list[Datum]) -> tuple[bool, Any]:
    known: Mapping[str, Any] = {**visible(task.workflow), **task.data}
    for datum in data:
        for name in datum.names:
            if name in known:
                return True, known[name]
    return False, None


def plain_calls(root: etree._Element) -> None:
    """Make every global task of a file a process of one task, and call what is called by its plain id."""
    for xml in list(global_tasks(root)):
        identity = xml.get("id", "")
        process = etree.SubElement(root, _Q + "process", id=identity, isExecutable="true")
        if xml.get("name"):
            process.set("name", xml.get("name", ""))
        task = etree.SubElement(process, _Q + GLOBAL_TASKS[etree.QName(xml).localname], dict(xml.attrib))
        for child in list(xml):
            (process if child.tag == _Q + "ioSpecification" else task).append(child)
        root.remove(xml)
    for call in root.iter(_Q + "callActivity"):
        call.set("calledElement", call.get("calledElement", "").strip().rpartition(":")[2])


def global_tasks(root: etree._Element) -> Iterator[etree._Element]:
    """The global tasks of a file."""
    return (e for e in root if isinstance(e.tag, str) and etree.QName(e).localname in GLOBAL_TASKS)
