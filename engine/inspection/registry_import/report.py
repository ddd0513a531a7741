"""What an import did, and what was wrong with which row."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import Any, Protocol

REJECTED = "拒绝"  # the row was not imported
TO_VERIFY = "待核"  # imported, flagged
HINT = "提示"  # imported, somebody should look

#: Problems kept in memory; the error file has them all.
KEPT = 200


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row: where, which value, why, and the remedy."""

    line: int
    level: str
    field: str
    value: str
    message: str
    remedy: str

    def __post_init__(self) -> None:
        """No database keeps a NUL, and damaged files are full of them."""
        if "\0" in self.value:
            object.__setattr__(self, "value", self.value.replace("\0", "�"))


@dataclass(slots=True)
class ImportReport:
    """Counts of one import: total = inserted + updated + unchanged + rejected.

    ``to_verify`` counts imported rows flagged 待核, ``hints`` rows somebody should look at;
    ``errors`` are the first problems of every level, ``error_file`` holds all of them.
    """

    kind: str
    total: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    to_verify: int = 0
    hints: int = 0
    encoding: str = ""
    ignored_columns: list[str] = field(default_factory=list)
    errors: list[RowProblem] = field(default_factory=list)
    error_file: str = ""
    import_id: str = ""  # of the registry_import row that counts its batches
    password_file: str = ""  # where the initial passwords of new accounts were written

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON-safe values, for ``--json``."""
        names = (
            "kind", "total", "inserted", "updated", "unchanged", "rejected", "to_verify", "hints", "encoding",
            "ignored_columns", "error_file", "password_file",
        )  # fmt: skip
        errors = [{name: getattr(problem, name) for name in RowProblem.__slots__} for problem in self.errors]
        return {name: getattr(self, name) for name in names} | {"errors": errors}

    def for_history(self) -> dict[str, Any]:
        """What the history keeps for ever: everything but the values refused, which may be private, and paths."""
        left_out = {"errors", "error_file", "password_file"}
        problems = [[p.line, p.level, p.field, p.message] for p in self.errors]
        return {name: v for name, v in self.as_dict().items() if name not in left_out} | {"problems": problems}


class TextSink(Protocol):
    """Anything text can be written to."""

    def write(self, text: str, /) -> object: ...


class ProblemList:
    """Collects problems into the report and, all of them, into a CSV that spreadsheets open."""

    def __init__(self, report: ImportReport, file: TextSink | None) -> None:
        self._report = report
        self._writer = csv.writer(file) if file is not None else None
        self._started = False

    def add(self, problem: RowProblem) -> None:
        if len(self._report.errors) < KEPT:
            self._report.errors.append(problem)
        if self._writer is None:
            return
        if not self._started:
            self._writer.writerow(["行号", "级别", "字段", "原值", "问题", "处理办法"])
            self._started = True
        shown = (problem.level, problem.field, problem.value[:500], problem.message, problem.remedy)
        self._writer.writerow([problem.line, *(inert(cell) for cell in shown)])


def inert(cell: str) -> str:
    """A cell that a spreadsheet cannot take for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
