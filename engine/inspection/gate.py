"""The gate before lists are frozen: frequency cap, one visit at a time, leave, certificates, recusals.

Every firm that is kept out gets its reason, which is frozen with the lists; people who
cannot be drawn are named with theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.inspection.models import Campaign, Inspection, Inspector, Recusal
from engine.models import Department
from engine.settings import Settings

#: Registration states (登记状态) in which a firm exists and can be visited.
ALIVE = frozenset({"存续", "在营", "开业", "在册", "在业", "正常", "存续（在营、开业、在册）"})


@dataclass(frozen=True)
class Frequency:
    """The frequency cap in force: visits a calendar year, and days between two visits."""

    visits: int
    days_between: int


def frequency(settings: Settings, on: date) -> Frequency:
    """The cap from the data table.  Raises :class:`ServiceTaskFailed` when a row is missing."""
    values = {row["name"]: int(row["value"]) for row in tables.rows(settings, "frequency", on)}
    try:
        return Frequency(values["visits-per-year"], values["days-between"])
    except KeyError as missing:
        raise ServiceTaskFailed(f"频次上限表中没有 {on} 有效的 {missing}，请系统管理员补充。") from None


@dataclass(frozen=True)
class Visits:
    """What is known of visits, by firm: how many this year, and whether one is open now."""

    this_year: Mapping[str, int]
    open_now: Mapping[str, str]


def visits(session: Session, settings: Settings, district_id: str, today: date) -> Visits:
    """Visits of this system: ended this year, or drawn and not closed."""
    first = datetime(today.year, 1, 1, tzinfo=settings.timezone)
    ended: Counter[str] = Counter()
    open_now: dict[str, str] = {}
    for uscc, ended_at, closed_at, campaign in session.execute(
        sa.select(Inspection.uscc, Inspection.visits_ended_at, Inspection.closed_at, Inspection.campaign).where(
            Inspection.district_id == district_id,
            Inspection.state != "已移出",
            sa.or_(Inspection.closed_at.is_(None), Inspection.visits_ended_at >= first),
        )
    ):
        if closed_at is None and ended_at is None:
            open_now[uscc] = campaign
        elif ended_at is not None and ended_at >= first:
            ended[uscc] += 1
    return Visits(ended, open_now)


def barred(uscc: str, last_inspected_on: date | None, known: Visits, cap: Frequency, today: date) -> str:
    """Why the frequency cap keeps a firm out; empty when it does not."""
    if uscc in known.open_now:
        return f"已列入抽查任务 {known.open_now[uscc]}，尚未检查"
    count = known.this_year.get(uscc, 0)
    if count >= cap.visits:
        return f"本年度已检查 {count} 次，达到年度频次上限 {cap.visits} 次"
    if last_inspected_on is not None and today - last_inspected_on < timedelta(days=cap.days_between):
        return f"上次检查为 {last_inspected_on}，间隔不足 {cap.days_between} 天"
    return ""


@dataclass(frozen=True)
class Staff:
    """Who may be drawn and who may not, with the reason."""

    present: list[Inspector]
    absent: list[tuple[Inspector, str]]


def staff(
    session: Session,
    district_id: str,
    departments: list[str],
    until: date,
    absences: Mapping[str, str] | None = None,
) -> Staff:
    """Inspectors of the departments; ``until`` is the day their certificates must still be valid.

    Experts assist and never count (国办发〔2024〕54号); ``absences`` adds reasons by inspector code.
    """
    present: list[Inspector] = []
    absent: list[tuple[Inspector, str]] = []
    rows = session.scalars(
        sa.select(Inspector)
        .where(Inspector.district_id == district_id, Inspector.department.in_(departments))
        .order_by(Inspector.code)
    )
    for row in rows:
        if row.expert:
            reason = "专家只参与、不计入两名执法人员"
        elif not row.certificate_number:
            reason = "没有执法证件"
        elif row.certificate_until is not None and row.certificate_until < until:
            reason = f"执法证件于 {row.certificate_until} 到期"
        elif not row.drawable:
            reason = "名录库标明不参与抽取"
        elif row.status != "在岗":
            reason = f"人员状态为“{row.status}”"
        else:
            reason = (absences or {}).get(row.code, "")
        if reason:
            absent.append((row, reason))
        else:
            present.append(row)
    return Staff(present, absent)


def recusals(session: Session, district_id: str, codes: list[str]) -> list[tuple[str, str]]:
    """Known recusals (inspector, object) of these inspectors."""
    wanted = set(codes)
    rows = session.execute(sa.select(Recusal.inspector_code, Recusal.uscc).where(Recusal.district_id == district_id))
    return [(code, uscc) for code, uscc in rows if code in wanted]


def gate_facts(session: Session, settings: Settings, campaign: Campaign, now: datetime) -> list[dict[str, Any]]:
    """What the officer sees beside the gate-check form: counts, exclusions by reason, people not drawable."""
    # Imported here: the pool is built on this module's rules.
    from engine.inspection.pool import build_pool

    pool = build_pool(session, settings, campaign, campaign.plan, now)
    names = _names(session, campaign.district_id)
    facts: list[dict[str, Any]] = [
        {
            "title": "候选名单",
            "rows": [
                ["名录库对象", f"{len(pool.candidates) + len(pool.exclusions):,} 户"],
                ["候选对象", f"{len(pool.candidates):,} 户"],
                ["预计抽取", f"约 {pool.expected():,} 户"],
                ["可抽取检查人员", f"{len(pool.staff.present)} 人"],
                ["已登记回避", f"{len(pool.recusals)} 条"],
            ],
        },
        _exclusion_table(pool.exclusions),
        {
            "title": "部门人员",
            "table": {
                "head": ["部门", "事项", "涉及候选对象", "可抽取人员", "其中具备全部事项资格"],
                "body": [[names.get(code, code), *cells] for code, *cells in pool.departments_table()],
            },
        },
    ]
    if pool.staff.absent:
        facts.append(
            {
                "title": "不参与抽取的检查人员",
                "table": {
                    "head": ["编号", "姓名", "部门", "原因"],
                    "body": [
                        [p.code, p.name, names.get(p.department, p.department), reason]
                        for p, reason in pool.staff.absent
                    ],
                },
            }
        )
    if pool.candidates and (said := pool.shortage(names, rehearse=False)):
        facts.insert(0, {"title": "人员不足", "rows": [["需要先解决", said]]})
    visited = {department for site in pool.scope.values() for department in site.departments}
    if idle := [names.get(code, code) for code in (campaign.participants or []) if code not in visited]:
        said = (
            f"{'、'.join(idle)}的抽查事项不适用于任何候选对象，抽取后没有检查任务。请核对方案的行业、对象类型和事项。"
        )
        facts.insert(0, {"title": "请核对", "rows": [["参与部门", said]]})
    return facts


def _names(session: Session, district_id: str) -> dict[str, str]:
    rows = session.execute(sa.select(Department.code, Department.name).where(Department.district_id == district_id))
    return {code: name for code, name in rows}


def _exclusion_table(exclusions: list[tuple[str, str]]) -> dict[str, Any]:
    counts = Counter(_kind(reason) for _, reason in exclusions)
    body = [[reason, f"{count:,} 户"] for reason, count in counts.most_common()]
    return {"title": "不列入候选的对象", "table": {"head": ["原因", "户数"], "body": body}}


_KINDS = {
    "本年度已检查": "达到年度频次上限",
    "上次检查为": "距上次检查间隔过短",
    "已列入抽查任务": "已在其他抽查任务中",
}


def _kind(reason: str) -> str:
    """Reasons that differ only in a date or a number count as one."""
    return next((kind for start, kind in _KINDS.items() if reason.startswith(start)), reason)
