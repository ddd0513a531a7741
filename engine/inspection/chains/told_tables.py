"""Registers in which tellings stand that are no step of a case, by the name the table of duties gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

#: Reads the tellings of some business keys: by key, what :class:`engine.inspection.chains.told.Told` keeps of each.
Register = Callable[[Session, Sequence[str]], Mapping[str, Sequence[Mapping[str, Any]]]]

TABLES: Mapping[str, Register] = {}
