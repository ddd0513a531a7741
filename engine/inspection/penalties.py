"""What a penalty consists of, how two compare, which standards of the organ a case reaches (PL9, PL45, PL57)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection.document_models import OfficialDocument
from engine.inspection.models import FollowUp
from engine.inspection.tables import rows
from engine.settings import Settings

PUNISH, SPARE = "给予行政处罚", "不予行政处罚"
IMPOSED, SPARED, PASSED_ON, CRIME = "处罚", "不予处罚", "移送其他机关", "移送司法机关"
SENT_BACK = "退回补充调查"
STATEMENT = "提出陈述申辩"
TRANSFER = "crime-transfer"
#: How a fine on the spot was paid: to the officer, who hands it over (PL68).
COLLECTED = "当场收缴"


@dataclass(frozen=True)
class Measure:
    """The penalty proposed, told or imposed; money in yuan.  Nothing at all when no penalty is meant."""

    kinds: tuple[str, ...] = ()
    amount: Decimal = Decimal(0)
    confiscated: Decimal = Decimal(0)
    goods: str = ""
    terms: str = ""
    goods_value: Decimal = Decimal(0)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Measure:
        """From the fields every form of the procedure shares."""
        return cls(
            tuple(values.get("kinds") or ()), _yuan(values.get("amount")), _yuan(values.get("confiscated")),
            str(values.get("goods") or ""), str(values.get("terms") or ""), _yuan(values.get("goods_value")),
        )  # fmt: skip

    @property
    def taken(self) -> Decimal:
        """What is confiscated, money and goods together."""
        return self.confiscated + self.goods_value

    @property
    def words(self) -> str:
        """As a person reads it."""
        parts = []
        for kind in self.kinds:
            money = {"罚款": self.amount, "没收违法所得": self.confiscated}.get(kind)
            parts.append(f"{kind}{money}元" if money else kind)
        return "、".join(parts) or "不予处罚"

    def fields(self) -> dict[str, Any]:
        """The fields again, as they are kept and sent on (plain numbers)."""
        return {
            "kinds": list(self.kinds), "amount": _number(self.amount), "confiscated": _number(self.confiscated),
            "goods": self.goods, "terms": self.terms, "goods_value": _number(self.goods_value),
        }  # fmt: skip


def _yuan(value: Any) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def kinds(settings: Settings, on: date) -> dict[str, dict[str, Any]]:
    """The kinds of penalty in force, by their name (PL9)."""
    return {row["code"]: row for row in rows(settings, "penalty-kind", on)}


def check_measure(settings: Settings, on: date, values: Mapping[str, Any]) -> Measure:
    """What the form says, checked: every kind with its content, no content without its kind.

    Forms of earlier versions ask for the fine alone and say so by their field ``collective``.
    Raises :class:`InvalidInput` naming every faulty field.
    """
    measure, faults = Measure.of(values), dict[str, list[str]]()
    known = kinds(settings, on)
    for name in ("amount",) if "collective" in values else ("amount", "confiscated", "goods", "terms"):
        wanted = [k for k in measure.kinds if known.get(k, {}).get("stated_in") == name]
        given = getattr(measure, name)
        if wanted and not given:
            faults[name] = [f"选择了{'、'.join(wanted)}，请填写相应的数额或者内容。"]
        if given and not wanted and name != "terms":
            faults["kinds"] = ["填写了数额或者财物而没有选择相应的处罚种类，请选择罚款、没收违法所得或者没收非法财物。"]
    if faults:
        raise InvalidInput("处罚内容不完整。", fields=faults)
    return measure


def heavier(settings: Settings, on: date, before: Measure, after: Measure) -> list[str]:
    """In which respects ``after`` weighs more than ``before``; empty when in none (PL45).

    A kind that was not told counts as heavier unless one that weighs at least as much was dropped for it.
    """
    known = kinds(settings, on)
    rank = {name: row["rank"] for name, row in known.items()}
    dropped = [rank.get(k, 0) for k in before.kinds if k not in after.kinds]
    found = [
        f"增加了“{kind}”" for kind in after.kinds
        if kind not in before.kinds and rank.get(kind, 0) >= max(dropped, default=0)
    ]  # fmt: skip
    for name, word in (("amount", "罚款数额"), ("confiscated", "没收违法所得"), ("goods_value", "没收财物价值")):
        old, new = getattr(before, name), getattr(after, name)
        if new > old and (old or not found):
            found.append(f"{word}由{old}元提高到{new}元")
    return found


def reworded(before: Measure, after: Measure) -> list[str]:
    """What is said in words and differs: nobody can weigh it but the party, who must be told (PL44)."""
    named = (("goods", "没收的非法财物"), ("terms", "其他处罚的内容"))
    return [
        f"{word}与告知的不同" for name, word in named
        if getattr(after, name) and getattr(after, name) != getattr(before, name)
    ]  # fmt: skip


@dataclass(frozen=True)
class Threshold:
    """A row of ``penalty-threshold``: amounts in yuan, reached when equal."""

    hearing: Decimal
    review: Decimal
    collective: Decimal
    collective_rank: int
    source: str


def threshold(settings: Settings, organ: str, subject_kind: str, on: date) -> Threshold:
    """The organ's own standard for that kind of party, else that of all organs.

    A party of unknown kind is judged by the lower standard.  Raises :class:`ServiceTaskFailed` without a row.
    """
    found = rows(settings, "penalty-threshold", on)
    for department in (organ, "*"):
        fitting = [
            row for row in found
            if row["department"] == department and (not subject_kind or subject_kind in row["subject_kinds"])
        ]  # fmt: skip
        if fitting:
            row = min(fitting, key=lambda each: each["hearing_amount"])
            return Threshold(
                Decimal(row["hearing_amount"]), Decimal(row["review_amount"]), Decimal(row["collective_amount"]),
                row["collective_rank"], row["source"],
            )  # fmt: skip
    raise ServiceTaskFailed(f"数据表 penalty-threshold 没有部门 {organ} 对“{subject_kind}”的数额标准，请补充一行。")


def hearing_grounds(settings: Settings, on: date, organ: str, subject_kind: str, measure: Measure) -> list[str]:
    """Why the party must be told that it may ask for a hearing (PL63); empty when it need not be."""
    limit, known = threshold(settings, organ, subject_kind, on), kinds(settings, on)
    found = [f"{kind}" for kind in measure.kinds if known.get(kind, {}).get("hearing")]
    if measure.amount >= limit.hearing:
        found.append(f"罚款{measure.amount}元，达到{limit.hearing}元")
    if measure.taken >= limit.hearing:
        found.append(f"没收违法所得和非法财物共{measure.taken}元，达到{limit.hearing}元")
    return found


def current(row: FollowUp) -> tuple[bool, Measure]:
    """Whether a penalty is proposed at present, and which: by the review of the statement, else by the report.

    A review that keeps to the penalty keeps to the one last told, which may come of an earlier review.
    """
    report = dict(row.facts.get("report") or {})
    review = dict(row.facts.get("statement_review") or {})
    if review.get("change") == "变更拟处罚":
        return review.get("proposal") == PUNISH, Measure.of(review)
    if review.get("change") == "查出新的事实":
        return True, Measure.of(review)
    if review and (kept := told(row)) is not None:
        return True, kept
    return report.get("proposal") == PUNISH, Measure.of(report)


def resolved(row: FollowUp) -> Measure | None:
    """The penalty the heads agreed to together, None unless it is what is proposed at present (PL57)."""
    held = row.facts.get("discussion") or {}
    if held.get("decision") != "同意拟处理意见" or not held.get("penal"):
        return None
    return Measure.of(held) if current(row) == (True, Measure.of(held)) else None


def told(row: FollowUp) -> Measure | None:
    """What the newest notice said, None before there is one."""
    notice = row.facts.get("notice") or {}
    return Measure.of(notice) if notice.get("kinds") else None


def statements(row: FollowUp) -> list[dict[str, Any]]:
    """What the party stated about the newest notice, in time or admitted."""
    notice = row.facts.get("notice") or {}
    return [
        said for said in row.facts.get("statements", [])
        if said["kind"] == STATEMENT and said.get("notice") == notice.get("document_number")
    ]  # fmt: skip


def open_transfer(session: Session, row: FollowUp) -> FollowUp | None:
    """The transfer to public security of this party's case, in the chain of ``row``, that is not closed yet."""
    return session.scalar(
        sa.select(FollowUp)
        .where(
            FollowUp.district_id == row.district_id, FollowUp.root == row.root, FollowUp.uscc == row.uscc,
            FollowUp.kind == TRANSFER, FollowUp.closed_at.is_(None),
        )
        .order_by(FollowUp.number)
        .limit(1)
    )  # fmt: skip


