"""Loading the demo district: departments, the generated registries through the importer, accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.accounts import hash_password
from engine.calendar import seed_calendar
from engine.db import Database
from engine.errors import LianjianError
from engine.inspection.demo.accounts import DEMO_PASSWORD, Account, accounts
from engine.inspection.demo.conference import load_conference
from engine.inspection.demo.departments import GOVERNMENT, ORGANS
from engine.inspection.demo.generator import generate
from engine.inspection.demo.lists import load_lists
from engine.inspection.demo.places import DISTRICT
from engine.inspection.demo.units import load_units
from engine.inspection.models import InspectedObject, Inspector
from engine.inspection.records import department_names
from engine.inspection.registry_import import ImportReport, import_file
from engine.inspection.registry_import.surroundings import why_no_items
from engine.models import Department, User, UserRole
from engine.settings import Settings

#: Called with what is being done, how much of it is done, and of how much.
Progress = Callable[[str, int, int], None]


def load_demo(
    database: Database,
    settings: Settings,
    now: datetime,
    progress: Progress | None = None,
    *,
    objects: int = 100_000,
    inspectors: int = 500,
    items: int = 120,
) -> dict[str, ImportReport]:
    """Bring a database to the full demo district; a second call finds it there and changes nothing.

    The generated files stay in ``data_dir/demo``.  Accounts come last, so an interrupted load is
    simply taken up again.  Returns the import reports by kind, empty when all was there already.
    Raises :class:`LianjianError` when the system is set up for another district.
    """
    if settings.district_id != DISTRICT:
        raise LianjianError(
            f"演示数据属于天桥区（{DISTRICT}），当前行政区划为 {settings.district_id}；"
            f"请把 LIANJIAN_DISTRICT_ID 设为 {DISTRICT}，或不加载演示数据。"
        )
    if is_loaded(database, objects):
        return {}
    with database.write() as session:
        seed_calendar(session, DISTRICT, now)
        _departments(session)
        compiled = why_no_items(session, DISTRICT) != ""

    def step(label: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(label, done, total)

    files = generate(
        settings.data_dir / "demo", objects=objects, inspectors=inspectors, items=items, progress=step("生成演示数据")
    )
    reports = {
        kind: import_file(database, kind, path, now, DISTRICT, step(f"导入{label}"))
        for kind, label, path in (
            ("items", "抽查事项", files.items),
            ("inspectors", "执法检查人员", files.inspectors),
            ("objects", "检查对象", files.objects),
        )
        if kind != "items" or not compiled  # a list that was compiled changes by adjustment alone
    }
    with database.write() as session:
        names = department_names(session, DISTRICT)
        load_lists(session, DISTRICT, now, now.astimezone(settings.timezone).date(), names)
        load_units(session, DISTRICT, now)
        load_conference(session, settings, now)
        _accounts(session, now)
    return reports


def is_loaded(database: Database, objects: int) -> bool:
    """True when the last account exists and the object registry has at least ``objects`` rows."""
    last = accounts()[-1].login
    with database.read() as session:
        if session.scalar(sa.select(User.id).where(User.district_id == DISTRICT, User.login == last)) is None:
            return False
        count = sa.select(sa.func.count()).select_from(InspectedObject).where(InspectedObject.district_id == DISTRICT)
        return (session.scalar(count) or 0) >= objects


def _departments(session: Session) -> None:
    known = set(session.scalars(sa.select(Department.code).where(Department.district_id == DISTRICT)))
    wanted = [(organ.code, organ.name, "organ") for organ in ORGANS] + [(*GOVERNMENT, "office")]
    for position, (code, name, kind) in enumerate(wanted, start=1):
        if code not in known:
            session.add(Department(district_id=DISTRICT, code=code, name=name, kind=kind, position=position))


def _accounts(session: Session, now: datetime) -> None:
    """Create the accounts that are missing; those that exist keep their password, name and roles."""
    known = set(session.scalars(sa.select(User.login).where(User.district_id == DISTRICT)))
    password_hash = hash_password(DEMO_PASSWORD)  # argon2 is slow on purpose: once for all
    everywhere = [organ.code for organ in ORGANS]
    for account in accounts():
        if account.login in known:
            continue
        user = User(
            district_id=DISTRICT,
            login=account.login,
            name=account.name,
            department=account.department,
            post=account.post,
            password_hash=password_hash,
            created_at=now,
        )
        session.add(user)
        session.flush()
        for department in everywhere if account.everywhere else [account.department]:
            session.add(UserRole(user_id=user.id, department=department, role=account.role, district_id=DISTRICT))
        _link(session, account, user.id)


def _link(session: Session, account: Account, user_id: str) -> None:
    if account.inspector:
        own = (Inspector.district_id == DISTRICT, Inspector.code == account.inspector, Inspector.user_id.is_(None))
        session.execute(sa.update(Inspector).where(*own).values(user_id=user_id))
