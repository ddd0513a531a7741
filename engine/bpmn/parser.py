"""Diagram text → frozen specification, parsed once per definition version and shared by its instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.task_parsers import (
    CallActivityParser,
    ConditionalGatewayParser,
    GatewayParser,
    ScriptTaskParser,
)
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import (
    ErrorEventDefinition,
    EscalationEventDefinition,
)
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask, MultiInstanceTask

from engine.bpmn.ad_hoc import AdHoc, take_ad_hoc
from engine.bpmn.blocks import KernelSubProcess, KernelTransaction
from engine.bpmn.calls import KernelCallActivity, plain_calls
from engine.bpmn.compensation import note_completions
from engine.bpmn.complex_gateways import KernelComplexGateway, KernelComplexParser
from engine.bpmn.conditions import is_conditional
from engine.bpmn.correlation import Correlation, read_correlation
from engine.bpmn.data import Declared, Inputs, Outputs, Wiring
from engine.bpmn.data_parsing import DiagramData, take_data
from engine.bpmn.decisions import Decisions, load_decisions
from engine.bpmn.event_parsing import (
    KernelBoundaryParser,
    KernelCatchParser,
    KernelEndParser,
    KernelEventGatewayParser,
    KernelReceiveParser,
    KernelSendParser,
    KernelStartParser,
    KernelThrowParser,
)
from engine.bpmn.event_sub_processes import KernelEventSubProcess, install_handlers
from engine.bpmn.events import (
    KernelBoundaryEvent,
    KernelCatchEvent,
    KernelError,
    KernelEscalation,
    KernelEventGateway,
    KernelReceiveTask,
    KernelTerminate,
)
from engine.bpmn.implicit_flow import EMIT, GATHER, draw_implicit_flow, is_added
from engine.bpmn.instance_parsing import read_behavior
from engine.bpmn.instances import Behavior, KernelParallelInstances, KernelSequentialInstances
from engine.bpmn.joins import (
    KernelEndJoin,
    KernelExclusiveGateway,
    KernelInclusiveGateway,
    KernelParallelGateway,
)
from engine.bpmn.loops import KernelLoop
from engine.bpmn.normal_form import normalise
from engine.bpmn.quantities import KernelEmit, KernelGather
from engine.bpmn.scope_parsing import KernelSubProcessParser, ScopeParser
from engine.bpmn.specs import KernelBusinessRuleTask, KernelScriptTask, KernelServiceTask, KernelTask
from engine.bpmn.starts import KernelStartEvent, StartPoint, prepare_starts, start_points
from engine.bpmn.throwing import KernelEndEvent, KernelThrowEvent
from engine.bpmn.xml import executable_processes, read_xml
from engine.errors import ModelRefused

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_TRUE = {"true", "1"}  # both are true in XML Schema
_BOOLEANS = {
    "isExecutable", "isSequential", "testBefore", "cancelActivity", "triggeredByEvent", "isForCompensation",
    "parallelMultiple", "instantiate", "isInterrupting", "waitForCompletion",
}  # fmt: skip
_PROPERTIES = "./bpmn:extensionElements/*[local-name()='properties']/*[local-name()='property']"  # any vendor prefix


class _Properties:
    """Mixed into every task parser: our extensions and our loop classes."""

    PARALLEL_MI_CLASS = KernelParallelInstances
    SEQUENTIAL_MI_CLASS = KernelSequentialInstances
    STANDARD_LOOP_CLASS = KernelLoop
    EVENT_SUBPROCESS_CLASS = KernelEventSubProcess

    def get_position(self, node: Any = None) -> dict[str, float]:
        """Nowhere: branches are tried in the order they are written, not in the order they are drawn."""
        return {"x": 0.0, "y": 0.0}

    def parse_extensions(self, node: Any = None) -> dict[str, str]:
        found = self.xpath(_PROPERTIES)  # type: ignore[attr-defined]
        return {p.get("name"): p.get("value", "") for p in found if p.get("name")}

    def _add_multiinstance_task(self, loop_characteristics: Any) -> None:
        super()._add_multiinstance_task(loop_characteristics)  # type: ignore[misc]
        self.task.behavior = read_behavior(self, loop_characteristics)  # type: ignore[attr-defined]

    def _copy_task_attrs(self, original: Any, loop_characteristics: Any = None) -> None:
        super()._copy_task_attrs(original, loop_characteristics)  # type: ignore[misc]
        # The library leaves these on the child only; the outer task carries the element's identity too.
        self.task.extensions = original.extensions  # type: ignore[attr-defined]
        self.task.bpmn_id, self.task.bpmn_name = original.bpmn_id, original.bpmn_name  # type: ignore[attr-defined]
        self.task.lane = original.lane  # type: ignore[attr-defined]


def _with_properties(parser: type[TaskParser]) -> type[TaskParser]:
    return type(f"Kernel{parser.__name__}", (_Properties, parser), {})


class _ParallelGatewayParser(GatewayParser):
    """Parallel gateways, and those that stand for the quantities of an activity."""

    def create_task(self) -> Any:
        for ending, name, kind in ((GATHER, "startQuantity", KernelGather), (EMIT, "completionQuantity", KernelEmit)):
            if self.bpmn_id.endswith(ending):
                return kind(self.spec, self.bpmn_id, int(self.node.get(name)), **self.bpmn_attributes)
        return super().create_task()


class _ScriptParser(ScriptTaskParser):
    """Script tasks; without a script they are abstract tasks (spec §10.3.3)."""

    def get_script(self) -> str:
        return self.node.findtext(_BPMN + "script") or ""


_SPECS: dict[str, tuple[type[TaskParser], type[Any]]] = {
    "startEvent": (KernelStartParser, KernelStartEvent),
    "endEvent": (KernelEndParser, KernelEndEvent),
    "userTask": (TaskParser, defaults.UserTask),
    "task": (TaskParser, KernelTask),
    "manualTask": (TaskParser, defaults.ManualTask),
    "subProcess": (KernelSubProcessParser, KernelSubProcess),
    "transaction": (KernelSubProcessParser, KernelTransaction),
    "callActivity": (CallActivityParser, KernelCallActivity),
    "exclusiveGateway": (ConditionalGatewayParser, KernelExclusiveGateway),
    "parallelGateway": (_ParallelGatewayParser, KernelParallelGateway),
    "inclusiveGateway": (ConditionalGatewayParser, KernelInclusiveGateway),
    "complexGateway": (KernelComplexParser, KernelComplexGateway),
    "scriptTask": (_ScriptParser, KernelScriptTask),
    "serviceTask": (TaskParser, KernelServiceTask),
    "businessRuleTask": (TaskParser, KernelBusinessRuleTask),
    "intermediateCatchEvent": (KernelCatchParser, KernelCatchEvent),
    "intermediateThrowEvent": (KernelThrowParser, KernelThrowEvent),
    "boundaryEvent": (KernelBoundaryParser, KernelBoundaryEvent),
    "receiveTask": (KernelReceiveParser, KernelReceiveTask),
    "sendTask": (KernelSendParser, defaults.SendTask),
    "eventBasedGateway": (KernelEventGatewayParser, KernelEventGateway),
}


class KernelParser(BpmnParser):
    """The library's parser with our specifications."""

    PROCESS_PARSER_CLASS = ScopeParser
    OVERRIDE_PARSER_CLASSES: ClassVar = {
        full_tag(tag): (_with_properties(p), spec) for tag, (p, spec) in _SPECS.items()
    }

    def _add_correlations(self, bpmn: etree._Element) -> None:
        """Nothing: see :mod:`engine.bpmn.correlation`."""


