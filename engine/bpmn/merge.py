"""Three-way merge of the data of parallel branches.

The library lets the last branch win, which silently returns old values
(engine-facts §1).  Here every branch is compared with the data at the fork:
what only one branch changed is taken, what two branches changed differently is
a conflict, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ABSENT = object()


class MergeConflict(Exception):
    """Two parallel branches wrote different values under one name (``path`` says which)."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def merge_branches(base: Mapping[str, Any], branches: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge ``branches`` against ``base``, the data they all started from.

    Nested mappings merge name by name; lists and scalars are compared as a whole.
    Raises :class:`MergeConflict`.
    """
    return _merge(base, branches, "")


def _merge(base: Mapping[str, Any], branches: Sequence[Mapping[str, Any]], path: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    names = dict.fromkeys(base)
    for branch in branches:
        names.update(dict.fromkeys(branch))
    for name in names:
        old = base.get(name, _ABSENT)
        changed = [value for b in branches if (value := b.get(name, _ABSENT)) is not old and value != old]
        if not changed:
            value = old
        elif all(value == changed[0] for value in changed[1:]):
            value = changed[0]
        elif all(isinstance(value, Mapping) for value in changed):
            inner = old if isinstance(old, Mapping) else {}
            value = _merge(inner, changed, f"{path}{name}.")
        else:
            raise MergeConflict(path + name)
        if value is not _ABSENT:
            result[name] = value
    return result
