"""经营异常名录 and 严重违法失信名单: the grounds, being entered, being removed, and the marks that follow (R13, R44).

Which ground holds for whom, how long an entry lasts and which mark the object registry bears are rows of
``credit-ground`` and ``credit-list``; the mark is what the ratio and frequency tables see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import lock_key, new_id
from engine.errors import NotFound, ServiceTaskFailed
from engine.inspection import records, tables
from engine.inspection.credit_models import CreditListing
from engine.inspection.models import FollowUp
from engine.inspection.publicity_periods import months_after
from engine.inspection.registry_history import Origin, record_changes
from engine.service_tasks import ServiceContext
from engine.settings import Settings

ABNORMAL, SERIOUS = LISTS = ("abnormal", "serious")
LISTED, REMOVED, ANNULLED = "已列入", "已移出", "已撤销"
REMOVAL, REPAIRED, TERM_OVER = "credit-removal", "credit-repaired", "credit-term-over"
#: Causes of a removal after which the entry counts as never made.
BASE_ANNULLED = "据以列入的决定被撤销"
VOIDING = frozenset({"列入有误", BASE_ANNULLED})


@dataclass(frozen=True)
class Ground:
    """One ground of a list for the kinds of subject it holds for; ``letters``: two letters come first."""

    code: str
    name: str
    list_code: str
    category: str
    letters: bool
    legal_basis: str


@dataclass(frozen=True)
class ListRule:
    """How a list treats a kind of subject.  ``months``: how long an entry lasts (None: until removed);
    ``repair_months``: the shortest time before it may be repaired; ``mark``: tag in the object registry, empty
    where the registry has a field of its own; ``enter``, ``leave``: what the decisions are called;
    ``superior_consent``: the department above must agree first.
    """

    code: str
    name: str
    enter: str
    leave: str
    mark: str
    months: int | None
    repair_months: int
    legal_basis: str
    superior_consent: bool


def grounds(settings: Settings, subject_kind: str, on: date) -> list[Ground]:
    """The grounds a subject of this kind may be listed on, in the order of the table."""
    return [
        Ground(
            row["code"], row["name"], row["list_code"], row.get("category", ""), bool(row.get("letters")),
            row["legal_basis"],
        )
        for row in tables.rows(settings, "credit-ground", on)
        if subject_kind in row["kinds"]
    ]  # fmt: skip


def ground_of(settings: Settings, code: str, subject_kind: str, on: date) -> Ground | None:
    """One ground, None when it does not hold for this kind of subject."""
    return next((ground for ground in grounds(settings, subject_kind, on) if ground.code == code), None)


def list_rule(settings: Settings, list_code: str, subject_kind: str, on: date) -> ListRule:
    """How ``list_code`` treats a subject.  Raises :class:`ServiceTaskFailed` when the table has no such row."""
    for row in tables.rows(settings, "credit-list", on):
        if row["list_code"] == list_code and subject_kind in row["kinds"]:
            months = row.get("months")
            return ListRule(
                list_code, row["name"], row["enter"], row["leave"], row.get("mark", ""),
                int(months) if months else None, int(row.get("repair_months") or 0), row["legal_basis"],
                bool(row.get("superior_consent")),
            )  # fmt: skip
    raise ServiceTaskFailed(
        f"表 credit-list 没有适用于“{subject_kind or '类型不明的当事人'}”的名单“{list_code}”；请核对当事人类型。"
    )


def register_name(settings: Settings, list_code: str, subject_kind: str, on: date) -> str:
    """The list's name for this kind of subject, e.g. 经营异常名录."""
    return list_rule(settings, list_code, subject_kind, on).name


