"""The import itself: read, judge, save in batches, report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.db import Database, new_id
from engine.errors import InvalidInput, NotFound
from engine.inspection.object_index import index_objects
from engine.inspection.registry_import.ahead import blocks_ahead, large_file
from engine.inspection.registry_import.blocks import Block, blocks
from engine.inspection.registry_import.judging import Progress
from engine.inspection.registry_import.organisation import Import, import_accounts, import_departments
from engine.inspection.registry_import.plain import Layout
from engine.inspection.registry_import.reading import Sheet, open_sheet
from engine.inspection.registry_import.report import (
    REJECTED,
    TO_VERIFY,
    ImportReport,
    ProblemList,
    RowProblem,
    TextSink,
)
from engine.inspection.registry_import.rows import RowReader, make_reader, score
from engine.inspection.registry_import.store import TABLES, Compared, Taking, save
from engine.inspection.registry_import.surroundings import record_import, surroundings_of, why_no_items
from engine.inspection.registry_models import RegistryImport

#: States of an import on its way.
RUNNING, FINISHED, FAILED = "导入中", "已完成", "失败"


@contextmanager
def reading(
    session_or_database: Session | Database, kind: str, stream: IO[bytes], district_id: str
) -> Iterator[tuple[Sheet, RowReader, Layout, ImportReport]]:
    """Open a registry file for judging; raises :class:`InvalidInput` when it cannot be read as a whole."""
    if kind not in TABLES:
        raise InvalidInput(f"不能导入“{kind}”，可导入：{'、'.join(TABLES)}。")
    sheet = open_sheet(stream, score(kind))
    with _transaction(session_or_database) as session:
        surroundings = surroundings_of(session, kind, district_id)
    reader, ignored = make_reader(kind, sheet.header, surroundings)
    layout = Layout.of(kind, TABLES[kind], reader.fields())
    yield sheet, reader, layout, ImportReport(kind, encoding=sheet.encoding, ignored_columns=ignored)


def judged(
    stream: IO[bytes], reader: RowReader, sheet: Sheet, layout: Layout, report: ImportReport, problems: ProblemList,
    progress: Progress | None = None,
) -> Iterator[Block]:  # fmt: skip
    """The blocks of a file with every key once; totals, rejections and doubts are counted in ``report``."""
    seen: dict[str, int] = {}
    path = large_file(stream)
    for block in blocks(reader, sheet, layout) if path is None else blocks_ahead(path, reader, layout):
        _without_doublets(block, seen, reader)
        flagged: dict[int, str] = {}
        for problem in sorted(block.problems, key=lambda p: p.line):
            problems.add(problem)
            flagged[problem.line] = (
                TO_VERIFY if TO_VERIFY in (problem.level, flagged.get(problem.line)) else problem.level
            )
        report.total += block.total
        report.rejected += block.total - len(block.lines)
        kept = flagged.keys() & set(block.lines) if flagged else ()
        report.to_verify += sum(flagged[line] == TO_VERIFY for line in kept)
        report.hints += sum(flagged[line] != TO_VERIFY for line in kept)
        if progress is not None:
            progress(report.total, max(sheet.expected, report.total))
        yield block
    if progress is not None:
        progress(report.total, report.total)


def _without_doublets(block: Block, seen: dict[str, int], reader: RowReader) -> None:
    """Take rows out of the block whose key came before; the first one counts."""
    first_lines = [seen.setdefault(key, line) for key, line in zip(block.keys, block.lines, strict=True)]
    if first_lines == block.lines:
        return
    twice = [i for i, line in enumerate(block.lines) if first_lines[i] != line]
    gone = {block.lines[i] for i in twice}
    block.problems = [problem for problem in block.problems if problem.line not in gone]
    for i in twice:
        key, first = block.keys[i], first_lines[i]
        remedy = f"已采用第 {first} 行，请删除重复的行。"
        block.problems.append(
            RowProblem(block.lines[i], REJECTED, reader.key_header, key, f"与第 {first} 行重复", remedy)
        )
    for i in reversed(twice):
        for column in (block.lines, block.keys, block.rows, block.digests):
            del column[i]


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
    reason: str = "",
    import_id: str | None = None,
    seen: Callable[[list[str]], None] | None = None,
) -> ImportReport:
    """Import one registry file (CSV or workbook) of ``kind`` ``objects``, ``inspectors`` or ``items``.

    Given a :class:`Database`, every batch is one transaction and good rows stand even when a
    later batch cannot be saved, and the history says what ``actor`` (default: the system) imported
    from which ``source``; given a session, everything belongs to the caller's transaction, the history too.
    Each field that changes is kept in the row's history with ``reason``.  A :class:`RegistryImport` row counts the
    batches saved; ``import_id`` names one that is there already.  Every bad row goes to ``error_file`` (opened with
    ``newline=""``); ``seen`` gets the keys of every block.  Raises :class:`InvalidInput` when the file as a whole
    cannot be read; nothing is imported then.
    """
    actor = actor or Actor.system()
    with reading(session_or_database, kind, stream, district_id) as (sheet, reader, layout, report):
        taking = Taking(district_id, now, actor, layout, import_id or new_id(), reason)
        report.import_id = taking.import_id
        _begin(session_or_database, taking, source, sheet.expected, there=import_id is not None)
        for block in judged(stream, reader, sheet, layout, report, ProblemList(report, error_file), progress):
            found = _save(session_or_database, taking, block, report)
            report.inserted += len(found.new)
            report.updated += len(found.changed)
            report.unchanged += found.unchanged
            if seen is not None:
                seen(block.keys)
    with _transaction(session_or_database) as session:
        row = session.get_one(RegistryImport, taking.import_id)
        row.state, row.refused, row.total, row.done = FINISHED, report.rejected, report.total, report.total
        if isinstance(session_or_database, Database):
            record_import(session, report, district_id=district_id, now=now, actor=actor, source=source)
    if kind == "objects" and isinstance(session_or_database, Database) and report.inserted + report.updated:
        index_objects(session_or_database, district_id, now)
    return report


def _begin(
    session_or_database: Session | Database, taking: Taking, source: Mapping[str, Any] | None, expected: int,
    *, there: bool,
) -> None:  # fmt: skip
    """Write the import's row before its first batch, so that one killed half-way is seen."""
    with _transaction(session_or_database) as session:
        if taking.layout.kind == "items" and (said := why_no_items(session, taking.district_id)):
            raise InvalidInput(said, fields={"file": [said]})
        if there:
            row = session.get_one(RegistryImport, taking.import_id)
        else:
            row = RegistryImport(
                id=taking.import_id, district_id=taking.district_id, register=taking.layout.kind,
                by_user=taking.actor.user_id, by_name=taking.actor.name, at=taking.now, reason=taking.reason,
                file_name=str((source or {}).get("file") or ""), sha256=str((source or {}).get("sha256") or ""),
            )  # fmt: skip
            session.add(row)
        row.state, row.total = RUNNING, expected
        row.inserted = row.updated = row.unchanged = row.refused = row.done = 0
        session.flush()


def _save(session_or_database: Session | Database, taking: Taking, block: Block, report: ImportReport) -> Compared:
    """One block, one transaction, its counts with it.

    A row somebody else enters between our look and our insert makes it begin anew: then the row is known.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            with _transaction(session_or_database) as session:
                found = save(session, taking, block.keys, block.rows, block.digests)
                table = RegistryImport
                session.execute(
                    sa.update(table)
                    .where(table.id == taking.import_id)
                    .values(
                        inserted=table.inserted + len(found.new), updated=table.updated + len(found.changed),
                        unchanged=table.unchanged + found.unchanged, refused=report.rejected, done=report.total,
                    )
                )  # fmt: skip
            return found
        except IntegrityError:
            if attempts > 2 or isinstance(session_or_database, Session):
                raise


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
    reason: str = "",
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
                    actor=actor, source=source, reason=reason,
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
