"""Findings as people read them: what one rule says of many elements in the same words is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: A message about an element: its kind and name, then what is wrong with it.
_ABOUT = re.compile(r"([^“”：]+“[^”]*”)(.+)", re.S)


def fold(findings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The findings in their order, each with ``elements``, the ids it is about; alike ones stand where the first did.

    Alike are findings of one rule about elements of one file that differ in nothing but the element; the message of
    the folded one names them all.  Takes and leaves alone what :meth:`Finding.as_dict` gives.
    """
    folded: dict[tuple[Any, ...], dict[str, Any]] = {}
    names: dict[tuple[Any, ...], list[str]] = {}
    for number, finding in enumerate(findings):
        said = _ABOUT.fullmatch(finding["message"]) if finding["element"] else None
        same = {name: value for name, value in finding.items() if name not in ("element", "message")}
        key = (*same.values(), said[2]) if said else (number,)
        first = folded.setdefault(key, {**finding, "elements": []})
        first["elements"] += [finding["element"]] if finding["element"] not in ("", *first["elements"]) else []
        if said:
            names.setdefault(key, []).append(said[1])
            first["message"] = "、".join(dict.fromkeys(names[key])) + said[2]
    return list(folded.values())
