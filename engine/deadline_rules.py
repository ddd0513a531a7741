"""The dated rows of ``processes/tables/deadline.json``: how long a period is, and how far it may be changed.

What a row does not allow cannot be done: a period without ``suspensions`` cannot be suspended, one
without ``extensions`` cannot be extended, and one with two extensions is extended twice at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.data_tables import rows
from engine.errors import ServiceTaskFailed
from engine.settings import Settings

TABLE, WARNING_TABLE = "deadline", "deadline-warning"


@dataclass(frozen=True)
class ExtensionRule:
    """One extension a period may be given.

    ``rule`` is its length (None: the decision states it), ``approver`` the role that decides,
    ``collective`` whether the organ's leaders must discuss it first (集体讨论).
    """

    rule: str | None
    approver: str
    legal_basis: str
    condition: str = ""
    collective: bool = False


@dataclass(frozen=True)
class SuspensionGround:
    """A ground on which a period stands still, e.g. a hearing (听证).

    ``process`` names what suspends on it, and lets go on, without anybody's doing (empty: nothing does);
    ``application``: the head of the organ approves it first.  Only the others may be chosen by hand.
    ``backdated``: what is excluded began before that approval, e.g. the day the sample was handed in.
    """

    code: str
    label: str
    legal_basis: str
    process: str = ""
    application: bool = False
    backdated: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether somebody in charge may suspend on it from the deadline's page."""
        return not self.process and not self.application


@dataclass(frozen=True)
class DeadlineRule:
    """A statutory period: ``rule`` as in :func:`engine.periods.parse_rule`, with its source and what it allows."""

    name: str
    label: str
    rule: str
    legal_basis: str
    includes_start: bool = False
    extensions: tuple[ExtensionRule, ...] = ()
    suspensions: tuple[SuspensionGround, ...] = field(default=())

    def ground(self, code: str) -> SuspensionGround | None:
        """The suspension ground called ``code``, None when the row does not allow it."""
        return next((ground for ground in self.suspensions if ground.code == code), None)


@dataclass(frozen=True)
class WarningStage:
    """From ``percent`` of its period on a deadline has ``colour``, and ``roles`` are reminded once."""

    percent: int
    colour: str  # yellow | orange | red
    roles: tuple[str, ...]


def deadline_rule(settings: Settings, name: str, on: date, department: str = "") -> DeadlineRule:
    """The row ``name`` in force on ``on``.  Raises :class:`ServiceTaskFailed` when there is none."""
    found = find_rule(settings, name, on, department)
    if found is None:
        raise ServiceTaskFailed(f"期限表中没有 {on} 有效的“{name}”，请系统管理员在期限表中补充。")
    return found


def find_rule(settings: Settings, name: str, on: date, department: str = "") -> DeadlineRule | None:
    """The row ``name`` in force on ``on``, None when there is none.

    A row that names ``departments`` is theirs alone and wins over one that names none: organs whose own rules
    ask for less time.
    """
    found = [row for row in rows(settings, TABLE, on) if row["name"] == name]
    own = [row for row in found if department in row.get("departments", ())]
    row = next(iter(own or [row for row in found if not row.get("departments")]), None)
    return None if row is None else _rule(row)


def _rule(row: dict[str, Any]) -> DeadlineRule:
    return DeadlineRule(
        name=row["name"],
        label=row["label"],
        rule=row["rule"],
        legal_basis=row["legal_basis"],
        includes_start=row.get("start_day") == "included",
        extensions=tuple(
            ExtensionRule(
                e.get("rule"), e["approver"], e.get("legal_basis") or row["legal_basis"], e.get("condition", ""),
                bool(e.get("collective")),
            )
            for e in row.get("extensions", ())
        ),
        suspensions=tuple(
            SuspensionGround(
                s["code"], s["label"], s.get("legal_basis") or row["legal_basis"], s.get("process", ""),
                bool(s.get("application")), bool(s.get("backdated")),
            )
            for s in row.get("suspensions", ())
        ),
    )  # fmt: skip


def warning_stages(settings: Settings, name: str, on: date) -> tuple[WarningStage, ...]:
    """The stages of the deadline ``name`` on ``on``, the earliest first; rows without a name are for all others."""
    found = rows(settings, WARNING_TABLE, on)
    own = [row for row in found if row.get("deadline") == name] or [row for row in found if not row.get("deadline")]
    stages = [WarningStage(int(row["percent"]), row["colour"], tuple(row["remind"])) for row in own]
    return tuple(sorted(stages, key=lambda stage: stage.percent))
