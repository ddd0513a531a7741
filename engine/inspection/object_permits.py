"""许可: an object's permits with how long they hold, and those that run out (到期提醒)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.models import InspectedObject
from engine.inspection.object_conditions import Between
from engine.inspection.object_filter import ObjectFilter
from engine.inspection.object_search import Search
from engine.inspection.object_terms import value

#: Days before its last day from which a permit counts as about to expire.
ABOUT_TO_EXPIRE = 90
#: Days ahead the watch offers; ``over`` are those that have run out.
WITHIN = ("30", "60", "90", "over")


@dataclass(frozen=True)
class Permit:
    """One permit; ``left`` is the number of days it still holds, None without a term (长期)."""

    name: str
    number: str
    issued: str
    expires: str
    issuer: str  # who approved (谁审批)
    supervisor: str  # department code that signed for it (谁主管), may be empty
    handover: str
    left: int | None

    @property
    def over(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def near(self) -> bool:
        return self.left is not None and 0 <= self.left <= ABOUT_TO_EXPIRE


def permits_of(held: Iterable[Mapping[str, Any]] | None, today: date) -> list[Permit]:
    """The permits as the registry holds them."""
    return [_permit(one, today) for one in held or ()]


def _permit(one: Mapping[str, Any], today: date) -> Permit:
    texts = {name: str(one.get(name) or "") for name in ("name", "number", "issued", "expires", "issuer")}
    try:
        left = (date.fromisoformat(texts["expires"]) - today).days if texts["expires"] else None
    except ValueError:  # a date nobody can read is no term; the registry shows it as it is
        left = None
    return Permit(
        **texts, supervisor=str(one.get("supervisor") or ""), handover=str(one.get("handover") or ""), left=left
    )  # fmt: skip


@dataclass(frozen=True)
class Expiring:
    """A permit that runs out, with its object; ``supervisor`` is the permit's, else the object's."""

    uscc: str
    object_name: str
    status: str
    supervisor: str
    permit: Permit


@dataclass(frozen=True)
class ExpiryPage:
    """``after`` continues behind the last entry; ``total`` counts objects, not permits."""

    entries: Sequence[Expiring]
    total: int
    after: str


def expiring(
    session: Session, district_id: str, asked: ObjectFilter, today: date, *, size: int, after: str = ""
) -> ExpiryPage:
    """Permits that run out within ``asked.expires`` days (soonest first), or have run out (latest first).

    Pages end between two days, so that a day's permits stand together; a page may hold some more than ``size``.
    """
    over = asked.expires == "over"
    search = Search(session, district_id, asked.question(today))
    span = _span(asked.expires, today, after)
    entries: list[Expiring] = []
    last = ""
    for token, positions in search.by_token(span, descending=over):
        if len(entries) >= size:
            return ExpiryPage(entries, search.total, last)
        last = token.partition("=")[2]
        entries += _on(session, district_id, search, positions, last, asked, today)
    return ExpiryPage(entries, search.total, "")


def _span(within: str, today: date, after: str) -> Between:
    """Tokens of the days asked for, without those up to ``after``."""
    if within == "over":
        return Between(value("expires", "0"), value("expires", after or today.isoformat()))
    last = today + timedelta(days=int(within))
    return Between(value("expires", f"{after}~" if after else today.isoformat()), value("expires", f"{last}~"))


def _on(
    session: Session, district_id: str, search: Search, positions: Sequence[int], day: str,
    asked: ObjectFilter, today: date,
) -> Iterator[Expiring]:  # fmt: skip
    """The permits with this last day of the objects at some positions (and of those not indexed yet)."""
    o = InspectedObject
    columns = (o.uscc, o.name, o.status, o.supervisor, o.permits)
    statement = sa.select(*columns).where(o.district_id == district_id)
    rows = list(session.execute(statement.where(o.position.in_(positions))))
    fresh = search.fresh_with(value("expires", day))
    rows += session.execute(statement.where(o.uscc.in_(fresh))) if fresh else []
    # Sorted here: asked to sort, SQLite would walk all codes of the district instead of looking positions up.
    for uscc, name, status, supervisor, held in sorted(rows, key=lambda row: str(row[0])):
        for permit in permits_of(held, today):
            wanted = permit.name in (asked.permit or (permit.name,)) and permit.issuer in (
                asked.issuer or (permit.issuer,)
            )
            if permit.expires == day and wanted:
                yield Expiring(uscc, name, status, permit.supervisor or supervisor, permit)
