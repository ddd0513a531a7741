"""The duties to tell (告知义务): dated rows of ``processes/tables/duty-to-tell.json``, what, to whom, by when.

A row says when the duty arises (``after`` a step was submitted, or ``at`` a step that is reached) and where it is
recorded that it was met: in the submission of a step, in the records of service of documents, or in a table of
its own.  Conditions and cells are expressions over what was submitted; nothing about a duty is in code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.errors import ExpressionError
from engine.expressions import Expression, parse
from engine.inspection import tables
from engine.settings import Settings

TABLE = "duty-to-tell"


@dataclass(frozen=True)
class Proof:
    """Where it is recorded that somebody was told.

    ``element``: a step; ``service``: templates served as documents; ``table``: a register of
    :data:`engine.inspection.chains.told_tables.TABLES`.  ``evidence``: what stays as a proof, as (words, field).
    """

    element: str = ""
    condition: str = "true"
    on: str = ""
    way: str = ""
    person: str = ""
    number: str = ""
    evidence: Sequence[tuple[str, str]] = ()
    service: frozenset[str] = frozenset()
    table: str = ""

    def cell(self, name: str, values: Mapping[str, Any]) -> Any:
        """The cell ``on``, ``way``, ``person`` or ``number``; None when the submission does not give it."""
        text: str = getattr(self, name)
        return evaluated(text, values) if text else None


@dataclass(frozen=True)
class DutyToTell:
    """One duty: ``whom`` is told ``name`` in cases of ``process``, ``by`` in words, ``deadline`` its row or ""."""

    code: str
    name: str
    process: str
    whom: str
    by: str
    deadline: str
    legal_basis: str
    after: str
    at: str
    condition: str
    proofs: Sequence[Proof]

    @property
    def elements(self) -> set[str]:
        """The steps whose submissions have to be read."""
        return {name for name in (self.after, self.at, *(p.element for p in self.proofs)) if name}


@lru_cache(maxsize=512)
def _parsed(text: str) -> Expression:
    return parse(text)


def evaluated(text: str, values: Mapping[str, Any]) -> Any:
    """An expression over a submission; null when an earlier version of its form does not give what it asks."""
    try:
        return _parsed(text).evaluate(values)
    except ExpressionError:
        return None


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a condition over a submission holds."""
    return evaluated(condition, values) is True


def duties(settings: Settings, on: date) -> list[DutyToTell]:
    """The duties in force on ``on``, in the table's order."""
    return [_duty(row) for row in tables.rows(settings, TABLE, on)]


def _duty(row: Mapping[str, Any]) -> DutyToTell:
    arises = row["arises"] or {}  # a duty that no step shows is never said to be unmet
    return DutyToTell(
        row["code"], row["name"], row["process"], row["whom"], row["by"], row.get("deadline") or "",
        row["legal_basis"], arises.get("after", ""), arises.get("at", ""), arises.get("condition", "true"),
        tuple(_proof(proof) for proof in row["told"]),
    )  # fmt: skip


def _proof(row: Mapping[str, Any]) -> Proof:
    return Proof(
        row.get("element", ""), row.get("condition", "true"), row.get("on", ""), row.get("way", ""),
        row.get("person", ""), row.get("number", ""),
        tuple((e["name"], e["field"]) for e in row.get("evidence", ())), frozenset(row.get("service", ())),
        row.get("table", ""),
    )  # fmt: skip
