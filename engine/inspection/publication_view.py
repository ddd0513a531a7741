"""What anybody may see of publications, for public pages and feeds: entries, their trail, and searching them.

Everything passes :func:`engine.inspection.publication.public_content`; the search looks at columns that are
made of the public content alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import publication, redaction
from engine.inspection.models import FollowUp, Publication
from engine.settings import Settings

#: States in which the public finds an entry; a withdrawn one without its content.
PUBLIC = ("published", "withdrawn")
#: Steps the public reads about, in its words.
STAGES = {"published": "公示", "corrected": "更正", "withdrawn": "撤回", "disclosed": "公示（原不予公开）"}


@dataclass(frozen=True)
class Entry:
    """One publication as anybody may see it."""

    id: str
    kind: str
    subject: str
    state: str
    content: dict[str, Any]
    published_at: datetime | None
    corrected_at: datetime | None
    receipt: str
    public_until: date | None = None  # last day it is shown; None: without end

    @property
    def title(self) -> str:
        """What the entry is about; a withdrawn one no longer says."""
        if self.state == "withdrawn":
            return "（已撤回的公示）"
        content = self.content
        labels = ("检查对象", "当事人", "计划名称", "专项检查名称")
        return str(next((content[label] for label in labels if content.get(label)), self.subject))

    @property
    def organ(self) -> str:
        content = self.content
        labels = ("检查机关", "处罚机关", "制定机关", "发起部门", "作出决定机关", "机关")
        return str(next((content[label] for label in labels if content.get(label)), ""))


@dataclass(frozen=True)
class Step:
    """One line of the public trail: what happened, when, why, and what the words were before and after."""

    stage: str
    at: datetime
    note: str
    changes: list[dict[str, Any]]
    receipt: str


def entry(settings: Settings, row: Publication, today: date) -> Entry:
    """A row as anybody may see it today."""
    return Entry(
        row.id, row.kind, row.subject, row.state, publication.public_content(settings, row, today),
        row.published_at, row.corrected_at, row.receipt, row.public_until,
    )  # fmt: skip


def trail(session: Session, settings: Settings, row: Publication, today: date) -> list[Step]:
    """What happened to a publication since its release, the oldest first; a withdrawn one keeps no old words."""
    steps = []
    for version in publication.versions(session, row.id):
        if version.stage not in STAGES:
            continue
        changes = [_cleaned(settings, change, today) for change in version.changes] if row.state == "published" else []
        note = redaction.never_shown(settings, version.note, today)
        steps.append(Step(STAGES[version.stage], version.at, note, changes, version.receipt))
    return steps


def _cleaned(settings: Settings, change: Mapping[str, Any], today: date) -> dict[str, Any]:
    def clean(words: Any) -> str | None:
        return None if words is None else redaction.never_shown(settings, str(words), today)

    return {"label": change["label"], "old": clean(change["old"]), "new": clean(change["new"])}


def still_public(today: date) -> sa.ColumnElement[bool]:
    """Is the publicity period (公示期) not over on ``today``?  The pages ask the calendar, not the nightly job."""
    return sa.or_(Publication.public_until.is_(None), Publication.public_until >= today)


def shown(row: Publication, today: date) -> bool:
    """Does the public see ``row`` on ``today``?"""
    return row.state in PUBLIC and (row.public_until is None or row.public_until >= today)


def penalties_of(session: Session, row: Publication, today: date) -> list[Publication]:
    """Published penalties that came of the inspection whose result ``row`` is, the oldest first."""
    # Cases of before the roots were kept know where they came from alone.
    root = sa.func.coalesce(sa.func.nullif(FollowUp.root, ""), FollowUp.origin)
    numbers = sa.select(FollowUp.number).where(FollowUp.district_id == row.district_id, root == row.subject)
    return list(
        session.scalars(
            sa.select(Publication)
            .where(
                Publication.district_id == row.district_id, Publication.kind == "penalty",
                Publication.state == "published", Publication.subject.in_(numbers), still_public(today),
            )
            .order_by(Publication.id)
        )
    )  # fmt: skip


def search(settings: Settings, kind: str, wanted: Mapping[str, str], today: date) -> sa.Select[tuple[Publication]]:
    """Publications of ``kind`` shown on ``today``: ``q`` in name or code, ``department``, ``outcome``, ``year``."""
    table = Publication
    words, department = wanted.get("q", ""), wanted.get("department", "")
    outcome, year = wanted.get("outcome", ""), wanted.get("year", "")
    # Whoever asks for a firm or a result is not answered with entries that no longer say whom they are about.
    states = ("published",) if words or outcome else PUBLIC
    statement = sa.select(table).where(
        table.district_id == settings.district_id, table.kind == kind, table.state.in_(states), still_public(today)
    )
    if words:
        code = words.replace(" ", "").upper()
        where = [table.title.contains(words, autoescape=True), table.code.startswith(code, autoescape=True)]
        if kind == "plan":  # holds nobody's data; citizens look for an item in it
            text = sa.cast(table.content, sa.Text)
            where += [text.contains(form, autoescape=True) for form in (words, json.dumps(words)[1:-1])]
        statement = statement.where(sa.or_(*where))
    if department:
        statement = statement.where(table.department == department)
    if outcome:
        statement = statement.where(table.outcome.contains(outcome, autoescape=True))
    if len(year) == 4 and year.isdecimal() and date.min.year <= int(year) < date.max.year:
        first = datetime.combine(date(int(year), 1, 1), time(), settings.timezone)
        after = datetime.combine(date(int(year) + 1, 1, 1), time(), settings.timezone)
        statement = statement.where(table.published_at >= first, table.published_at < after)
    return statement
