"""Find inspectors by what officials ask for: department, area, item, qualification, certificate, team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.asked import clean, several
from engine.inspection.models import Inspector
from engine.inspection.standing import ON_DUTY

#: Words of the filter for whether somebody can be drawn, and the order of the list.
STANDINGS = ("可抽取", "不可抽取", "专家")
SORTS = {"code": "编号", "name": "姓名", "certificate": "证件到期日", "updated": "最近变更"}
#: Filters of which several values may be asked for at once.
SEVERAL = ("department", "region", "item", "team", "standing")
PAGE = 50


@dataclass(frozen=True)
class InspectorQuery:
    """A search as the address bar holds it; empty fields ask for nothing, those of tuples may occur repeatedly."""

    q: str = ""  # part of the name, the code or the certificate number
    department: tuple[str, ...] = ()
    region: tuple[str, ...] = ()  # people without an area work in the whole district and match every region
    item: tuple[str, ...] = ()
    qualification: str = ""
    team: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()  # one of STANDINGS
    sort: str = "code"

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> InspectorQuery:
        """Read the address bar; values nobody offers are ignored."""
        values: dict[str, Any] = {name: several(arguments, name) for name in SEVERAL}
        values["standing"] = several(arguments, "standing", STANDINGS)
        given: dict[str, Any] = {
            f.name: clean(arguments.get(f.name, ""))[:100] for f in fields(cls) if f.name not in SEVERAL
        }
        query = cls(**given, **values)
        return query if query.sort in SORTS else replace(query, sort="code")

    def arguments(self) -> dict[str, Any]:
        """What the address bar needs to show this again."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) and value != f.default}

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(getattr(self, f.name) for f in fields(self) if f.name != "sort")


@dataclass(frozen=True)
class InspectorPage:
    """One page of the list and how many there are in all."""

    rows: list[Inspector]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def statement(district_id: str, query: InspectorQuery, today: date) -> sa.Select[tuple[Inspector]]:
    """Inspectors that match, in the order asked for."""
    row = Inspector
    found = sa.select(row).where(row.district_id == district_id)
    if query.q:
        found = found.where(
            sa.or_(*(c.contains(query.q, autoescape=True) for c in (row.name, row.code, row.certificate_number)))
        )
    for column, values in ((row.department, query.department), (row.team, query.team)):
        if values:
            found = found.where(column.in_(values))
    for listed, values in ((row.items, query.item), (row.qualifications, (query.qualification,))):
        if any(values):
            found = found.where(sa.or_(*(_has(listed, value) for value in values)))
    if query.region:
        near = (_has(row.regions, region) for region in query.region)
        found = found.where(sa.or_(*near, sa.cast(row.regions, sa.Text) == "[]"))
    drawable = sa.and_(
        row.drawable, sa.not_(row.expert), row.certificate_number != "", row.status == ON_DUTY,
        sa.or_(row.certificate_until.is_(None), row.certificate_until >= today),
    )  # fmt: skip
    if query.standing:
        wanted = {"可抽取": drawable, "不可抽取": sa.not_(drawable), "专家": row.expert}
        found = found.where(sa.or_(*(wanted[standing] for standing in query.standing)))
    order: dict[str, tuple[Any, ...]] = {
        "code": (row.code,),
        "name": (row.name, row.code),
        "certificate": (row.certificate_until.is_(None), row.certificate_until, row.code),
        "updated": (row.updated_at.desc(), row.code),
    }
    return found.order_by(*order[query.sort])


def page(session: Session, district_id: str, query: InspectorQuery, today: date, number: int) -> InspectorPage:
    """Page ``number`` (from 1; beyond the last it is the last)."""
    found = statement(district_id, query, today)
    total = session.scalar(sa.select(sa.func.count()).select_from(found.order_by(None).subquery())) or 0
    number = min(max(1, number), max(1, -(-total // PAGE)))
    rows = session.scalars(found.limit(PAGE).offset((number - 1) * PAGE)).all()
    return InspectorPage(list(rows), number, total)


@dataclass(frozen=True)
class Lapse:
    """A certificate or qualification that has run out or soon will; ``what`` is 执法证件 or the qualification."""

    person: Inspector
    what: str
    until: date


def lapses(session: Session, district_id: str, departments: list[str] | None, today: date, within: int) -> list[Lapse]:
    """What has run out or runs out within ``within`` days, the most urgent first; ``departments`` None = all.

    People who are not on duty need no warning.
    """
    last = today + timedelta(days=within)
    found = sa.select(Inspector).where(
        Inspector.district_id == district_id,
        Inspector.status == ON_DUTY,
        sa.or_(Inspector.certificate_until <= last, sa.cast(Inspector.qualification_until, sa.Text) != "{}"),
    )
    if departments is not None:
        found = found.where(Inspector.department.in_(departments))
    lapsing: list[Lapse] = []
    for person in session.scalars(found):
        if person.certificate_until is not None and person.certificate_until <= last:
            lapsing.append(Lapse(person, "执法证件", person.certificate_until))
        for name, text in (person.qualification_until or {}).items():
            if text and (until := date.fromisoformat(text)) <= last:
                lapsing.append(Lapse(person, name, until))
    return sorted(lapsing, key=lambda lapse: (lapse.until, lapse.person.code, lapse.what))


def _has(column: Any, value: str) -> sa.ColumnElement[bool]:
    """Whether the JSON list of texts ``column`` contains ``value``."""
    return sa.cast(column, sa.Text).contains(f'"{value}"', autoescape=True)
