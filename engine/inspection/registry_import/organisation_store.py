"""Departments and accounts of a file into their tables: what is the same is not touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.models import Inspector
from engine.inspection.registry_import.report import ImportReport
from engine.inspection.registry_import.rows import Record
from engine.models import Department, User, UserRole


class Occasion(Protocol):
    """When and where."""

    @property
    def now(self) -> datetime: ...
    @property
    def district_id(self) -> str: ...


def save_departments(
    session: Session, known: Mapping[str, Department], records: Sequence[Record], fields: Collection[str],
    district_id: str, report: ImportReport,
) -> list[dict[str, Any]]:  # fmt: skip
    """Insert and update; counts go to ``report``, what is new or different is returned for the history.

    A department without a place in the order keeps the one it has, a new one comes last.
    """
    changes = []
    last = max((row.position for row in known.values()), default=0)
    for record in records:
        row = known.get(record["code"])
        wanted = {name: record[name] for name in fields if name != "code" and name in record}
        if wanted.get("position") is None:
            wanted.pop("position", None)
        if row is None:
            last = max(last + 1, wanted.get("position", 0))
            row = Department(district_id=district_id, code=record["code"], kind="organ", position=last)
            session.add(row)
            report.inserted += 1
        elif all(getattr(row, name) == value for name, value in wanted.items()):
            report.unchanged += 1
            continue
        else:
            report.updated += 1
        for name, value in wanted.items():
            setattr(row, name, value)
        changes.append(
            {name: getattr(row, name) for name in ("code", "name", "kind", "parent_code", "position")}
        )  # fmt: skip
    return changes


def save_accounts(
    session: Session, records: Sequence[Record], fields: Collection[str], hashes: Mapping[str, str],
    occasion: Occasion, report: ImportReport,
) -> list[dict[str, Any]]:  # fmt: skip
    """Insert (with the given password hashes) and update; returns what is new or different, for the history.

    The file states the whole of a person's roles.  Whether an account is active is not in the file.
    """
    district = occasion.district_id
    users = {user.login: user for user in session.scalars(sa.select(User).where(User.district_id == district))}
    held: dict[str, set[tuple[str, str]]] = {}
    for grant in session.scalars(sa.select(UserRole).where(UserRole.district_id == district)):
        held.setdefault(grant.user_id, set()).add((grant.department, grant.role))
    inspectors = {i.code: i for i in session.scalars(sa.select(Inspector).where(Inspector.district_id == district))}
    linked = {i.user_id: i.code for i in inspectors.values() if i.user_id}
    changes = []
    for record in records:
        user = users.get(record["login"])
        wanted = {name: record[name] for name in ("name", "department", "post") if name in fields}
        roles = {(department, role) for department, role in record["roles"]}
        new = user is None
        if user is None:
            user = User(
                id=new_id(), district_id=district, login=record["login"], password_hash=hashes[record["login"]],
                must_change_password=True, created_at=occasion.now, **{"post": "", **wanted},
            )  # fmt: skip
            session.add(user)
            session.flush()  # roles refer to it
        different = new or any(getattr(user, name) != value for name, value in wanted.items())
        for name, value in wanted.items():
            setattr(user, name, value)
        different |= _set_roles(session, user, held.get(user.id, set()), roles)
        inspector = linked.get(user.id)
        if "inspector" in fields:
            # One that is not in the registry yet is left for the next run.
            inspector = record["inspector"] if record["inspector"] in inspectors else None
            different |= _link(inspectors, user.id, linked.get(user.id), inspector)
        report.inserted += new
        report.updated += different and not new
        report.unchanged += not different
        if different:
            changes.append(
                {"login": user.login, "new": new, "name": user.name, "department": user.department,
                 "post": user.post, "roles": sorted(roles), "inspector": inspector}
            )  # fmt: skip
    return changes


def _set_roles(session: Session, user: User, held: set[tuple[str, str]], wanted: set[tuple[str, str]]) -> bool:
    for department, role in held - wanted:
        session.execute(
            sa.delete(UserRole).where(
                UserRole.user_id == user.id, UserRole.department == department, UserRole.role == role
            )
        )
    session.add_all(
        UserRole(user_id=user.id, department=department, role=role, district_id=user.district_id)
        for department, role in sorted(wanted - held)
    )
    return held != wanted


def _link(inspectors: Mapping[str, Inspector], user_id: str, held: str | None, wanted: str | None) -> bool:
    """Link the account to the inspector ``wanted`` instead of ``held``; True when they differ."""
    if held == wanted:
        return False
    if held is not None:
        inspectors[held].user_id = None
    if wanted is not None:
        inspectors[wanted].user_id = user_id
    return True
