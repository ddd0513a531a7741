"""Our task specifications: where the library's behaviour is not BPMN's or not ours.

A submission, a service result and a message payload are stored under the id of
their own element (ADR 0002).  Joins, loops and events have modules of their own.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.bpmn.specs.defaults import NoneTask, ScriptTask, ServiceTask
from SpiffWorkflow.bpmn.specs.mixins.script_task import ScriptEngineTask
from SpiffWorkflow.task import Task

from engine.bpmn.assigning import assign_names, store_result
from engine.bpmn.events import KernelError, find_catcher
from engine.errors import ServiceTaskFailed


class KernelTask(NoneTask):
    """An abstract task has nothing to do; the token passes through."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.manual = False


class KernelServiceTask(ServiceTask):
    """serviceTask: runs the registered service named by the property ``service``.

    A failure with a code that an error boundary event around the task catches goes there; any
    other failure is raised.
    """

    def _execute(self, task: Task) -> bool | None:
        try:
            result = task.workflow.script_engine.run_service(task)
        except ServiceTaskFailed as failure:
            code = failure.error_code
            if not code or find_catcher(task, KernelError, code) is None:
                raise
            task.workflow.top_workflow.thrown.append((task, KernelError(code, code), failure.message))
            return None  # neither completed nor failed: the boundary event cancels it
        store_result(task, result)
        return True


class KernelBusinessRuleTask(ScriptEngineTask, BpmnTaskSpec):
    """businessRuleTask: decides by the table named by the property ``decision``."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.bpmn_id = bpmn_id
        self.bpmn_name = kwargs.get("bpmn_name")

    def _execute(self, task: Task) -> bool:
        value = task.workflow.script_engine.run_decision(task)
        task.data[self.bpmn_id] = value
        assign_names(task, self)
        return True


class KernelScriptTask(ScriptTask):
    """scriptTask: lines ``NAME = expression`` only."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.execute(task, self.script)
        assign_names(task, self)
        return True
