"""From one organ to another inside the district: what one hands on, the other receives as a lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.inspection import records, redaction
from engine.inspection.lead_models import CaseLead
from engine.inspection.lead_reporters import reporter_of, reporter_words
from engine.inspection.leads import HANDED_OVER, NewLead, open_lead
from engine.service_tasks import ServiceContext


@dataclass(frozen=True)
class Handover:
    """What is handed on: to whom, about whom, what."""

    receiver: str
    title: str
    content: str
    subject: Mapping[str, Any]
    origin: CaseLead | None
    root: str  # where reporters are looked for

    @classmethod
    def of(cls, ctx: ServiceContext, row: CaseLead | None, values: Mapping[str, Any]) -> Handover:
        """A lead with what was found so far, or a case of unlicensed business."""
        words = [str(values.get("reason") or "")]
        if row is not None:
            found = row.facts.get("verification") or {}
            words = [row.content, str(found.get("facts") or ""), *words]
            return cls(str(values["receiver"]), row.title, _joined(words), row.subject, row, row.number)
        case = records.follow_up(ctx.session, ctx.district_id, ctx.business_key)
        identified = case.facts.get("identification") or {}
        words = [str(identified.get("facts") or ""), *words]
        return cls(str(values["receiver"]), "涉嫌无证无照经营", _joined(words), case.subject, None, case.root)


def _joined(words: list[str]) -> str:
    return "\n".join(text for text in words if text)


def hand_over(ctx: ServiceContext, given: Handover) -> str:
    """Open the lead of the receiving department; returns its number.

    The reporter goes with it: the receiving organ decides and tells from now on.  Whatever
    earlier texts say of a reporter, also of one of a joined lead, is masked.
    """
    words = reporter_words(ctx.session, ctx.district_id, given.root)
    title, content = (redaction.without(text, words) for text in (given.title, given.content))
    giver = records.department_names(ctx.session, ctx.district_id).get(ctx.department, ctx.department)
    reporter = reporter_of(ctx.session, given.origin) if given.origin else None
    new = NewLead(
        given.receiver, HANDED_OVER, ctx.calendar.local_date(ctx.now), title, content, given.subject,
        real_name=bool(given.origin and given.origin.real_name), handed_from=ctx.business_key, handed_by=giver,
        reporter_name=reporter.name if reporter else "", reporter_contact=reporter.contact if reporter else "",
    )  # fmt: skip
    return open_lead(ctx, new).number
