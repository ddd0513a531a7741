"""Freeze and commit (名单封存): from here on only the witnesses' parts decide.

A trial draw (试抽) is frozen the same way under a number series of its own and drawn at
once, see :mod:`engine.inspection.draw_trial`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import draw as protocol
from engine.inspection import draw_record, draw_register, escrow, ratios
from engine.inspection.draw_jobs import scope_text
from engine.inspection.draws import standing_draw
from engine.inspection.models import Campaign, Draw, DrawWitness
from engine.inspection.numbers import next_number
from engine.inspection.pool import Pool
from engine.models import User
from engine.settings import Settings

ENTROPY_RULE = (
    "每名抽取监督人在名单封存后先登记 SHA256(随机数|随机因子)，全部登记后公开；各部分按 witnesses 的顺序以分号连接"
)


def freeze(
    session: Session, settings: Settings, campaign: Campaign, plan: Mapping[str, Any], pool: Pool, now: datetime
) -> Draw:
    """Freeze the lists, commit to them in the public log, and give the key's shares into keeping.

    Raises :class:`ServiceTaskFailed` when the campaign already has a draw that stands, the
    pool is empty or cannot be staffed, witnesses are missing, or an open record would tell grades.
    """
    if (standing := standing_draw(session, campaign)) is not None:
        raise ServiceTaskFailed(f"本任务已有抽取 {standing.draw_id}，不能再次封存。确需重抽的，应先作废并说明理由。")
    if said := pool.shortage():
        raise ServiceTaskFailed(f"检查人员不足，封存后无法完成抽取：{said}", "infeasible")
    people = witnesses_for(session, plan.get("witnesses") or [])
    disclosure = str(plan.get("disclosure") or "protected")
    if disclosure == "open" and ratios.by_grade(plan):
        raise ServiceTaskFailed("按风险等级抽取的记录会反映风险等级，不能公开，请把公开级别改为“受保护”。")
    made = Sealing(
        disclosure=disclosure,
        key=secrets.token_hex(32) if disclosure == "protected" else "",
        hash_name=str(plan.get("hash") or "sha256"),
        entropy_rule=ENTROPY_RULE,
        witnesses=[p.id for p in people],
    )
    row, files = commit(session, settings, campaign, pool, made, now)
    row.files = files
    add_witnesses(session, row, people)
    if row.key:
        escrow.deposit(session, row, [p.department for p in people])
    campaign.draw_id, campaign.state = row.draw_id, "待抽取"
    session.flush()
    return row


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the manifest says beside the lists."""

    disclosure: str
    key: str
    hash_name: str
    entropy_rule: str
    witnesses: Sequence[str]
    trial: bool = False


def commit(
    session: Session, settings: Settings, campaign: Campaign, pool: Pool, made: Sealing, now: datetime
) -> tuple[Draw, draw_record.Files]:
    """Give the draw its number, write its lists and manifest, and log the commitment.

    The row has only ``manifest.json`` yet; what else of the files is kept, the caller decides.
    """
    if not pool.size:
        raise ServiceTaskFailed("候选名单为空，请退回方案扩大检查对象范围。")
    district, year = campaign.district_id, now.astimezone(settings.timezone).year
    serial = next_number(session, district, f"draw/{campaign.lead}/{year}{'/trial' if made.trial else ''}")
    draw_id = f"CN-{district}-{campaign.lead}-{year}-{'T' if made.trial else ''}{serial:04d}"
    try:
        files = draw_record.list_files(pool.rows(), pool.exclusions, pool.inspectors, pool.recusals)
        files["scope.tsv"] = scope_text(pool.scope, grouped=pool.max_group > 0)
        manifest = draw_record.manifest_text(
            files,
            draw_id=draw_id,
            hash_name=made.hash_name,
            mode="sealed" if made.key else "open",
            key=made.key,
            ppm=pool.ppm,
            rounding="systematic",
            entropy_rule=made.entropy_rule,
            witnesses=made.witnesses,
            per_inspector=pool.per_inspector,
            disclosure=made.disclosure,
            committed_at=draw_register.stamp(now, settings),
            jobs_rule=pool.rule(draw_record.sha256(files["scope.tsv"])).text(),
        )
    except protocol.DrawError as error:
        raise ServiceTaskFailed(f"名单不能封存，请更正名录库后重试：{error}") from None
    row = Draw(
        id=new_id(), district_id=district, draw_id=draw_id, authority=campaign.lead, year=year, serial=serial,
        campaign=campaign.number, trial=made.trial, state="committed", disclosure=made.disclosure,
        files={"manifest.json": manifest}, key=made.key, committed_at=now,
    )  # fmt: skip
    log_commitment(session, row, manifest, now)
    return row, {**files, "manifest.json": manifest}


def log_commitment(session: Session, row: Draw, manifest: str, now: datetime) -> None:
    """Enter the digests of a new row's manifest into the public log."""
    parsed = json.loads(manifest)
    row.manifest_sha256 = draw_record.sha256(manifest)
    row.manifest_sm3 = protocol.digest_hex("sm3", manifest)
    session.add(row)
    entry = draw_register.append(
        session, row.district_id, now, "commit", row.draw_id, row.manifest_sha256, row.manifest_sm3,
        parsed["candidates"]["merkle"], str(parsed["candidates"]["count"]), parsed["committed_at"],
    )  # fmt: skip
    row.log_index = entry.index


def witnesses_for(session: Session, ids: Sequence[str]) -> list[User]:
    """The people who may witness, in their order; at least two, of different departments, with live accounts."""
    wanted = list(dict.fromkeys(ids))
    rows = {u.id: u for u in session.scalars(sa.select(User).where(User.id.in_(wanted), User.active))}
    people = [rows[i] for i in wanted if i in rows]
    if len(people) != len(wanted) or len(people) < 2 or len({p.department for p in people}) < 2:
        raise ServiceTaskFailed("抽取监督人至少两名、来自不同部门且账号有效，请退回方案重新选择。")
    return people


def add_witnesses(session: Session, row: Draw, people: Sequence[User]) -> None:
    """Rows in which each witness will log and reveal, in the manifest's order."""
    session.add_all(
        DrawWitness(
            id=new_id(), district_id=row.district_id, draw_id=row.draw_id, position=position, user_id=p.id,
            name=p.name, department=p.department,
        )
        for position, p in enumerate(people)
    )  # fmt: skip
    session.flush()
