"""Import of the departments and of the accounts of the people who work in them.

Unlike a registry these files are small and belong together as a whole, so everything is one
transaction, with its history event in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from engine.accounts import hash_password, random_password
from engine.actor import Actor
from engine.db import Database
from engine.inspection.registry_import.judging import Progress, accepted
from engine.inspection.registry_import.organisation_store import save_accounts, save_departments
from engine.inspection.registry_import.passwords import refuse_existing, write_passwords
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import REJECTED, ImportReport, ProblemList, RowProblem, TextSink
from engine.inspection.registry_import.rows import Record, RowReader, department_key, make_reader, score
from engine.inspection.registry_import.surroundings import record_import, surroundings_of
from engine.models import Department, User


@dataclass(frozen=True, slots=True)
class Import:
    """What every import of a file is given: when, where, by whom, and who hears of errors and progress."""

    now: datetime
    district_id: str
    error_file: TextSink | None
    actor: Actor
    source: Mapping[str, Any]
    progress: Progress | None = None


@dataclass(slots=True)
class _Reading:
    """The accepted rows of one file by their key, until a later look at all of them rejects more."""

    report: ImportReport
    problems: ProblemList
    reader: RowReader
    rows: dict[str, tuple[int, Record]]

    def reject(self, key: str, field: str, value: str, message: str, remedy: str) -> None:
        line, _ = self.rows.pop(key)
        self.problems.add(RowProblem(line, REJECTED, field, value, message, remedy))
        self.report.rejected += 1

    @property
    def records(self) -> list[Record]:
        return [record for _, record in self.rows.values()]


def _read(database: Database, kind: str, stream: IO[bytes], common: Import) -> _Reading:
    sheet = open_sheet(stream, score(kind))
    with database.read() as session:
        surroundings = surroundings_of(session, kind, common.district_id)
    reader, ignored = make_reader(kind, sheet.header, surroundings)
    report = ImportReport(kind, encoding=sheet.encoding, ignored_columns=ignored)
    problems = ProblemList(report, common.error_file)
    rows = {r[reader.key]: (line, r) for line, r in accepted(reader, sheet, report, problems)}
    return _Reading(report, problems, reader, rows)


def import_departments(database: Database, stream: IO[bytes], common: Import) -> ImportReport:
    """Import departments; a superior may come later in the file than those below it."""
    found = _read(database, "departments", stream, common)
    with database.write() as session:
        known = {
            row.code: row for row in session.scalars(
                sa.select(Department).where(Department.district_id == common.district_id)
            )
        }  # fmt: skip
        _judge_names(found, known)
        _judge_superiors(found, known)
        changes = save_departments(
            session, known, found.records, found.reader.fields(), common.district_id, found.report
        )  # fmt: skip
        record_import(
            session, found.report, district_id=common.district_id, now=common.now, actor=common.actor,
            source=common.source, changes=changes,
        )  # fmt: skip
    return found.report


def _judge_names(found: _Reading, known: Mapping[str, Department]) -> None:
    """Names identify departments in other files, so two may not share one."""
    names = {department_key(row.name): code for code, row in known.items() if code not in found.rows}
    for code, (_, record) in list(found.rows.items()):
        other = names.setdefault(department_key(record["name"]), code)
        if other != code:
            remedy = f"请核对；改编码的，请沿用原编码 {other}。"
            found.reject(code, "名称", record["name"], f"与部门 {other} 的名称相同", remedy)


def _judge_superiors(found: _Reading, known: Mapping[str, Department]) -> None:
    """Replace superiors by their codes; reject rows whose superior is missing or below themselves."""
    if "parent_code" not in found.reader.fields():
        return
    judged = False
    while not judged:  # a rejected department may be another one's superior
        judged = True
        codes = {department_key(text): code for code, row in known.items() for text in (code, row.name)}
        codes |= {department_key(text): c for c, (_, r) in found.rows.items() for text in (c, r["name"])}
        parents = {code: row.parent_code for code, row in known.items()}
        parents |= {c: codes.get(department_key(r["parent_code"] or "")) for c, (_, r) in found.rows.items()}
        for code, (_, record) in list(found.rows.items()):
            named = record["parent_code"]
            if named and parents[code] is None:
                remedy = "请填写已有部门或本文件中另一部门的编码或全称。"
                found.reject(code, "上级", named, "没有这个上级部门", remedy)
                judged = False
            elif named and _is_below_itself(code, parents):
                found.reject(code, "上级", named, "上级部门就在本部门之下", "请核对上级，最高一级的部门留空。")
                judged = False
    for code, (_, record) in found.rows.items():
        record["parent_code"] = parents[code]


def _is_below_itself(code: str, parents: Mapping[str, str | None]) -> bool:
    above, seen = parents.get(code), {code}
    while above is not None and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above == code


def import_accounts(
    database: Database, stream: IO[bytes], common: Import, password_path: Path
) -> ImportReport:  # fmt: skip
    """Import accounts; new ones get a random initial password each, written to ``password_path`` alone.

    The list of passwords exists exactly when the accounts do.  Accounts that exist keep their password.
    Raises :class:`InvalidInput` when there are new accounts and ``password_path`` already exists.
    """
    found = _read(database, "accounts", stream, common)
    _judge_inspectors(found)
    with database.read() as session:
        known = set(session.scalars(sa.select(User.login).where(User.district_id == common.district_id)))
    passwords = {record["login"]: random_password() for record in found.records if record["login"] not in known}
    if passwords:
        refuse_existing(password_path)
    hashes = {}
    for done, (login, password) in enumerate(passwords.items(), start=1):  # slow on purpose: before the transaction
        hashes[login] = hash_password(password)
        if common.progress is not None:
            common.progress(done, len(passwords))
    written = False
    try:
        with database.write() as session:
            changes = save_accounts(session, found.records, found.reader.fields(), hashes, common, found.report)
            record_import(
                session, found.report, district_id=common.district_id, now=common.now, actor=common.actor,
                source=common.source, changes=changes,
            )  # fmt: skip
            created = [(c["login"], c["name"], c["department"]) for c in changes if c["new"]]
            if created:
                write_passwords(password_path, [(*who, passwords[who[0]]) for who in created])
                written = True
                found.report.password_file = str(password_path)
    except BaseException:
        if written:
            password_path.unlink()
        raise
    return found.report


def _judge_inspectors(found: _Reading) -> None:
    """One inspector has one account."""
    taken: dict[str, str] = {}
    for login, (_, record) in list(found.rows.items()):
        code = record.get("inspector")
        if code and taken.setdefault(code, login) != login:
            remedy = "一名检查人员只有一个账号，请删去一处。"
            found.reject(login, "检查人员编号", code, f"与 {taken[code]} 的编号相同", remedy)
