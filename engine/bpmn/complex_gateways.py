"""Complex gateways: activated by a condition over the tokens that have come, then reset (spec §10.6.5, §13.4.5).

Waiting for start, the gateway asks its condition whenever a token comes.  When it holds, one token of
every flow that has one is taken and the flows out are chosen by their conditions.  Then the gateway
waits for reset: for tokens that can still come over the other flows, as an inclusive gateway would.
They are taken together, and only flows out whose condition holds in this second phase (where
``waitingForStart`` is false) get a token.  A flow without condition is taken in the first phase only.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.parser.task_parsers import GatewayParser
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.histories import merge_tokens
from engine.bpmn.joins import KernelInclusiveGateway
from engine.bpmn.xml import BPMN
from engine.errors import ServiceTaskFailed

#: Names that conditions of a complex gateway can use.
GATEWAY_NAMES = frozenset({"activationCount", "waitingForStart"})
_STATE = "waiting_for_reset"  # by gateway: the flows tokens were taken from in the first phase
_PHASE = "second_phase"


class KernelComplexGateway(KernelInclusiveGateway):
    """complexGateway."""

    activation = ""
    default = ""

    def _take(self, my_task: Task, waiting: dict[str, list[Task]]) -> list[Task]:
        state = my_task.workflow.task_tree.internal_data.setdefault(_STATE, {})
        taken = state.get(self.name)
        if taken is not None:
            if self._expected(my_task, set(waiting), set(taken)):
                return []
            late = [queue[0] for name, queue in waiting.items() if name not in taken]
            if late and my_task not in late:
                return []  # one of them will reset the gateway
            del state[self.name]
            if late:
                my_task._set_internal_data(**{_PHASE: True})
                return late
        parents = [task.parent for queue in waiting.values() for task in queue]
        known = merge_tokens(parents, last_wins={name for parent in parents for name in parent.data})
        names = {**known, "activationCount": sum(map(len, waiting.values())), "waitingForStart": True}
        if not my_task.workflow.script_engine.evaluate(my_task, self.activation, names=names):
            return []
        state[self.name] = list(waiting)
        return [queue[0] for queue in waiting.values()]

    def _expected(self, my_task: Task, filled: set[str], taken: set[str]) -> bool:
        """Can a token still come over a flow that has had none?"""
        empty = {spec.name for spec in self.inputs} - filled - taken
        late = self._sources(empty) - self._sources(filled | taken)
        return any(self._is_late(task, late) for task in my_task.workflow.tasks.unfinished())

    def _run_hook(self, my_task: Task) -> bool:
        self._merge(my_task)
        second = bool(my_task.internal_data.pop(_PHASE, False))
        engine, specs = my_task.workflow.script_engine, my_task.workflow.spec.task_specs
        names = {"waitingForStart": not second}
        chosen = []
        for condition, name in self.cond_task_specs:
            if condition is None and (second or name == self.default):
                continue
            if condition is None or engine.evaluate(my_task, condition.args[0], names=names):
                chosen.append(specs[name])
        if not chosen and not second:
            if not self.default:
                raise ServiceTaskFailed(
                    f"复杂网关“{self.bpmn_name or self.name}”的条件都不满足，也没有默认分支，流程无法继续。"
                )
            chosen = [specs[self.default]]
        my_task._sync_children(chosen, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class KernelComplexParser(GatewayParser):
    """complexGateway."""

    def create_task(self) -> Any:
        gateway = super().create_task()
        condition = self.node.find(f"{{{BPMN}}}activationCondition")
        if condition is not None:
            gateway.activation = "".join(str(text) for text in condition.itertext()).strip()
        return gateway

    def connect_outgoing(self, outgoing_task: Any, sequence_flow_node: Any, is_default: bool) -> None:
        self.task.connect_outgoing_if(None if is_default else self.parse_condition(sequence_flow_node), outgoing_task)
        if is_default:
            self.task.default = outgoing_task.name
