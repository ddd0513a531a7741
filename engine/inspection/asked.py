"""What the address bar of a list page asks: filters that take several values at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

#: Values one filter may name; nobody ticks more boxes, and an address has an end.
MOST = 40


def clean(text: str) -> str:
    """What somebody typed, as far as a database can be asked for it."""
    return " ".join(text.replace("\0", "").split())[:200]


def several(asked: Mapping[str, str], name: str, allowed: Collection[str] | None = None) -> tuple[str, ...]:
    """Every value of the filter ``name``, in order and each once; ``allowed`` leaves out what nobody offers.

    ``asked`` is a request's arguments, or a plain mapping in which each name has one value.
    """
    getlist = getattr(asked, "getlist", None)
    given = getlist(name) if getlist is not None else [asked.get(name, "")]
    found = dict.fromkeys(text for value in given[:MOST] if (text := clean(value)))
    return tuple(text for text in found if allowed is None or text in allowed)
