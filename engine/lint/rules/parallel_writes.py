"""Two branches that run at the same time do not assign one name: only one value could survive."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.graph import play
from engine.lint.model import Model, Node, q
from engine.lint.say import about
from engine.lint.texts import set_names, written_inside


def check(model: Model) -> Iterator[Problem]:
    for scope in model.scopes:
        writers = {node: names for node in scope.nodes if (names := _writes(node))}
        for node, names in writers.items():
            if _runs_in_parallel(node):
                for name in sorted(names):
                    yield about(node, f"的各个并行实例都会给“{name}”赋值。", "请在多实例之后再赋值，或改为逐个办理。")
        if len(writers) < 2:
            continue
        certain, possible = play(scope, optional_or=False), play(scope)
        seen: set[frozenset[Node]] = set()
        for pair in sorted(certain.together | possible.together, key=lambda p: sorted(n.id for n in p)):
            first, second = sorted(pair, key=lambda n: n.id)
            common = writers.get(first, set()) & writers.get(second, set())
            if common and pair not in seen:
                seen.add(pair)
                yield about(
                    second,
                    f"与{first.label}同时进行，都会给“{'”“'.join(sorted(common))}”赋值。",
                    "请使用不同的名称，或改为先后进行。",
                    "error" if pair in certain.together else "warning",
                )


def _writes(node: Node) -> set[str]:
    return set_names(node) | (written_inside(node.inner) if node.inner is not None else set())


def _runs_in_parallel(node: Node) -> bool:
    loop = node.xml.find(q("multiInstanceLoopCharacteristics"))
    return loop is not None and (loop.get("isSequential") or "false").strip() not in {"true", "1"}
