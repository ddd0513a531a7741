"""The life of a frozen draw in the database: witnesses, draw, abort, annul.

A draw never goes back: rows are not deleted, numbers are not reused, every step that
counts is a line of the public log.  States: committed → drawn → (annulled), committed →
aborted, imported.  Errors are Chinese and say what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound, ServiceTaskFailed
from engine.inspection import draw as protocol
from engine.inspection import draw_record, draw_register
from engine.inspection.assignment import Infeasible
from engine.inspection.draw_conduct import Frozen, Outcome, draw_outcome, replay, result_text
from engine.inspection.draw_jobs import visit_of
from engine.inspection.escrow import known_key
from engine.inspection.models import Campaign, Draw, DrawnObject, DrawWitness
from engine.settings import Settings

DIGEST = re.compile(r"[0-9a-f]{64}")


def locked(session: Session, district_id: str, draw_id: str) -> Draw:
    """The draw, held until the transaction ends.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(Draw).where(Draw.district_id == district_id, Draw.draw_id == draw_id).with_for_update()
    )
    if row is None:
        raise NotFound(f"抽取 {draw_id} 不存在。")
    return row


def witnesses_of(session: Session, draw: Draw) -> list[DrawWitness]:
    """The witnesses in the order of the manifest."""
    return list(
        session.scalars(
            sa.select(DrawWitness)
            .where(DrawWitness.district_id == draw.district_id, DrawWitness.draw_id == draw.draw_id)
            .order_by(DrawWitness.position)
        )
    )


# ---------------------------------------------------------------- finding


def standing_draw(session: Session, campaign: Campaign) -> Draw | None:
    """The campaign's draw that counts: committed, drawn or imported."""
    return session.scalar(
        sa.select(Draw)
        .where(
            Draw.district_id == campaign.district_id,
            Draw.campaign == campaign.number,
            ~Draw.trial,
            Draw.parent == "",
            Draw.state.in_(("committed", "drawn", "imported")),
        )
        .limit(1)
    )


# ---------------------------------------------------------------- witnesses


def log_witness(
    session: Session, settings: Settings, draw: Draw, user_id: str | None, logged_sha256: str, now: datetime
) -> DrawWitness:
    """A witness's device logs its digest; raises when it is not theirs to log, malformed, doubled or copied."""
    witness = _witness(session, draw, user_id)
    if witness.logged_sha256:
        raise Conflict("您已经登记过随机因子摘要，不能更改。")
    if not DIGEST.fullmatch(logged_sha256):
        raise InvalidInput("摘要格式不对。", fields={"logged_sha256": ["应为 64 位小写十六进制字符。"]})
    if any(w.logged_sha256 == logged_sha256 for w in witnesses_of(session, draw)):
        raise InvalidInput("不能登记他人的摘要。", fields={"logged_sha256": ["与另一名监督人的摘要相同，请重新生成。"]})
    witness.logged_sha256, witness.logged_at = logged_sha256, now
    draw_register.append(
        session, draw.district_id, now, "witness", draw.draw_id, witness.user_id, logged_sha256,
        draw_register.stamp(now, settings),
    )  # fmt: skip
    return witness


def reveal_witness(
    session: Session, draw: Draw, user_id: str | None, nonce: str, part: str, now: datetime
) -> DrawWitness:
    """A witness reveals what was logged; refused before all are logged, twice, or when it does not match."""
    witness = _witness(session, draw, user_id)
    missing = [w.name for w in witnesses_of(session, draw) if not w.logged_sha256]
    if missing:
        raise InvalidInput(
            f"还有监督人未登记摘要（{'、'.join(missing)}），全部登记后才能公开。",
            fields={"part": ["全部监督人登记后才能公开。"]},
        )
    if witness.revealed_at is not None:
        raise Conflict("您已经公开过随机因子。")
    try:
        protocol.join_entropy([part])
        protocol.check_field(nonce, "nonce")
    except protocol.DrawError:
        message = "不能为空，不能含有竖线、分号、制表符或换行。"
        raise InvalidInput("随机因子格式不对。", fields={"part": [message]}) from None
    if protocol.witness_commitment(nonce, part) != witness.logged_sha256:
        raise InvalidInput(
            "随机因子与登记的摘要不符。",
            fields={"part": ["与您登记的摘要不符，请使用登记时的同一设备和浏览器。"]},
        )
    witness.nonce, witness.part, witness.revealed_at = nonce, part, now
    return witness


def _witness(session: Session, draw: Draw, user_id: str | None) -> DrawWitness:
    if draw.state != "committed":
        raise Conflict("本次抽取已经完成、中止或作废，不再接受随机因子。")
    found = next((w for w in witnesses_of(session, draw) if w.user_id == user_id), None)
    if found is None:
        raise Forbidden("只有本次抽取的监督人本人可以登记和公开随机因子。")
    return found


# ---------------------------------------------------------------- draw


def frozen_of(draw: Draw) -> Frozen:
    """The frozen lists of a draw of ours.  Raises :class:`Conflict` when its key is lost."""
    manifest = json.loads(draw.files["manifest.json"])
    return Frozen.read(manifest, draw.files, known_key(draw, manifest))