def found(session: Session, district_id: str, number: str) -> CreditListing:
    """The entry decided in the follow-up ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(CreditListing).where(CreditListing.district_id == district_id, CreditListing.number == number)
    )
    if row is None:
        raise NotFound(f"没有编号为 {number} 的列入决定。")
    return row


def enter(
    ctx: ServiceContext, case: FollowUp, proposal: Mapping[str, Any], decision: Mapping[str, Any]
) -> CreditListing:
    """Put the subject of ``case`` on the list it was decided for and mark it; again is harmless."""
    listed_on = date.fromisoformat(str(decision["decided_on"])[:10])
    kind = str(case.subject.get("subject_kind") or "")
    rule = list_rule(ctx.settings, str(proposal["list"]), kind, listed_on)
    ground = ground_of(ctx.settings, str(proposal["ground"]), kind, listed_on)
    lock_key(ctx.session, _subject(case.uscc))
    row = ctx.session.scalar(
        sa.select(CreditListing).where(
            CreditListing.district_id == ctx.district_id, CreditListing.number == case.number
        )
    )
    if row is None:
        row = CreditListing(id=new_id(), district_id=ctx.district_id, number=case.number, created_at=ctx.now)
        ctx.session.add(row)
    row.list_code, row.ground = rule.code, str(proposal["ground"])
    row.ground_name = ground.name if ground else str(proposal["ground"])
    row.legal_basis = (ground.legal_basis if ground else rule.legal_basis)[:300]
    row.facts, row.uscc, row.subject_name = str(proposal.get("facts") or ""), case.uscc, case.subject_name
    row.subject_kind, row.department = kind, case.department
    row.found_on = date.fromisoformat(str(case.facts["established_on"])[:10])
    row.document_number, row.listed_on = str(decision.get("document_number") or ""), listed_on
    row.until = months_after(listed_on, rule.months) if rule.months else None
    row.repairable_on = months_after(listed_on, rule.repair_months) if rule.repair_months else None
    row.state = LISTED
    ctx.session.flush()
    _mark(ctx, row, rule, listed=True)
    return row


def leave(
    ctx: ServiceContext, row: CreditListing, *, reason: str, document: str, on: date, state: str = REMOVED
) -> None:
    """Take an entry off its list and its mark off the object, unless another entry keeps it; again is harmless."""
    lock_key(ctx.session, _subject(row.uscc))  # two that leave at once must not each count the other
    ctx.session.flush()
    ctx.session.refresh(row)
    if row.state != LISTED:
        return
    row.state, row.removed_on = state, on
    row.removal_reason, row.removal_document = reason[:500], document
    ctx.session.flush()
    others = ctx.session.scalar(
        sa.select(sa.func.count()).where(
            CreditListing.district_id == row.district_id, CreditListing.uscc == row.uscc,
            CreditListing.list_code == row.list_code, CreditListing.state == LISTED,
        )
    )  # fmt: skip
    if not others:
        _mark(ctx, row, list_rule(ctx.settings, row.list_code, row.subject_kind, row.listed_on), listed=False)


def question_after_annulment(ctx: ServiceContext, penalty: FollowUp, reason: str) -> list[str]:
    """Let every entry of the serious list that rests on an annulled penalty be looked into; returns their numbers."""
    resting = list(
        ctx.session.scalars(
            sa.select(CreditListing.number)
            .join(
                FollowUp,
                sa.and_(FollowUp.district_id == CreditListing.district_id, FollowUp.number == CreditListing.number),
            )
            .where(
                CreditListing.district_id == ctx.district_id, CreditListing.list_code == SERIOUS,
                CreditListing.state == LISTED, CreditListing.uscc == penalty.uscc, FollowUp.root == penalty.root,
            )
            .order_by(CreditListing.number)
        )
    )  # fmt: skip
    for number in resting:
        ctx.send_message(REMOVAL, number, {"reason": reason[:300], "cause": BASE_ANNULLED})
    return resting


def _subject(uscc: str) -> str:
    """The name under which everything that lists one subject follows one another."""
    return f"credit/{uscc}"


def _mark(ctx: ServiceContext, row: CreditListing, rule: ListRule, *, listed: bool) -> None:
    """Let the object registry say so; a subject that is not in it has nothing to mark."""
    target = records.inspected_object(ctx.session, ctx.district_id, row.uscc) if row.uscc else None
    if target is None:
        return
    ctx.session.flush()
    ctx.session.refresh(target, with_for_update=True)  # the mark is added to what others have just written
    changes: dict[str, list[Any]] = {}
    if not rule.mark:
        if target.on_abnormal_list != listed:
            changes["on_abnormal_list"] = [target.on_abnormal_list, listed]
            target.on_abnormal_list = listed
    elif (rule.mark in target.tags) != listed:
        tags = [*target.tags, rule.mark] if listed else [tag for tag in target.tags if tag != rule.mark]
        changes["tags"] = [list(target.tags), tags]
        target.tags = tags
    if changes:
        target.updated_at = ctx.now
        origin = Origin("system", row.number, rule.enter if listed else rule.leave)
        record_changes(
            ctx.session, ctx.district_id, "objects", [(row.uscc, changes)], at=ctx.now, actor=ctx.actor, origin=origin
        )
