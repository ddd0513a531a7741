"""The office's rules of archiving, read from the data table: category, number, retention, required material."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from engine.commands.task_access import CLERK
from engine.errors import ServiceTaskFailed
from engine.expressions import Expression, parse
from engine.inspection import tables
from engine.settings import Settings

#: How a retention period stands in an archive number (DA/T 13: Y, D30, D10).
FOR_EVER = "Y"


@dataclass(frozen=True)
class Occasion:
    """When material is asked for: the last submission of a step fulfils a condition."""

    element: str
    condition: str

    def arose(self, submitted: Mapping[str, Mapping[str, Any]]) -> bool:
        """``submitted``: the last submission of each step of one process."""
        values = submitted.get(self.element)
        return values is not None and _parsed(self.condition).holds(values)


@dataclass(frozen=True)
class Requirement:
    """Material of one step; ``condition`` is asked of what was submitted last in it.

    ``always``: the step itself must have been done; ``when``: only on that occasion.
    """

    process: str
    element: str
    title: str
    condition: str
    always: bool
    when: Occasion | None = None

    def met_by(self, values: Mapping[str, Any]) -> bool:
        """True when the submission has the material."""
        return _parsed(self.condition).holds(values)


@dataclass(frozen=True)
class RequiredDocument:
    """An official document, by its template, that must have been issued in a process on an occasion."""

    process: str
    template: str
    title: str
    when: Occasion


@dataclass(frozen=True)
class Rule:
    """How cases of one process are archived."""

    process: str
    category: str
    letters: str
    retention: str
    years: int | None
    pattern: str
    includes: Sequence[str]
    requires: Sequence[Requirement]
    documents: Sequence[RequiredDocument]
    signed_copies: frozenset[str]  # templates of documents whose signed copy must be there
    source: str
    #: who archives: officers of the department whose case it is, or a role of supervision for what is kept apart
    archivist: str = CLERK

    @property
    def term(self) -> str:
        """The retention period as archive numbers write it."""
        return FOR_EVER if self.years is None else f"D{self.years}"

    def number(self, department: str, year: int, serial: int) -> str:
        """The archive number (档号).  Raises :class:`ServiceTaskFailed` when the table's pattern cannot be filled."""
        try:
            return self.pattern.format(
                department=department, letters=self.letters, year=year, term=self.term, serial=serial
            )
        except (KeyError, IndexError, ValueError):
            raise ServiceTaskFailed(
                f"归档表中“{self.category}”的档号格式“{self.pattern}”不能使用，请系统管理员改正。"
            ) from None

    def keep_until(self, archived_on: date) -> date | None:
        """The last day of the retention period: it begins with the year after the archiving."""
        return None if self.years is None else date(archived_on.year + self.years, 12, 31)


@lru_cache(maxsize=256)
def _parsed(condition: str) -> Expression:
    return parse(condition)


def rules(settings: Settings, on: date) -> dict[str, Rule]:
    """The rule of every process whose cases are archived, in the table's order."""
    return {row["code"]: _rule(row) for row in tables.rows(settings, "archive", on)}


def rule(settings: Settings, process_key: str, on: date) -> Rule | None:
    """The rule of one process; None when its cases are not archived."""
    return rules(settings, on).get(process_key)


def _rule(row: Mapping[str, Any]) -> Rule:
    requires = [
        Requirement(
            r["process"], r["element"], r["title"], r["condition"], bool(r.get("always")),
            Occasion(**r["when"]) if "when" in r else None,
        )
        for r in row.get("requires", ())
    ]  # fmt: skip
    documents = [
        RequiredDocument(r["process"], r["template"], r["title"], Occasion(**r["when"]))
        for r in row.get("documents", ())
    ]
    return Rule(
        row["code"], row["name"], row["letters"], row["retention"], row["years"], row["number"],
        tuple(row.get("includes", ())), tuple(requires), tuple(documents),
        frozenset(row.get("signed_copies", ())), row["source"], row.get("archivist", CLERK),
    )  # fmt: skip
