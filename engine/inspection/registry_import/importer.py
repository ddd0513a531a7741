"""The import itself: read, judge, save in batches, report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import Database
from engine.errors import InvalidInput, NotFound
from engine.inspection.models import Item
from engine.inspection.registry_import.columns import KINDS
from engine.inspection.registry_import.reading import Sheet, open_sheet
from engine.inspection.registry_import.report import (
    REJECTED,
    TO_VERIFY,
    ImportReport,
    ProblemList,
    RowProblem,
    TextSink,
)
from engine.inspection.registry_import.rows import Record, Surroundings, department_key, digest, make_reader, score
from engine.inspection.registry_import.store import save_batch
from engine.models import Department

#: Rows saved in one transaction; short enough that officials' commands are not kept waiting.
BATCH = 5_000

#: Called with the rows read so far and about how many there are.
Progress = Callable[[int, int], None]


def import_registry(
    session_or_database: Session | Database,
    kind: str,
    stream: IO[bytes],
    *,
    now: datetime,
    district_id: str,
    progress: Progress | None = None,
    error_file: TextSink | None = None,
) -> ImportReport:
    """Import one registry file (CSV or workbook) of ``kind`` ``objects``, ``inspectors`` or ``items``.

    Given a :class:`Database`, every batch is one transaction and good rows stand even when a
    later batch cannot be saved; given a session, everything belongs to the caller's transaction.
    Every bad row goes to ``error_file`` (opened with ``newline=""``).  Raises
    :class:`InvalidInput` when the file as a whole cannot be read; nothing is imported then.
    """
    if kind not in KINDS:
        raise InvalidInput(f"不能导入“{kind}”，可导入：{'、'.join(KINDS)}。")
    sheet = open_sheet(stream, score(kind))
    with _transaction(session_or_database) as session:
        surroundings = _surroundings(session, kind, district_id)
    reader, ignored = make_reader(kind, sheet.header, surroundings)
    report = ImportReport(kind, encoding=sheet.encoding, ignored_columns=ignored)
    problems = ProblemList(report, error_file)

    def save(batch: list[Record]) -> None:
        if batch:
            with _transaction(session_or_database) as session:
                counts = save_batch(session, kind, batch, reader.fields(), district_id, now)
            report.inserted += counts[0]
            report.updated += counts[1]
            report.unchanged += counts[2]

    seen: dict[str, int] = {}
    batch: list[Record] = []
    for line, cells, problem in _with_progress(sheet, progress):
        report.total += 1
        record: Record | None = None
        if problem:
            found = [RowProblem(line, REJECTED, "整行", "".join(cells)[:200], problem, "请修正这一行后重新导入。")]
        else:
            record = reader.read(line, cells)
            found = reader.problems
        if record is not None:
            first = seen.setdefault(record[reader.key], line)
            if first != line:
                remedy = f"已采用第 {first} 行，请删除重复的行。"
                found = [
                    RowProblem(line, REJECTED, reader.key_header, record[reader.key], f"与第 {first} 行重复", remedy)
                ]
                record = None
        for entry in found:
            problems.add(entry)
        if record is None:
            report.rejected += 1
            continue
        if found:
            doubtful = any(entry.level == TO_VERIFY for entry in found)
            report.to_verify += doubtful
            report.hints += not doubtful
        record["row_digest"] = digest(kind, record)
        batch.append(record)
        if len(batch) >= BATCH:
            save(batch)
            batch = []
    save(batch)
    return report


def import_file(
    database: Database,
    kind: str,
    path: Path,
    now: datetime,
    district_id: str,
    progress: Progress | None = None,
    error_path: Path | None = None,
) -> ImportReport:
    """Import the file at ``path``; what is wrong goes to ``error_path`` (default ``<name>-errors.csv`` beside it).

    The error list is written only when there is something to say; ``report.error_file`` names it.
    Raises :class:`NotFound` when the file cannot be opened.
    """
    target = error_path or path.with_name(f"{path.stem}-errors.csv")
    errors = _LazyFile(target)
    try:
        with path.open("rb") as stream:
            report = import_registry(
                database, kind, stream, now=now, district_id=district_id, progress=progress, error_file=errors
            )
    except OSError as error:
        raise NotFound(f"文件 {error.filename or path} 无法打开（{error.strerror}），请检查路径和权限。") from None
    finally:
        errors.close()
    if errors.written:
        report.error_file = str(target)
    return report


@contextmanager
def _transaction(session_or_database: Session | Database) -> Iterator[Session]:
    if isinstance(session_or_database, Session):
        yield session_or_database
    else:
        with session_or_database.write() as session:
            yield session


def _with_progress(sheet: Sheet, progress: Progress | None) -> Iterator[tuple[int, list[str], str]]:
    done = 0
    for done, row in enumerate(sheet.rows, start=1):
        if progress is not None and done % 1000 == 0:
            progress(done, max(sheet.expected, done))
        yield row
    if progress is not None:
        progress(done, done)


def _surroundings(session: Session, kind: str, district_id: str) -> Surroundings:
    departments: dict[str, str] = {}
    rows = session.execute(sa.select(Department.code, Department.name).where(Department.district_id == district_id))
    for code, name in rows:
        departments[department_key(code)] = code
        departments[department_key(name)] = code
    items: frozenset[str] = frozenset()
    if kind == "inspectors":
        items = frozenset(session.scalars(sa.select(Item.code).where(Item.district_id == district_id)))
    return Surroundings(district_id, departments, items)


class _LazyFile:
    """A text file that comes into being with its first line; the byte order mark lets spreadsheets read it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    @property
    def written(self) -> bool:
        return self._file is not None

    def write(self, text: str) -> int:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
        return self._file.write(text)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
