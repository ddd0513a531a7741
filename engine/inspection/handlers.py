"""Who handles a case (办案人员): two or more with a valid certificate, nobody who must stand back (PL42, PL43)."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import InvalidInput
from engine.inspection.models import FollowUp, Inspector, Recusal
from engine.inspection.visits import why_not_certified
from engine.models import User

LEAST = 2  # PL42: the law itself, no organ may go below it


def of_case(row: FollowUp) -> list[str]:
    """User ids of the present handlers: those of the filing, as recusals have changed them."""
    kept = row.facts.get("handlers") or (row.facts.get("filing") or {}).get("handlers") or []
    return [str(each) for each in kept]


def refuse_handler(row: FollowUp, user_id: str | None, act: str, *, field: str = "decision") -> None:
    """Who investigated does not decide upon it.  Raises :class:`InvalidInput` on ``field``."""
    if user_id in of_case(row):
        rule = f"调查和{act}应当由不同的人员承担，请由没有办理本案的机关负责人{act}。"
        raise InvalidInput(f"办案人员不能{act}。", fields={field: [f"您是本案的办案人员。{rule}"]})


def person_of(session: Session, district_id: str, user_id: str) -> Inspector | None:
    """The registry's row of an account, or None."""
    return session.scalar(
        sa.select(Inspector).where(Inspector.district_id == district_id, Inspector.user_id == user_id)
    )


def declared(session: Session, district_id: str, code: str, uscc: str) -> str | None:
    """Why the officer ``code`` must stand back from the party; None when nothing was declared or decided."""
    return session.scalar(
        sa.select(Recusal.reason).where(
            Recusal.district_id == district_id, Recusal.inspector_code == code, Recusal.uscc == uscc
        )
    )


def why_not(session: Session, district_id: str, user_id: str, uscc: str, on: date) -> str:
    """Why a person cannot handle a case against the party; empty when nothing stands against it."""
    user = session.get(User, user_id)
    if user is None or not user.active:
        return "账号不存在或者已经停用"
    person = person_of(session, district_id, user_id)
    if person is None:
        return f"{user.name}不在执法检查人员名录库"
    if lapsed := why_not_certified(person, on):
        return f"{user.name}{lapsed}"
    reason = declared(session, district_id, person.code, uscc) if uscc else None
    return f"{user.name}对当事人应当回避（{reason}）" if reason is not None else ""


def check(session: Session, district_id: str, chosen: Any, uscc: str, on: date, *, field: str = "handlers") -> None:
    """At least two, all of whom can act.  Raises :class:`InvalidInput` on ``field``, naming who cannot."""
    people = list(dict.fromkeys(str(each) for each in chosen or []))
    few = ["执法人员不得少于两人（行政处罚法第四十二条），请再选择"] if len(people) < LEAST else []
    _refuse([*_faults(session, district_id, people, uscc, on), *few], field)


def check_one(session: Session, district_id: str, user_id: str, uscc: str, on: date, *, field: str) -> None:
    """One person who joins a case.  Raises :class:`InvalidInput` on ``field``."""
    _refuse(_faults(session, district_id, [user_id], uscc, on), field)


def _faults(session: Session, district_id: str, people: list[str], uscc: str, on: date) -> list[str]:
    return [why for each in people if (why := why_not(session, district_id, each, uscc, on))]


def _refuse(faults: list[str], field: str) -> None:
    if faults:
        raise InvalidInput("办案人员不符合规定。", fields={field: ["；".join(faults) + "。"]})
