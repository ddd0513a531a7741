"""信用修复: what may be repaired, when, and on which conditions (R58).

The shortest time is kept with the publication or the listing when it begins; the other conditions are rows of
``credit-repair-condition``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from engine.deadline_rules import DeadlineRule
from engine.errors import InvalidInput, NotFound, ServiceTaskFailed
from engine.inspection import credit_listings, penalty_publicity, publicity_periods, records, tables
from engine.inspection.credit_models import CreditListing
from engine.inspection.models import FollowUp, Publication
from engine.settings import Settings

PENALTY = "penalty"
DEADLINE = "repair-decision"
#: The limit of the decision by what is repaired, where it is not :data:`DEADLINE` itself.
LIMITS = {"abnormal": "repair-decision-abnormal"}


@dataclass(frozen=True)
class Target:
    """What an application asks to repair: a penalty that is public, or an entry of a list."""

    kind: str  # penalty | abnormal | serious
    name: str
    severity: str
    repairable_on: date | None  # last day of the shortest time
    special_on: date | None  # the same in fields where safety is at stake
    publication: Publication
    listing: CreditListing | None = None


@dataclass(frozen=True)
class Condition:
    """One condition; ``proof`` is the field of the form that must hold a file, empty when none is asked for."""

    code: str
    name: str
    proof: str


def target_of(session: Session, settings: Settings, row: FollowUp) -> Target:
    """What the application ``row`` is about.  Raises :class:`ServiceTaskFailed` when nothing of it is public."""
    district = row.district_id
    penalty = records.publication(session, district, PENALTY, row.origin)
    if penalty is not None and penalty.state == "published":
        case = records.follow_up(session, district, row.origin)
        published_on = (penalty.published_at or row.opened_at).astimezone(settings.timezone).date()
        decided_on = publicity_periods.decided_on(case.facts["decision"])
        period = penalty_publicity.period_of(settings, case)
        return Target(
            PENALTY, f"行政处罚 {case.facts['decision'].get('document_number') or case.number}", period.severity,
            period.repairable_on(decided_on, published_on), period.repairable_on(decided_on, published_on, True),
            penalty,
        )  # fmt: skip
    try:
        listing = credit_listings.found(session, district, row.origin)
    except NotFound:
        raise ServiceTaskFailed(f"{row.origin} 没有正在公示的处罚或者列入决定，不需要修复。") from None
    public = records.publication(session, district, listing.list_code, row.origin)
    if public is None or listing.state != credit_listings.LISTED:
        raise ServiceTaskFailed(f"{row.origin} 已经移出名单，不需要修复。")
    name = credit_listings.register_name(settings, listing.list_code, listing.subject_kind, listing.listed_on)
    return Target(
        listing.list_code, f"{name} {listing.document_number}", "", listing.repairable_on, listing.repairable_on,
        public, listing,
    )  # fmt: skip


def conditions(settings: Settings, target: Target, on: date) -> list[Condition]:
    """The conditions for ``target`` in force on ``on``."""
    return [
        Condition(row["code"], row["name"], row.get("proof", ""))
        for row in tables.rows(settings, "credit-repair-condition", on)
        if target.kind in row["subjects"] and target.severity in row.get("severities", (target.severity,))
    ]


def refuse_unmet(settings: Settings, target: Target, values: Mapping[str, Any], applied_on: date) -> None:
    """Raises :class:`InvalidInput` naming every condition an application misses, and when it may be made again."""
    faults: dict[str, list[str]] = {}
    last = target.special_on if values.get("special") == "是" else target.repairable_on
    if last is not None and applied_on <= last:
        faults["decision"] = [f"最短期限到 {last} 届满，次日起才可以申请，请选“不予受理”并告知。"]
    met = set(values.get("met") or ())
    for condition in conditions(settings, target, applied_on):
        if condition.code not in met:
            faults.setdefault("met", []).append(f"不符合“{condition.name}”的不能受理；符合的请勾选。")
        elif condition.proof and not values.get(condition.proof):
            faults[condition.proof] = [f"请上传“{condition.name}”的材料。"]
    if faults:
        raise InvalidInput("申请不符合受理条件。", fields=faults)


def limit_of(settings: Settings, target: Target, on: date) -> DeadlineRule:
    """How long the decision may take."""
    return tables.limit(settings, LIMITS.get(target.kind, DEADLINE), on)
