"""One evaluation of a requirement graph: every decision once, each seeing what it requires and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.bpmn.decision_graph import Decision, Element, Graph, InputData, Key, Knowledge, Service
from engine.bpmn.decision_logic import Environment, FunctionDefinition, Logic, Meter
from engine.errors import ExpressionError, ServiceTaskFailed
from engine.expressions.nodes.calls import call_function
from engine.expressions.types import from_json
from engine.expressions.values import Function, undeclared


class Session:
    """Evaluates elements of a graph over the given data.

    ``given`` are values by element: those of input data and of decisions that the caller decided.
    """

    def __init__(
        self, graph: Graph, data: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: Any,
        meter: Meter, given: Mapping[Key, Any] | None = None,
    ) -> None:  # fmt: skip
        self.graph = graph
        self.functions = functions
        self.now = now
        self.meter = meter
        self.known: dict[Key, Any] = dict(given or {})
        self.inner: dict[str, Session] = {}
        # Names have single spaces, whatever their writer typed.
        data = {" ".join(name.split()) if "  " in name else name: value for name, value in data.items()}
        self.data: Mapping[str, Any] = data
        # A name the files declare is visible through a requirement only; other data is the process's own.
        self.undeclared = {name: value for name, value in data.items() if name not in graph.declared}

    def value(self, key: Key) -> Any:
        """The value of an element; a knowledge model or service is a function."""
        if key not in self.known:
            element = self.graph.elements[key]
            if isinstance(element, InputData):
                self.known[key] = self._input(element)
            elif isinstance(element, Decision):
                self.known[key] = self._decided(element)
            else:
                self.known[key] = self._function(element)
        return self.known[key]

    def _environment(self, home: str, scope: Mapping[str, Any]) -> Environment:
        return Environment(scope, self.functions, self.now, self.graph.files[home].types, self.meter)

    def _input(self, element: InputData) -> Any:
        value = self.data.get(element.name, self.data.get(element.variable))
        env = self._environment(element.key[0], {})
        value = undeclared(value) if element.type is None else from_json(value, element.type, env.types)
        return env.fitting(value, element.type, f"输入数据“{element.name}”")

    def handed(self, element: Element, inputs: Mapping[str, Any]) -> Any:
        """The caller's value for a decision, as its variable is declared."""
        env = self._environment(element.key[0], {})
        value = from_json(inputs.get(element.name, inputs.get(element.variable)), element.type, env.types)
        return env.fitting(value, element.type, f"“{element.name}”的值")

    def _decided(self, element: Decision) -> Any:
        try:
            problems = self.graph.broken.get(element.key)
            if problems:
                raise ServiceTaskFailed("；".join(problems[:3]), "decision-broken")
            data = {name: undeclared(self.undeclared[name]) for name in element.reads & self.undeclared.keys()}
            env = self._environment(element.key[0], {**data, **self._borrowed(element), **self._required(element)})
            return env.fitting(element.logic.value(env), element.type, f"决策“{element.name}”的结果")
        except (ExpressionError, ServiceTaskFailed) as error:
            if self.meter.notes is None:
                raise
            self.meter.notes.append(error.message)
            return None

    def _required(self, element: Decision | Knowledge) -> dict[str, Any]:
        """What an element requires, by name; elements of another file under the import's name."""
        scope: dict[str, Any] = {}
        for key in element.requires:
            required = self.graph.elements.get(key)
            if required is None:
                continue
            place = self.graph.place(key, element.key[0])
            into = scope.setdefault(place, {}) if place else scope
            value = self._session(place).value(key)
            into[required.variable] = into[required.name] = value
        return scope

    def _borrowed(self, element: Decision) -> dict[str, Any]:
        """Required decisions that the decision reads by their ids or output columns instead of their names."""
        found: dict[str, Any] = {}
        for name, ((owner, column), *others) in self.graph.borrowed(element).items():
            if not others:
                value = self.value(owner.key)
                rows = [row.get(column) for row in value] if column and isinstance(value, list) else value
                found[name] = rows.get(column) if column and isinstance(rows, dict) else rows
        return found

    def _session(self, place: str) -> Session:
        """Where elements of an imported file are evaluated: data under the import's name is theirs alone."""
        inner = self.data.get(place) if place else None
        if not isinstance(inner, Mapping):
            return self
        if place not in self.inner:
            data = {**self.data, **inner}
            self.inner[place] = Session(self.graph, data, self.functions, self.now, self.meter)
        return self.inner[place]

    def call(self, element: Knowledge, values: list[Any]) -> Any:
        """The value of a knowledge model for one value a parameter."""
        env = self._environment(element.key[0], {})
        types = element.types
        read = [from_json(value, wanted, env.types) for value, wanted in zip(values, types, strict=True)]
        return call_function(env.run(), self.value(element.key), read)

    def _function(self, element: Element) -> Function:
        if isinstance(element, Service):
            return self._service(element)
        assert isinstance(element, Knowledge)
        # Known before it is made: a knowledge model may call itself.
        scope: dict[str, Any] = {}
        env = self._environment(element.key[0], scope)
        definition = FunctionDefinition(element.parameters, element.types, _Guarded(element, self), element.type)
        made = self.known[element.key] = definition.within(env)
        scope.update(self._required(element))
        scope[element.variable] = scope[element.name] = made
        return made

    def _service(self, element: Service) -> Function:
        keys = [*element.inputs, *element.decisions]
        elements = [self.graph.elements[key] for key in keys]
        names = tuple(one.name for one in elements)
        types = tuple(one.type for one in elements)

        def call(run: Any, values: list[Any]) -> Any:
            return self.serve(element, dict(zip(keys, values, strict=True)))

        return Function(names, call, types, element.type)

    def serve(self, element: Service, given: Mapping[Key, Any]) -> Any:
        """The value of a decision service for the given inputs: of its one output decision, or all by name."""
        self.meter.charge()
        inner = Session(self.graph, {}, self.functions, self.now, self.meter, given)
        values = {self.graph.elements[key].name: inner.value(key) for key in element.outputs}
        value = next(iter(values.values())) if len(element.outputs) == 1 else values
        return self._environment(element.key[0], {}).fitting(value, element.type, f"决策服务“{element.name}”的结果")


class _Guarded(Logic):
    """The logic of a knowledge model, unless something was wrong with it."""

    def __init__(self, element: Knowledge, session: Session) -> None:
        self.logic = element.logic
        self.problems = session.graph.broken.get(element.key)

    def value(self, env: Environment) -> Any:
        if self.problems:
            env.trouble("；".join(self.problems[:3]), "decision-broken")
            return None
        return self.logic.value(env)
