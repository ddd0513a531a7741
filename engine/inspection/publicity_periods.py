"""How long a penalty stays public (公示期), by how grave it is and by the rules of the day it was decided (R58).

Two tables decide: ``penalty-severity`` says how grave a penalty is, from its kinds, its fine and its procedure;
``publicity-period`` says whether it is public at all, for how long at most, and after how long repair
(信用修复) may be asked for.  Months are counted as the Civil Code counts them: the first day does not count and
the corresponding day is the last one, shown to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.settings import Settings

ORDINARY, SIMPLIFIED = "普通程序", "简易程序"
#: Whom a fine of the table is measured by: a natural person, or anybody else.
PERSON, BODY = "个人", "单位"
PERSONS = frozenset({"个人", "自然人"})


@dataclass(frozen=True)
class PublicityPeriod:
    """The rule a penalty falls under; lengths in months.  ``special`` is the shortest time in fields where
    safety is at stake (食品、药品、特种设备).
    """

    severity: str
    name: str
    published: bool
    from_decision: bool
    shortest: int
    special: int
    longest: int
    legal_basis: str

    def last_day(self, decided_on: date, published_on: date) -> date:
        """The last day the penalty is shown."""
        return months_after(decided_on if self.from_decision else published_on, self.longest)

    def repairable_on(self, decided_on: date, published_on: date, special: bool = False) -> date:
        """The last day of the shortest time; repair may be asked for when it has passed."""
        months = self.special if special else self.shortest
        return months_after(decided_on if self.from_decision else published_on, months)


def period_of(settings: Settings, decision: Mapping[str, Any], subject_kind: str, procedure: str) -> PublicityPeriod:
    """The rule for a penalty: ``decision`` has ``kinds``, ``amount`` (yuan) and ``decided_on``.

    Raises :class:`ServiceTaskFailed` when a table has no row for it.
    """
    on = decided_on(decision)
    found = next(
        (r for r in tables.rows(settings, "penalty-severity", on) if _fits(r, decision, subject_kind, procedure)), None
    )
    if found is None:
        raise ServiceTaskFailed(f"表 penalty-severity 没有适用于 {on} 所作处罚的行，请系统管理员补充。")
    for row in tables.rows(settings, "publicity-period", on):
        if row["code"] == found["severity"]:
            shortest = int(row["shortest_months"])
            return PublicityPeriod(
                row["code"], row["name"], bool(row["published"]), row["counted_from"] == "decided", shortest,
                int(row.get("special_months", shortest)), int(row["longest_months"]), row["legal_basis"],
            )  # fmt: skip
    raise ServiceTaskFailed(f"表 publicity-period 没有 {on} 有效的“{found['severity']}”，请系统管理员补充。")


def party_kind(*said: object) -> str:
    """Of what kind a party is by what several places say: a person wherever one says so, else the first word said."""
    words = [str(word) for word in said if word]
    return next((word for word in words if word in PERSONS), words[0] if words else "")


def decided_on(decision: Mapping[str, Any]) -> date:
    """The day of a decision.  Raises :class:`ServiceTaskFailed` when the case does not say it."""
    try:
        return date.fromisoformat(str(decision.get("decided_on"))[:10])
    except ValueError:
        raise ServiceTaskFailed("没有登记处罚决定的日期，不能判定公示期；请先登记处罚决定。") from None


def months_after(day: date, months: int) -> date:
    """The corresponding day so many months on; the month's last day where it has none."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def _fits(row: Mapping[str, Any], decision: Mapping[str, Any], subject_kind: str, procedure: str) -> bool:
    kinds, fine = set(decision.get("kinds") or ()), float(decision.get("amount") or 0)
    subject = PERSON if subject_kind in PERSONS else BODY
    return (
        row.get("procedure", procedure) == procedure
        and subject in row.get("subjects", (subject,))
        and ("any_kinds" not in row or bool(kinds & set(row["any_kinds"])))
        and ("only_kinds" not in row or kinds <= set(row["only_kinds"]))
        and fine <= row.get("fine_max", fine)
        and fine >= row.get("fine_min", fine)
    )