@dataclass(frozen=True)
class LoadedDefinition:
    """A definition ready to run: frozen specs, decision tables, and who declared what."""

    process_id: str
    name: str
    spec: BpmnProcessSpec
    subprocess_specs: dict[str, BpmnProcessSpec]
    decisions: Decisions | None
    lanes: dict[str, str] = field(default_factory=dict)  # element id → lane name, sub-process children included
    starts: tuple[StartPoint, ...] = ()  # what starts instances by itself
    conditional: bool = False  # does any event wait for a condition?
    correlation: Correlation = field(default_factory=Correlation)
    documents: dict[str, tuple[str, ...]] = field(default_factory=dict)  # element id → templates of its documents


def _nothing_to_run(file: str) -> ModelRefused:
    finding = {
        "rule": "executable-process", "severity": "error", "file": file, "element": "",
        "message": "没有可执行的流程。", "remedy": '请把要运行的流程设为可执行（isExecutable="true"）。',
    }  # fmt: skip
    return ModelRefused("没有可执行的流程。", [finding])


def load_definition(files: dict[str, str]) -> LoadedDefinition:
    """Parse the bundle of one definition.

    ``files`` maps names to text; exactly one ``.bpmn`` with one executable process is expected
    besides called ones.  Raises :class:`ModelRefused` when the library refuses it (the linter
    should have said so before).  The same diagrams and tables are parsed once, however many versions,
    districts or commands ask for them: deploying alone does three times.
    """
    return _load(tuple((name, text) for name, text in files.items() if name.endswith((".bpmn", ".dmn"))))


