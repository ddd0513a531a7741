"""Changes after the draw: objects that cannot be inspected, and inspectors recused on application.

Nothing is ever drawn again: substitutes follow from the same seed, and each change is a
file of the record and a line of the public log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection import draw_record, draw_register
from engine.inspection.assignment import Infeasible
from engine.inspection.draw_conduct import Outcome, recuse, substitute
from engine.inspection.draws import add_rows, present_outcome
from engine.inspection.models import Draw, DrawnObject, Recusal
from engine.settings import Settings

#: Reasons that a record everybody may read can repeat; any other may tell of a case, a grade or a person.
OPENLY = frozenset({"已注销、吊销或者迁出", "不属于本机关管辖"})
REMOVED = "依法移出（理由和依据存档备查）"
REPLACED = "依法更换检查人员（理由存档备查）"
ON_FILE = "存档备查"


def record_failures(
    session: Session, settings: Settings, draw: Draw, removals: Mapping[str, tuple[str, str]], now: datetime
) -> list[str]:
    """Remove drawn objects for stated reasons; the next tickets of their strata move up.

    ``removals`` maps an id to (reason, evidence).  The record of an open draw, which everybody may read after the
    task, names neither evidence nor a reason that protects somebody; both stay with the approval and in the drawn
    object's row.  Returns the substitutes.  A draw imported from the platform has no tickets here: its removals
    leave no substitute.
    Raises :class:`ServiceTaskFailed` for an object that is not drawn or when nobody can visit a substitute.
    """
    if not removals:
        return []
    rows = {row.uscc: row for row in _rows(session, draw) if not row.failed_reason}
    unknown = sorted(set(removals) - set(rows))
    if unknown:
        raise ServiceTaskFailed(f"{'、'.join(unknown)} 不在抽取 {draw.draw_id} 的名单中，不能移出。")
    for uscc, (reason, evidence) in removals.items():
        rows[uscc].failed_reason = f"{reason}：{evidence}" if evidence else reason
    if draw.origin == "province":
        _log(session, settings, draw, draw_record.json_text({"failed": sorted(removals)}), now)
        return []
    before = present_outcome(draw)
    number = changes(draw) + 1
    failures = [{"id": i, **_stated(draw, r, e)} for i, (r, e) in sorted(removals.items())]
    try:
        after, text = substitute(before, failures, number=number, at=draw_register.stamp(now, settings))
    except Infeasible as infeasible:
        raise ServiceTaskFailed(f"递补对象没有足够的检查人员：{infeasible.words()}", "infeasible") from None
    keep_change(session, settings, draw, number, text, now)
    present = set(before.drawn)
    added = [i for i in after.drawn if i not in present]
    if added:
        last = session.scalar(
            sa.select(sa.func.max(DrawnObject.rank)).where(
                DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id
            )
        )
        add_rows(session, draw, after, added, (last or 0) + 1)
    session.flush()
    return added


def _stated(draw: Draw, reason: str, evidence: str) -> dict[str, str]:
    if draw.disclosure != "open":
        return {"reason": reason, "evidence": evidence}
    return {"reason": reason if reason in OPENLY else REMOVED, "evidence": ON_FILE}


@dataclass(frozen=True, slots=True)
class Successor:
    """Who takes a recused inspector's place, and the objects of the job (several when visited as a group)."""

    inspector: str
    objects: tuple[str, ...]


def replace_inspector(
    session: Session,
    settings: Settings,
    draw: Draw,
    uscc: str,
    department: str,
    inspector: str,
    reason: str,
    decided_by: str | None,
    now: datetime,
    *,
    recused: bool = True,
) -> Successor | None:
    """Recuse ``inspector`` from one object (PL43); the successor follows by the draw's rule, None when nobody is left.

    Objects visited as a group keep one pair: the successor takes the whole job.  ``recused`` keeps the person away
    from the object in later draws too; leave and illness do not.
    Raises :class:`ServiceTaskFailed` when the inspector is not in that pair, or the platform drew it.
    """
    if draw.origin == "province":
        raise ServiceTaskFailed("本次抽取在省工作平台完成，请在平台更换检查人员后重新导入。")
    number = changes(draw) + 1
    before: Outcome = present_outcome(draw)
    job = before.job_of(uscc, department)
    if job is None or inspector not in before.assignments[job.job]:
        raise ServiceTaskFailed(f"{inspector} 不是该对象的检查人员，无法办理回避。")
    stated = REPLACED if draw.disclosure == "open" else reason
    after, text, successor = recuse(
        before, job.job, inspector, reason=stated, number=number, at=draw_register.stamp(now, settings)
    )
    if successor is None:
        return None
    keep_change(session, settings, draw, number, text, now)
    leaders = after.leaders()
    for row in _rows(session, draw):
        if row.uscc in job.objects:
            row.pairs = {**row.pairs, department: after.assignments[job.job]}
        if not row.failed_reason:
            row.leader = leaders[row.visit_group or row.uscc]
    if recused:
        _keep_away(session, draw.district_id, inspector, uscc, reason, decided_by, now)
    session.flush()
    return Successor(successor, job.objects)


def _keep_away(
    session: Session, district_id: str, inspector: str, uscc: str, reason: str, decided_by: str | None, now: datetime
) -> None:
    known = session.scalar(
        sa.select(Recusal.id).where(
            Recusal.district_id == district_id, Recusal.inspector_code == inspector, Recusal.uscc == uscc
        )
    )
    if known is None:
        session.add(
            Recusal(
                district_id=district_id, inspector_code=inspector, uscc=uscc, reason=reason[:300],
                decided_by=decided_by, at=now,
            )
        )  # fmt: skip


def changes(draw: Draw) -> int:
    """How many changes the record holds."""
    return sum(name.startswith("change-") for name in draw.files)


def _rows(session: Session, draw: Draw) -> list[DrawnObject]:
    return list(
        session.scalars(
            sa.select(DrawnObject).where(
                DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id
            )
        )
    )


def keep_change(session: Session, settings: Settings, draw: Draw, number: int, text: str, now: datetime) -> None:
    """Put a change file into the record and its digest into the public log."""
    draw.files = {**draw.files, f"change-{number:04d}.json": text}
    _log(session, settings, draw, text, now, number)


def _log(session: Session, settings: Settings, draw: Draw, text: str, now: datetime, number: int = 0) -> None:
    draw_register.append(
        session, draw.district_id, now, "change", draw.draw_id, str(number), draw_record.sha256(text),
        draw_register.stamp(now, settings),
    )  # fmt: skip
