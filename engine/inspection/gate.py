"""The gate before lists are frozen: frequency cap and one visit at a time, across departments (R2, 国办发〔2024〕54号).

Every firm that is kept out gets its reason, which is frozen with the lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.gate_frequency import BETWEEN, CAP, OPEN, Cap, Frequency
from engine.inspection.gate_visits import OpenVisit, Visits
from engine.inspection.models import Recusal
from engine.inspection.object_traits import Traits

#: Registration states (登记状态) in which a firm exists and can be visited.
ALIVE = frozenset({"存续", "在营", "开业", "在册", "在业", "正常", "存续（在营、开业、在册）"})

#: What counts as one reason on pages; reasons of one rule differ in dates and numbers.
KINDS = {CAP: "达到年度频次上限", BETWEEN: "距上次检查间隔过短", OPEN: "已在其他抽查任务中"}
#: What a record that everybody may read says instead: a cap depends on the grade, and a
#: visit to come may be unannounced.
NEUTRAL = {CAP: "按频次管理规定本次不列入", BETWEEN: "按频次管理规定本次不列入", OPEN: "依法暂不检查（依据存档备查）"}


@dataclass(frozen=True)
class Bar:
    """Why a rule keeps a firm out, and the reasons for which the rule lets it stay in."""

    rule: str
    reason: str
    may_keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gate:
    """The rules and what the officer decided about them.

    ``merging`` are the open campaigns whose visits this one joins; ``kept`` are firms that
    stay in with the reason for it; ``ordered`` says that a superior ordered the campaign, so
    that the yearly cap does not hold.
    """

    frequency: Frequency
    known: Visits
    today: date
    merging: frozenset[str] = frozenset()
    kept: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False

    @classmethod
    def of(
        cls, frequency: Frequency, known: Visits, today: date, plan: Mapping[str, Any], checked: Mapping[str, Any]
    ) -> Gate:
        """The gate of a work plan with the gate-check form's values."""
        return cls(
            frequency, known, today, frozenset(checked.get("merge_with") or ()),
            {str(row["uscc"]): str(row["reason"]) for row in checked.get("kept") or []}, bool(plan.get("ordered")),
        )  # fmt: skip

    def bar(self, uscc: str, traits: Traits, kind: str, last: date | None) -> Bar | None:
        """Why the firm is kept out, unless its open visit is joined or the rule lets it stay in for a reason given."""
        found = self.rule(uscc, self.frequency.cap(traits, kind), last)
        if found is not None and self.kept.get(uscc, "") in found.may_keep:
            return None
        return found

    def rule(self, uscc: str, cap: Cap, last: date | None) -> Bar | None:
        """What the rules say before the officer decides about single firms."""
        apart = [visit for visit in self.known.open_now.get(uscc, ()) if visit.campaign not in self.merging]
        if apart:
            return Bar(OPEN, f"已列入抽查任务 {apart[0].campaign}，尚未检查")
        if uscc in self.known.open_now:
            return None  # one visit for both: neither a further visit nor too soon
        count = self.known.this_year.get(uscc, 0)
        if cap.visits is not None and count >= cap.visits and not self.ordered:
            reason = f"本年度已检查 {count} 次，达到年度频次上限 {cap.visits} 次"
            return Bar(CAP, reason, cap.keep_over_cap)
        day = max((d for d in (last, self.known.last.get(uscc)) if d is not None), default=None)
        if day is not None and self.today - day < timedelta(days=cap.days_between):
            return Bar(BETWEEN, f"上次检查为 {day}，间隔不足 {cap.days_between} 天", cap.keep_too_soon)
        return None

    def joined(self, uscc: str) -> list[OpenVisit]:
        """The open visits that are to be one with this campaign's."""
        return [visit for visit in self.known.open_now.get(uscc, ()) if visit.campaign in self.merging]


def recusals(session: Session, district_id: str, codes: Sequence[str]) -> list[tuple[str, str]]:
    """Known recusals (inspector, object) of these inspectors."""
    wanted = set(codes)
    rows = session.execute(sa.select(Recusal.inspector_code, Recusal.uscc).where(Recusal.district_id == district_id))
    return [(code, uscc) for code, uscc in rows if code in wanted]