@lru_cache(maxsize=64)
def _load(files: tuple[tuple[str, str], ...]) -> LoadedDefinition:
    parser = KernelParser()
    diagrams = {name: text for name, text in files if name.endswith(".bpmn")}
    lanes: dict[str, str] = {}
    executable: list[str] = []
    called: set[str | None] = set()
    roots: list[etree._Element] = []
    data = DiagramData()
    ad_hoc: dict[str, AdHoc] = {}
    try:
        for name, text in diagrams.items():
            root = read_xml(text, name)
            runnable = executable_processes(root)
            for process in root.iter(_BPMN + "process"):
                process.set("isExecutable", "true" if process in runnable else "false")
            executable += [process.get("id") or "" for process in runnable]
            _plain_booleans(root)
            plain_calls(root)
            take_data(root, data)
            ad_hoc |= take_ad_hoc(root)
            normalise(root)
            draw_implicit_flow(root)
            parser.add_bpmn_xml(root, name)
            roots.append(root)
            lanes.update(_lanes(root))
            called |= {c.get("calledElement") for c in root.iter(_BPMN + "callActivity")}
        # What another process calls is its helper; the one nobody calls is the process itself.
        mains = [p for p in executable if p not in called] or executable
        if not mains:
            raise _nothing_to_run(next(iter(diagrams), ""))
        process_id = mains[0]
        spec = parser.get_spec(process_id)
        subprocess_specs = parser.get_subprocess_specs(process_id)
    except ModelRefused:
        raise
    except Exception as error:
        finding = {
            "rule": "parse", "severity": "error", "file": next(iter(diagrams), ""), "element": "",
            "message": f"流程引擎无法读取此图：{error}", "remedy": "请按提示修改图形后重新部署。",
        }  # fmt: skip
        raise ModelRefused("流程图无法执行。", [finding]) from error
    for each in [spec, *subprocess_specs.values()]:
        _wire(each, data)
        _freeze(each)
        if each.name in ad_hoc:
            ad_hoc[each.name].install(each)
    scopes = {spec.name: spec, **subprocess_specs}
    for each in scopes.values():
        install_handlers(each, scopes)
    note_completions(scopes)
    decisions = [t for n, t in files if n.endswith(".dmn")]
    return LoadedDefinition(
        process_id=process_id,
        name=spec.description or process_id,
        spec=spec,
        subprocess_specs=subprocess_specs,
        decisions=load_decisions(*decisions) if decisions else None,
        lanes=lanes,
        starts=tuple(start_points(spec)),
        correlation=read_correlation(roots),
        conditional=any(is_conditional(each) for each in [spec, *subprocess_specs.values()]),
        documents=_documents([spec, *subprocess_specs.values()]),
    )