def issued_number(session: Session, instance_id: str, template: str) -> str:
    """The newest valid number of a document issued in the case, empty before there is one."""
    return str(
        session.scalar(
            sa.select(OfficialDocument.number)
            .where(
                OfficialDocument.instance_id == instance_id, OfficialDocument.template == template,
                OfficialDocument.state == "issued",
            )
            .order_by(OfficialDocument.issued_at.desc(), OfficialDocument.serial.desc())
            .limit(1)
        )
        or ""
    )  # fmt: skip


def discretion(settings: Settings, on: date, organ: str) -> list[dict[str, Any]]:
    """The organ's rows of discretion in force."""
    return [row for row in rows(settings, "penalty-discretion", on) if row["department"] in (organ, "*")]


def check_discretion(settings: Settings, on: date, organ: str, values: Mapping[str, Any], measure: Measure) -> None:
    """A fine outside the chosen row needs its reason.  Raises :class:`InvalidInput`."""
    row = next((r for r in discretion(settings, on, organ) if r["code"] == values.get("discretion")), None)
    if row is None or "罚款" not in measure.kinds or str(values.get("deviation") or "").strip():
        return
    if not row["min"] <= measure.amount <= row["max"]:
        span = f"“{row['name']}”的幅度是 {row['min']} 至 {row['max']} 元"
        raise InvalidInput(
            "罚款数额不在裁量幅度内。", fields={"amount": [f"{span}，请改正数额，或者写明不在幅度内的理由。"]}
        )
