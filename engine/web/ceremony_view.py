"""What the ceremony of a draw shows now: what is being waited for, the time left, and what was drawn.

A protected draw shows no object here: the screen hangs in a room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.draw_minutes import Stratum, strata_of
from engine.inspection.models import Draw, DrawnObject, InspectedObject
from engine.models import ProcessInstance, Timer
from engine.web import draw_view

#: Firms shown on the screen; the record has them all.
LISTED = 200


@dataclass(frozen=True)
class Now:
    """One sentence for the room; ``tone`` colours it like a notice."""

    title: str
    words: str
    tone: str = "info"


@dataclass(frozen=True)
class Firm:
    """One firm drawn openly."""

    rank: int
    name: str
    address: str
    ticket: str


@dataclass(frozen=True)
class Outcome:
    """What the draw gave: the leaf of the log, strata and firms of an open draw, how many jobs have their pair."""

    seed: str
    result_sha256: str
    log_index: int
    drawn: int
    candidates: int
    jobs: int
    strata: Sequence[Stratum]
    firms: Sequence[Firm]
    entropy: str


def outcome(session: Session, view: draw_view.DrawView) -> Outcome | None:
    """None before the draw."""
    row = view.row
    line = next((e for e in view.entries if e.leaf.startswith("result\t")), None)
    if line is None:
        return None
    _, _, digest, seed, drawn, *_ = line.leaf.split("\t")
    is_open = row.disclosure == "open" and not row.parent  # a late addition's firms stand with the draw they join
    return Outcome(
        seed=seed,
        result_sha256=digest,
        log_index=line.index,
        drawn=int(drawn),
        candidates=view.shown["counts"].get("candidates", 0),
        jobs=_jobs(session, row),
        strata=strata_of(session, row) if is_open else (),
        firms=_firms(session, row) if is_open else (),
        entropy=";".join(w.part for w in view.witnesses) if view.parts_public else "",
    )


def now_in_words(view: draw_view.DrawView) -> Now:
    """Who has to do what, or how it ended."""
    row, people = view.row, view.witnesses
    if row.state == "aborted":
        return Now("本次抽取已中止", f"{row.reason}。编号和摘要永久保留；重新抽取须另行编号。", "error")
    if row.state == "annulled":
        return Now("本次抽取已作废", f"{row.reason}。编号和摘要永久保留，结果不产生效力。", "error")
    if row.state == "drawn":
        return Now("抽取完成", "结果由随机因子唯一决定，已登入公开日志，任何人不能更改。", "success")
    if row.state == "imported":
        return Now("省工作平台抽取", "本次抽取在省工作平台进行，没有现场。", "info")
    if waiting := [w.name for w in people if w.logged_at is None]:
        each = "各" if len(waiting) > 1 else ""
        return Now("第一步：登记摘要", f"请{'、'.join(waiting)}{each}用自己的手机生成随机因子并登记摘要。")
    if waiting := [w.name for w in people if w.revealed_at is None]:
        return Now("第二步：公开随机因子", f"全部监督人已登记。请{'、'.join(waiting)}公开随机因子。")
    return Now("正在抽取", "随机因子已经齐备，系统正在计算。")


def reveal_limit(session: Session, row: Draw) -> datetime | None:
    """When the draw is aborted unless all parts are revealed: the timer its process waits for."""
    if row.state != "committed":
        return None
    return session.scalar(
        sa.select(sa.func.min(Timer.due_at))
        .join(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        .where(
            ProcessInstance.district_id == row.district_id, ProcessInstance.status == "running",
            # a late addition has a process of its own
            ProcessInstance.business_key.startswith(f"{row.parent}/")
            if row.parent
            else ProcessInstance.business_key == row.campaign,
        )
    )  # fmt: skip


def time_left(limit: datetime, now: datetime) -> str:
    """In hours and minutes; scripts count the seconds."""
    minutes = int((limit - now).total_seconds()) // 60
    if minutes < 0:
        return "已到"
    return f"还有 {minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f"还有 {minutes} 分"


def _standing(row: Draw) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        DrawnObject.district_id == row.district_id,
        DrawnObject.draw_id == row.draw_id,
        DrawnObject.failed_reason == "",
    )


def _jobs(session: Session, row: Draw) -> int:
    """Objects times departments that visit them; each has its pair or the draw would not be complete."""
    return sum(len(pairs) for pairs in session.scalars(sa.select(DrawnObject.pairs).where(*_standing(row))))


def _firms(session: Session, row: Draw) -> list[Firm]:
    """In the order of their tickets; never their pairs."""
    found = session.execute(
        sa.select(DrawnObject.rank, InspectedObject.name, InspectedObject.address, DrawnObject.ticket)
        .join(
            InspectedObject,
            sa.and_(InspectedObject.district_id == DrawnObject.district_id, InspectedObject.uscc == DrawnObject.uscc),
        )
        .where(*_standing(row))
        .order_by(DrawnObject.rank)
        .limit(LISTED)
    )
    return [Firm(r.rank, r.name, r.address, r.ticket) for r in found]
