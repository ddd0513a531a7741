"""The publicity of one penalty: whether it is public, until when, and that an annulled one never becomes it."""

from __future__ import annotations

from datetime import date

from engine.errors import InvalidInput
from engine.inspection import publicity_periods, records
from engine.inspection.models import FollowUp, Publication
from engine.inspection.publicity_periods import ORDINARY, SIMPLIFIED, PublicityPeriod
from engine.service_tasks import ServiceContext
from engine.settings import Settings

SIMPLIFIED_PROCESS = "simplified-penalty"
#: Key of :attr:`FollowUp.facts` of a penalty that was annulled: ``{"reason", "document", "on"}``.
ANNULLED = "annulled"


def period_of(settings: Settings, penalty: FollowUp) -> PublicityPeriod:
    """The rule of the tables for this penalty.  Raises :class:`ServiceTaskFailed` before it is decided."""
    procedure = SIMPLIFIED if penalty.kind == SIMPLIFIED_PROCESS else ORDINARY
    decision = penalty.facts.get("decision") or {}
    kind = publicity_periods.party_kind(penalty.subject.get("subject_kind"), decision.get("subject_kind"))
    return publicity_periods.period_of(settings, decision, kind, procedure)


def fix(settings: Settings, penalty: FollowUp, row: Publication, published_on: date) -> None:
    """Write down how long ``row`` is public, and from when repair may be asked for."""
    period = period_of(settings, penalty)
    decided_on = publicity_periods.decided_on(penalty.facts["decision"])
    row.severity = period.severity
    row.public_until = period.last_day(decided_on, published_on)
    row.repairable_on = period.repairable_on(decided_on, published_on)


def refuse_unpublished(ctx: ServiceContext) -> None:
    """Raises :class:`InvalidInput` when the rules do not let this penalty become public, naming the rule."""
    period = period_of(ctx.settings, records.follow_up(ctx.session, ctx.district_id, ctx.business_key))
    if not period.published:
        raise InvalidInput(
            "该处罚不公示。",
            fields={"decision": [f"按规定{period.name}（{period.legal_basis}），请选“不予公开”，依据选其他规定。"]},
        )
