"""Notices anybody may read while they last: documents served by announcement, public hearings to come (PL61, 64).

What is shown is what the notice needs to reach its party or its audience: no address, no number, no telephone of
anybody, and not who reported.  A notice ends by itself with its last day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from engine.inspection import hearings, redaction, service_records
from engine.inspection.lead_reporters import reporters_behind
from engine.settings import Settings


@dataclass(frozen=True)
class HearingNotice:
    """听证公告: when, where and about what a public hearing is held."""

    department: str
    party: str
    cause: str
    held_at: datetime
    place: str


@dataclass(frozen=True)
class ServiceNotice:
    """送达公告: which document waits for whom, where, and until when."""

    department: str
    party: str
    document: str
    document_number: str
    announced_on: date
    until: date
    collect_at: str


def notices(
    session: Session, settings: Settings, on: date, wanted: Mapping[str, str]
) -> tuple[list[HearingNotice], list[ServiceNotice]]:
    """What may be read on ``on``; ``wanted`` narrows by ``department`` and by words (``q``) in what is shown."""

    def shown(text: str, case: str) -> str:
        reporters = reporters_behind(session, settings.district_id, case)
        return redaction.never_shown(settings, redaction.without(text, reporters), on)

    coming = [
        HearingNotice(
            row.department, shown(row.party, row.origin), shown(row.cause, row.origin), row.held_at,
            shown(row.place, row.origin),
        )
        for row in hearings.announced(session, settings.district_id, settings.timezone, on)
        if row.held_at is not None
    ]  # fmt: skip
    serving = [
        ServiceNotice(
            row.department, shown(row.recipient, row.origin), row.document, row.document_number, row.attempted_on,
            row.announced_until or row.attempted_on, shown(row.public_note, row.origin),
        )
        for row in service_records.announced(session, settings.district_id, on)
    ]  # fmt: skip
    return [n for n in coming if _fits(n, wanted)], [n for n in serving if _fits(n, wanted)]


def _fits(notice: HearingNotice | ServiceNotice, wanted: Mapping[str, str]) -> bool:
    if wanted.get("department") and notice.department != wanted["department"]:
        return False
    words = (wanted.get("q") or "").strip()
    told = notice.cause if isinstance(notice, HearingNotice) else f"{notice.document} {notice.document_number}"
    return words in f"{notice.party} {told}"