def conduct(session: Session, settings: Settings, campaign: Campaign, draw: Draw, now: datetime) -> Outcome:
    """Draw objects and pairs from the revealed parts and write the result.

    The same parts always give the same result, so a crash before the commit changes nothing.
    Raises :class:`ServiceTaskFailed` when a part is missing or no complete assignment exists.
    """
    if draw.state != "committed":
        raise ServiceTaskFailed(f"抽取 {draw.draw_id} 不在待抽取状态，不能再次抽取。")
    people = witnesses_of(session, draw)
    if any(w.revealed_at is None for w in people):
        raise ServiceTaskFailed("还有监督人没有公开随机因子，不能抽取。")
    entropy = protocol.join_entropy([w.part for w in people])
    try:
        outcome = draw_outcome(frozen_of(draw), entropy)
    except Infeasible as infeasible:
        # The seed is known, so nothing may be changed: only a visible annulment leads on.
        raise ServiceTaskFailed(
            f"检查人员不足，无法完成分派：{infeasible.words()}本次抽取应作废并说明理由，补充人员后重新封存。",
            "infeasible",
        ) from None
    if not outcome.drawn:
        raise ServiceTaskFailed("按比例计算没有抽中任何对象，请作废本次抽取并提高比例。", "nothing-drawn")
    result, jobs = result_text(outcome, draw.files["manifest.json"], entropy, shown_witnesses(people, settings))
    draw.files = {**draw.files, "result.json": result, "jobs.tsv": jobs}
    draw.state, draw.drawn_at = "drawn", now
    add_rows(session, draw, outcome, outcome.drawn, 1)
    draw_register.append(
        session, draw.district_id, now, "result", draw.draw_id, draw_record.sha256(result), outcome.seed,
        str(len(outcome.drawn)), draw_register.stamp(now, settings),
    )  # fmt: skip
    campaign.total = campaign.open_count = len(outcome.drawn)
    campaign.state = "待行政检查审批"
    session.flush()
    return outcome


def shown_witnesses(people: Sequence[DrawWitness], settings: Settings) -> list[dict[str, str]]:
    """What witnesses logged and revealed, as it stands in the record."""
    return [
        {
            "id": w.user_id, "department": w.department, "nonce": w.nonce, "part": w.part,
            "logged_sha256": w.logged_sha256, "logged_at": draw_register.stamp(_known(w.logged_at), settings),
            "revealed_at": draw_register.stamp(_known(w.revealed_at), settings),
        }
        for w in people
    ]  # fmt: skip


def _known(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment


def add_rows(session: Session, draw: Draw, outcome: Outcome, ids: Sequence[str], first_rank: int) -> None:
    """Rows of newly drawn objects, with their pairs, group and leader."""
    stratum_of = outcome.stratum_of()
    pairs: dict[str, dict[str, list[str]]] = {}
    visit: dict[str, str] = {}
    for name, job in outcome.jobs.items():
        for object_id in job.objects:
            pairs.setdefault(object_id, {})[job.department] = outcome.assignments[name]
            visit[object_id] = visit_of(name)
    leaders = outcome.leaders()
    session.execute(
        sa.insert(DrawnObject),
        [
            {
                "id": new_id(), "district_id": draw.district_id, "draw_id": draw.draw_id, "rank": rank, "uscc": i,
                "stratum": stratum_of[i], "ticket": outcome.ticket(i), "pairs": pairs.get(i, {}), "failed_reason": "",
                "visit_group": visit[i] if visit[i] != i else "", "leader": leaders[visit[i]],
            }
            for rank, i in enumerate(ids, start=first_rank)
        ],
    )  # fmt: skip


def present_outcome(draw: Draw) -> Outcome:
    """The outcome as it stands: the result with every later change applied."""
    result = json.loads(draw.files["result.json"])
    outcome = draw_outcome(frozen_of(draw), result["entropy"], result["failed"])
    for name in sorted(n for n in draw.files if n.startswith("change-")):
        outcome, _ = replay(outcome, json.loads(draw.files[name]), draw.files)
    return outcome


# ---------------------------------------------------------------- ends


def abort(session: Session, settings: Settings, draw: Draw, reason: str, now: datetime) -> str:
    """Abort a committed draw visibly (a missing reveal); returns the full reason.  Its number stays used."""
    if draw.state != "committed":
        raise ServiceTaskFailed(f"抽取 {draw.draw_id} 不在待抽取状态，不能中止。")
    people = witnesses_of(session, draw)
    unlogged = [w.name for w in people if not w.logged_sha256]
    unrevealed = [w.name for w in people if w.logged_sha256 and w.revealed_at is None]
    said = [reason or "随机因子未在时限内完成"]
    said += [f"未登记：{'、'.join(unlogged)}"] if unlogged else []
    said += [f"未公开：{'、'.join(unrevealed)}"] if unrevealed else []
    draw.state, draw.reason = "aborted", "；".join(said)
    draw_register.append(
        session, draw.district_id, now, "abort", draw.draw_id, draw.reason, draw_register.stamp(now, settings)
    )
    return draw.reason


def annul(session: Session, settings: Settings, draw: Draw, reason: str, signed: str, now: datetime) -> None:
    """Annul (作废) a draw before any firm is notified; it stays visible for ever with the reason and who ``signed`` it.

    Raises :class:`Conflict` once inspections are open and :class:`InvalidInput` without a reason.
    """
    # Imported here: only this question looks beyond the draw.
    from engine.inspection.models import Inspection

    if len(reason.strip()) < 4:
        raise InvalidInput("请写明作废理由。", fields={"reason": ["作废理由会公开，至少 4 个字。"]})
    if draw.state not in ("committed", "drawn"):
        raise Conflict(f"抽取 {draw.draw_id} 已经中止、作废或由平台导入，不能作废。")
    opened = session.scalar(
        sa.select(Inspection.id)
        .where(Inspection.district_id == draw.district_id, Inspection.draw_id == draw.draw_id)
        .limit(1)
    )
    if opened is not None:
        raise Conflict("检查已经派发，不能再作废抽取；个别对象不能检查的，应逐户移出并递补。")
    draw.state, draw.reason = "annulled", f"{reason.strip()}（{signed}）"
    draw_register.append(
        session, draw.district_id, now, "annul", draw.draw_id, draw.reason, draw_register.stamp(now, settings)
    )