def _documents(specs: list[BpmnProcessSpec]) -> dict[str, tuple[str, ...]]:
    """The property ``documents`` of the elements that have one."""
    found = {}
    for spec in specs:
        for task_spec in spec.task_specs.values():
            named = (getattr(task_spec, "extensions", None) or {}).get("documents", "")
            if keys := tuple(key.strip() for key in named.split(",") if key.strip()):
                found[task_spec.bpmn_id] = keys
    return found


def _plain_booleans(root: etree._Element) -> None:
    """The library knows only the word ``true``; XML Schema also allows ``1`` and blanks around."""
    for element in root.iter(_BPMN + "*"):
        for name in _BOOLEANS & set(element.attrib):
            element.set(name, "true" if element.get(name, "").strip() in _TRUE else "false")


def _lanes(root: etree._Element) -> dict[str, str]:
    """Element id → lane name; children of a sub-process stand in the lane of the sub-process."""
    ns = {"b": "http://www.omg.org/spec/BPMN/20100524/MODEL"}
    direct = {}
    for lane in root.iterfind(".//b:lane", ns):
        for ref in lane.iterfind("b:flowNodeRef", ns):
            direct[(ref.text or "").strip()] = lane.get("name") or ""
    for sub in root.xpath(".//b:subProcess | .//b:transaction | .//b:adHocSubProcess", namespaces=ns):
        lane_name = direct.get(sub.get("id") or "")
        if lane_name is not None:
            for node in sub.iter():
                if isinstance(node.tag, str) and node.get("id"):
                    direct.setdefault(node.get("id") or "", lane_name)
    return direct


def _wire(spec: BpmnProcessSpec, data: DiagramData) -> None:
    """Give a level and its elements the data the diagram declares for them."""
    spec.declared = data.declared.get(spec.name, Declared())
    spec.wiring = data.wirings.get(spec.name, Wiring())
    for task_spec in spec.task_specs.values():
        wiring = data.wirings.get(task_spec.name)
        if wiring is not None and wiring != Wiring():
            task_spec.wiring = wiring
            task_spec.data_input_associations, task_spec.data_output_associations = [Inputs(wiring)], [Outputs(wiring)]
        if isinstance(task_spec, MultiInstanceTask):
            task_spec.wire(data.datum)


def _freeze(spec: BpmnProcessSpec) -> None:
    """Put our event definitions and joins in place and connect loops once, so that instances can share the spec."""
    for task_spec in list(spec.task_specs.values()):
        definition = getattr(task_spec, "event_definition", None)
        if definition is not None:
            task_spec.event_definition = _own_event(definition)
        if is_added(task_spec.name):
            task_spec.bpmn_id = None  # no element of the diagram
        if isinstance(task_spec, LoopTask):
            child = spec.task_specs[task_spec.task_spec]
            if isinstance(task_spec, MultiInstanceTask):
                events = [(condition, _own_event(each)) for condition, each in task_spec.behavior.events]
                task_spec.behavior = Behavior(task_spec.behavior.kind, events)
            if not child.completed_event.is_connected(task_spec.merge_child):
                child.completed_event.connect(task_spec.merge_child)
    prepare_starts(spec)
    spec.end.__class__ = KernelEndJoin


def _own_event(definition: Any) -> Any:
    if isinstance(definition, MultipleEventDefinition):
        definition.event_definitions = [_own_event(d) for d in definition.event_definitions]
        others = [d for d in definition.event_definitions if not isinstance(d, KernelTerminate)]
        return definition if len(others) == len(definition.event_definitions) else KernelTerminate(others)
    if type(definition) is ErrorEventDefinition:
        return KernelError(definition.name, definition.code or None, description=definition.description)
    if type(definition) is EscalationEventDefinition:
        return KernelEscalation(definition.name, definition.code or None, description=definition.description)
    if type(definition) is TerminateEventDefinition:
        return KernelTerminate(description=definition.description)
    return definition
