"""Functions on contexts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.expressions.nodes import Run
from engine.expressions.registry import builtin, items_of
from engine.expressions.values import MAX_DATA_DEPTH, Failure


@builtin("get value", "m, key")
def _get_value(run: Run, context: Any, key: Any) -> Any:
    if not isinstance(context, Mapping):
        return None
    if isinstance(key, (list, tuple)):
        found: Any = context
        for step in key:
            found = found.get(step) if isinstance(found, Mapping) and isinstance(step, str) else None
        return found if key else None
    return context.get(key) if isinstance(key, str) else None


@builtin("get entries", "m")
def _get_entries(run: Run, context: Any) -> Any:
    return [{"key": k, "value": v} for k, v in context.items()] if isinstance(context, Mapping) else None


@builtin("context", "entries")
def _context(run: Run, entries: Any) -> Any:
    made: dict[str, Any] = {}
    if entries is None:
        return None
    run.charge(len(items_of(entries)) // 8)
    for entry in items_of(entries):
        if not isinstance(entry, Mapping) or "value" not in entry or not isinstance(entry.get("key"), str):
            return None
        if entry["key"] in made:
            return None
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context, key, value", other="context, keys, value")
def _context_put(run: Run, context: Any, key: Any, value: Any) -> Any:
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    if not isinstance(context, Mapping) or not keys or not all(isinstance(one, str) for one in keys):
        return None
    if len(keys) > MAX_DATA_DEPTH:
        raise Failure(f"数据嵌套超过 {MAX_DATA_DEPTH} 层")
    run.charge(len(context) // 8)
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0], {})
    if not isinstance(inner, Mapping):
        return None
    changed = _context_put(run, inner, keys[1:], value)
    return None if changed is None else {**context, keys[0]: changed}


@builtin("context merge", "contexts")
def _context_merge(run: Run, contexts: Any) -> Any:
    if contexts is None:
        return None
    merged: dict[str, Any] = {}
    for context in items_of(contexts):
        if not isinstance(context, Mapping):
            return None
        run.charge(len(context) // 8)
        merged |= context
    return merged
