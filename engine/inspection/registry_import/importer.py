"""The import itself: read, judge, save in batches, report."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import Database
from engine.errors import InvalidInput, NotFound
from engine.inspection.registry_import.judging import Progress, accepted
from engine.inspection.registry_import.organisation import Import, import_accounts, import_departments
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import ImportReport, ProblemList, TextSink
from engine.inspection.registry_import.rows import Record, digest, make_reader, score
from engine.inspection.registry_import.store import TABLES, save_batch
from engine.inspection.registry_import.surroundings import record_import, surroundings_of

#: Rows saved in one transaction; short enough that officials' commands are not kept waiting.
BATCH = 5_000


def import_registry(
    session_or_database: Session | Database,
    kind: str,
    stream: IO[bytes],
    *,
    now: datetime,
    district_id: str,
    progress: Progress | None = None,
    error_file: TextSink | None = None,
    actor: Actor | None = None,
    source: Mapping[str, Any] | None = None,
) -> ImportReport:
    """Import one registry file (CSV or workbook) of ``kind`` ``objects``, ``inspectors`` or ``items``.

    Given a :class:`Database`, every batch is one transaction and good rows stand even when a
    later batch cannot be saved, and the history says what ``actor`` (default: the system) imported
    from which ``source``; given a session, everything belongs to the caller's transaction, the history too.
    Every bad row goes to ``error_file`` (opened with ``newline=""``).  Raises
    :class:`InvalidInput` when the file as a whole cannot be read; nothing is imported then.
    """
    if kind not in TABLES:
        raise InvalidInput(f"不能导入“{kind}”，可导入：{'、'.join(TABLES)}。")
    sheet = open_sheet(stream, score(kind))
    with _transaction(session_or_database) as session:
        surroundings = surroundings_of(session, kind, district_id)
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

    batch: list[Record] = []
    for _, record in accepted(reader, sheet, report, problems, progress):
        record["row_digest"] = digest(kind, record)
        batch.append(record)
        if len(batch) >= BATCH:
            save(batch)
            batch = []
    save(batch)
    if isinstance(session_or_database, Database):
        with session_or_database.write() as session:
            record_import(session, report, district_id=district_id, now=now, actor=actor, source=source)
    return report


def import_file(
    database: Database,
    kind: str,
    path: Path,
    now: datetime,
    district_id: str,
    progress: Progress | None = None,
    error_path: Path | None = None,
    *,
    actor: Actor | None = None,
    password_path: Path | None = None,
) -> ImportReport:
    """Import the file at ``path``; what is wrong goes to ``error_path`` (default ``<name>-errors.csv`` beside it).

    The error list is written only when there is something to say; ``report.error_file`` names it.
    Initial passwords of new accounts go to ``password_path`` (default ``<name>-passwords.csv`` beside it).
    Raises :class:`NotFound` when the file cannot be opened.
    """
    target = error_path or path.with_name(f"{path.stem}-errors.csv")
    errors = _LazyFile(target)
    try:
        with path.open("rb") as stream:
            source = {"file": path.name, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
            stream.seek(0)
            common = Import(now, district_id, errors, actor or Actor.system(), source, progress)
            if kind == "departments":
                report = import_departments(database, stream, common)
            elif kind == "accounts":
                passwords = password_path or path.with_name(f"{path.stem}-passwords.csv")
                report = import_accounts(database, stream, common, passwords)
            else:
                report = import_registry(
                    database, kind, stream, now=now, district_id=district_id, progress=progress, error_file=errors,
                    actor=actor, source=source,
                )  # fmt: skip
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
