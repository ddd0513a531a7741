"""Two branches that run at the same time do not assign one name: only one value could survive.

Branches that plainly assign the same value contradict nobody and may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from engine import expressions
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.graph import play
from engine.lint.model import Model, Node, Scope, q
from engine.lint.say import about
from engine.lint.texts import Text, assigned, assigned_inside, declared, item_names, texts
from engine.lint.words import TASKS

#: Tasks without a person and without a wait.
_AT_ONCE = frozenset({"task", "scriptTask", "serviceTask", "businessRuleTask", "sendTask"})
#: Steps that keep a result under their own id.
_PRODUCING = frozenset(
    {"userTask", "manualTask", "serviceTask", "businessRuleTask", "receiveTask", "intermediateCatchEvent"}
)


def check(model: Model) -> Iterator[Problem]:
    processes = {process.id: process for process in model.processes}
    for scope in model.scopes:
        writers = {node: names for node in scope.nodes if (names := _writes(node, processes))}
        for node, names in writers.items():
            if _runs_in_parallel(node):
                disputed = {name for name, value in names.items() if value is None}
                if disputed and node.type not in TASKS:
                    disputed &= _used_outside(node, model, processes)
                for name in sorted(disputed):
                    yield about(node, f"的各个并行实例都会给“{name}”赋值。", "请在多实例之后再赋值，或改为逐个办理。")
        if len(writers) < 2:
            continue
        certain, possible = play(scope, optional_or=False), play(scope)
        seen: set[frozenset[Node]] = set()
        for pair in sorted(certain.together | possible.together, key=lambda p: sorted(n.id for n in p)):
            first, second = sorted(pair, key=lambda n: n.id)
            mine, theirs = writers.get(first, {}), writers.get(second, {})
            common = {name for name in mine.keys() & theirs.keys() if mine[name] is None or mine[name] != theirs[name]}
            if common and pair not in seen:
                seen.add(pair)
                yield about(
                    second,
                    f"与{first.label}同时进行，都会给“{'”“'.join(sorted(common))}”赋值。",
                    "请使用不同的名称，或改为先后进行；同一流程需要同时办理多份时用多实例。",
                    "error" if pair in certain.together else "warning",
                )


def _used_outside(node: Node, model: Model, processes: dict[str, Scope]) -> set[str]:
    """Names the world outside an activity has to do with; others are the affair of each instance."""
    levels = _levels(node, processes)
    inside = {id(scope) for scope in levels}
    # What only counts up goes on from a value outside.
    lines = [(name, name in Text(node, "", text).names) for level in levels for name, text in assigned_inside(level)]
    names = {name for name, _ in lines} - {name for name, counts in lines if not counts}
    for text in texts(model):
        if text.where is not node and id(text.where.scope) not in inside:
            names |= text.names
    for scope in model.scopes:
        if id(scope) not in inside:
            names |= {name for each in scope.nodes for name, _ in assigned(each)}
            names |= set(declared(scope)) if scope.owner is None else set()
    return names


def _writes(node: Node, processes: dict[str, Scope]) -> dict[str, str | None]:
    """Names an activity assigns, each with the one value everybody can foresee, or ``None``."""
    lines = assigned(node)
    for scope in _levels(node, processes):
        own = _own_data(scope)
        lines += [(name, text) for name, text in assigned_inside(scope) if name not in own]
    values: dict[str, set[str]] = {}
    for name, text in lines:
        values.setdefault(name, set()).add(text.strip())
    names = {name: _foreseen(texts) for name, texts in values.items()}
    if node.multi_instance:  # keeps what its steps produce in its own list
        return {name: value for name, value in names.items() if name not in item_names(node)}
    return names | dict.fromkeys(_products(node, processes))


def _foreseen(texts: set[str]) -> str | None:
    """The one expression that is assigned, if its value depends on no data; of two that count up, one would be lost."""
    text = next(iter(texts))
    if len(texts) > 1 or "(" in text:  # a function may answer differently each time
        return None
    with suppress(ExpressionError):
        return None if expressions.parse(text).names else text
    return None


def _own_data(scope: Scope) -> set[str]:
    """What a level declares for itself: every run of it has its own."""
    found = [x for tag in ("dataObject", "dataObjectReference", "property") for x in scope.xml.iterfind(q(tag))]
    return {x.get(name) or "" for x in found for name in ("id", "name")}


def _products(node: Node, processes: dict[str, Scope]) -> set[str]:
    """Ids of called steps: two calls of one process keep their products under the same names."""
    called = _levels(node, processes) if node.inner is None else []
    steps = [step for scope in called for step in scope.nodes]
    return {step.id for step in steps if step.type in _PRODUCING or step.multi_instance}


def _levels(node: Node, processes: dict[str, Scope]) -> list[Scope]:
    """The levels inside an activity: its own and those of the processes it calls, however deep."""
    found: list[Scope] = []
    todo = [node]
    while todo:
        each = todo.pop()
        scope = each.inner
        if each.type == "callActivity":
            scope = processes.get(each.get("calledElement").rpartition(":")[2])
        if scope is not None and scope not in found:
            found.append(scope)
            todo += scope.nodes
    return found


def _runs_in_parallel(node: Node) -> bool:
    if node.type in _AT_ONCE:
        return False  # each instance is over before the next one begins
    loop = node.xml.find(q("multiInstanceLoopCharacteristics"))
    return loop is not None and (loop.get("isSequential") or "false").strip() not in {"true", "1"}
