"""Which variables and functions an expression uses: the questions lint asks of a tree."""

from __future__ import annotations

from engine.expressions import nodes as n


def free_names(tree: n.Node) -> frozenset[str]:
    """Variables read from the scope; names bound by loops, contexts and filters are left out."""
    return frozenset(_free(tree, frozenset(), False))


def names_in_filters(tree: n.Node) -> frozenset[str]:
    """Names used inside list filters, which may be keys of the elements."""
    return frozenset(_free(tree, frozenset(), True))


def functions_called(tree: n.Node) -> frozenset[str]:
    """Functions that are not built in and must come from the caller."""
    own = {tree.name} if isinstance(tree, n.Call) and tree.builtin is None else set()
    return frozenset(own.union(*(functions_called(child) for child in tree.children())))


def _free(tree: n.Node, bound: frozenset[str], filters: bool) -> set[str]:
    if isinstance(tree, n.Name):
        return set() if filters or tree.name in bound else {tree.name}
    found: set[str] = set()
    if isinstance(tree, n.Filter):
        found |= _free(tree.base, bound, filters)
        if filters:
            inner = bound | {"item"}
            found |= _free(tree.condition, inner, False) | _free(tree.condition, inner, True)
        return found
    if isinstance(tree, n.Loop):
        for name, source, end in zip(tree.names, tree.sources, tree.ends, strict=True):
            found |= _free(source, bound, filters)
            found |= _free(end, bound, filters) if end is not None else set()
            bound |= {name}
        return found | _free(tree.body, bound, filters)
    if isinstance(tree, n.FunctionOf):
        return _free(tree.body, bound | set(tree.parameters), filters)
    if isinstance(tree, n.ContextOf):
        for key, node in tree.entries:
            found |= _free(node, bound, filters)
            bound |= {key}
        return found
    return found.union(*(_free(child, bound, filters) for child in tree.children()))
