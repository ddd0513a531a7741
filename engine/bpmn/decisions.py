"""Decisions: DMN 1.1–1.5 files, read safely, checked completely, evaluated by our own FEEL.

SpiffWorkflow's DMN evaluates Python in cells and ignores most hit policies, so it is not used.
Files may import each other and hold several decisions that require each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.bpmn.decision_graph import Decision, Element, Graph, InputData, Key, Knowledge, Service
from engine.bpmn.decision_logic import Meter
from engine.bpmn.decision_reader import DecisionReader
from engine.bpmn.decision_session import Session
from engine.bpmn.decision_table import Table
from engine.errors import ModelRefused, ServiceTaskFailed
from engine.expressions import json_safe
from engine.expressions.values import Failure

Functions = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Answer:
    """What a decision gives: ``exact`` as the language has it, and why parts of it are null."""

    exact: Any
    errors: tuple[str, ...] = ()

    @property
    def value(self) -> Any:
        """The value as JSON data: numbers plain, dates and durations as ISO 8601 text."""
        return json_safe(self.exact)


@dataclass(frozen=True)
class Decisions:
    """All decisions of files that belong together; immutable."""

    graph: Graph
    #: everything found wrong with the files; empty when they can be deployed
    findings: tuple[dict[str, Any], ...] = field(default=(), compare=False)

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the decisions one may ask for."""
        return frozenset(one.id for one in self.graph.elements.values() if isinstance(one, Decision))

    def listed(self) -> list[dict[str, str]]:
        """What may be asked for, in file order, as ``{"id", "name", "kind", "namespace"}``.

        ``kind`` is ``decision``, ``service`` or ``knowledge``.
        """
        kinds = {Decision: "decision", Service: "service", Knowledge: "knowledge"}
        return [
            {"id": one.key[1], "name": one.name, "kind": kinds[type(one)], "namespace": one.key[0]}
            for one in self.graph.elements.values()
            if type(one) in kinds
        ]

    def tables(self) -> list[tuple[str, Table]]:
        """The decision tables with the ids of the elements they stand in."""
        logics = [
            (one.key[1], one.logic) for one in self.graph.elements.values() if isinstance(one, Decision | Knowledge)
        ]
        return [(identifier, logic) for identifier, logic in logics if isinstance(logic, Table)]

    def decide(
        self,
        decision_id: str,
        inputs: Mapping[str, Any],
        functions: Functions | None = None,
        now: datetime | None = None,
        watch: Callable[[], None] | None = None,
    ) -> Any:
        """The JSON-safe value of a decision, for a process: trouble stops.

        A table with one output gives its value, with several a dict by output name; R, O and C
        give lists (empty when no rule holds).  Raises :class:`ServiceTaskFailed` when the table
        does not fit the data (overlapping rules, wrong types, values that are not allowed) and
        :class:`ExpressionError` when an expression cannot be evaluated.  ``watch`` is asked again and again
        while it lasts and may raise.
        """
        return json_safe(self._answer(decision_id, inputs, functions, now, Meter(watch=watch)))

    def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Any],
        functions: Functions | None = None,
        now: datetime | None = None,
    ) -> Answer:
        """The value of a decision, decision service or knowledge model by id or name, as the standard says.

        Trouble yields null where it arises and stands in :attr:`Answer.errors`.  Texts in ``inputs`` are
        read as the dates and durations that the input data declares.  Raises :class:`ServiceTaskFailed`
        when there is no such decision.
        """
        notes: list[str] = []
        value = self._answer(name, inputs, functions, now, Meter(notes))
        return Answer(value, tuple(dict.fromkeys(notes)))

    def _answer(
        self, name: str, inputs: Mapping[str, Any], functions: Functions | None, now: datetime | None, meter: Meter
    ) -> Any:
        kinds = (Decision, Service, Knowledge)
        found: list[Element] = next(filter(None, (self.graph.find(name, (kind,)) for kind in kinds)), [])
        if len(found) > 1:
            raise ServiceTaskFailed(f"有几个决策都叫“{name}”，请用编号。", "decision-unknown")
        if not found:
            raise ServiceTaskFailed(f"没有编号为“{name}”的决策表，请核对任务引用的决策。", "decision-unknown")
        try:
            return self._asked(found[0], inputs, functions, now, meter)
        except Failure as stop:
            raise ServiceTaskFailed(f"决策“{found[0].name}”：{stop.message}", "decision-limit") from stop
        except RecursionError:
            raise ServiceTaskFailed(f"决策“{found[0].name}”嵌套过深。", "decision-limit") from None

    def _asked(
        self, element: Element, inputs: Mapping[str, Any], functions: Functions | None, now: datetime | None,
        meter: Meter,
    ) -> Any:  # fmt: skip
        session = Session(self.graph, inputs, functions or {}, now, meter, self._decided(inputs, meter))
        if isinstance(element, Service):
            keys = [*element.inputs, *element.decisions]
            given = {key: self._handed(session, key, inputs) for key in keys}
            return session.serve(element, given)
        if isinstance(element, Knowledge):
            return session.call(element, [inputs.get(parameter) for parameter in element.parameters])
        return session.value(element.key)

    def _decided(self, inputs: Mapping[str, Any], meter: Meter) -> dict[Key, Any]:
        """Values of input decisions of services that the caller hands in (never in a process)."""
        if meter.notes is None:
            return {}
        services = [one for one in self.graph.elements.values() if isinstance(one, Service)]
        keys = {key for service in services for key in service.decisions if key in self.graph.elements}
        session = Session(self.graph, inputs, {}, None, meter)
        named = {key for key in keys if self.graph.elements[key].name in inputs}
        return {key: self._handed(session, key, inputs) for key in named}

    def _handed(self, session: Session, key: Key, inputs: Mapping[str, Any]) -> Any:
        element = self.graph.elements[key]
        return session.value(key) if isinstance(element, InputData) else session.handed(element, inputs)


def read_decisions(*contents: bytes | str) -> Decisions:
    """Read one or more DMN files; what is wrong with a decision is an error when it is asked for.

    Raises :class:`ModelRefused` when a file is not DMN at all.  For deploying use :func:`load_decisions`.
    """
    reader = _read(contents)
    if reader.unreadable:
        raise ModelRefused(f"决策表不能使用：{reader.findings[0]['message']}", reader.findings)
    return Decisions(reader.graph, tuple(reader.findings))


def load_decisions(*contents: bytes | str) -> Decisions:
    """Read one or more DMN files; raises :class:`ModelRefused` with every finding at once."""
    reader = _read(contents)
    errors = [finding for finding in reader.findings if finding["severity"] == "error"]
    if errors:
        messages = "；".join(finding["message"] for finding in errors[:3])
        raise ModelRefused(f"决策表不能使用：{messages}", errors)
    return Decisions(reader.graph, tuple(reader.findings))


def decision_problems(*contents: bytes | str, supplied: frozenset[str] | None = None) -> list[dict[str, Any]]:
    """Every finding of one or more DMN files that belong together; empty when they can be used.

    ``supplied`` are the functions a process hands in; without them calls of unknown functions are not checked.
    """
    reader = _read(contents)
    if supplied is not None:
        reader.check_functions(supplied)
    return reader.findings


def _read(contents: tuple[bytes | str, ...]) -> DecisionReader:
    reader = DecisionReader()
    for content in contents:
        reader.read(content)
    reader.link()
    return reader
