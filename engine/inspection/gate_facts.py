"""What the officer sees beside the gate-check form: counts, firms kept out by rule, merges offered, people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import records
from engine.inspection.assignment import SHORTAGE_HEAD, merged
from engine.inspection.code_names import code_names
from engine.inspection.gate_alarms import alarm_facts
from engine.inspection.gate_frequency import Frequency
from engine.inspection.models import Campaign
from engine.inspection.pool_outlook import Outlook, outlook
from engine.settings import Settings

Block = dict[str, Any]


def gate_context(session: Session, settings: Settings, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """``facts``, the open campaigns to join (``open_campaigns``) and the reasons a firm may stay (``keep_reasons``)."""
    look = outlook(session, settings, campaign, campaign.plan, now)
    names = records.department_names(session, campaign.district_id)
    today = now.astimezone(settings.timezone).date()
    offers = _offers(session, campaign.district_id, look)
    facts = [*_warnings(campaign, look, names)]
    facts += shortage_facts(look, code_names(session, settings, campaign.district_id, today))
    facts += [_counts(look), exclusion_table(look)]
    if offers:
        facts.append(_offer_table(offers, names))
    facts += _people_facts(look, names)
    facts += alarm_facts(session, settings, campaign.district_id, today, look)
    return {
        "facts": facts,
        "open_campaigns": [
            {"value": number, "label": f"{row.name}（{number}，{count:,} 户）"}
            for number, (row, count) in offers.items()
        ],
        "keep_reasons": [{"value": r, "label": r} for r in Frequency(settings, today).keep_reasons()],
    }


def exclusion_table(look: Outlook) -> Block:
    """Objects kept out, counted by reason."""
    body = [[reason, f"{count:,} 户"] for reason, count in look.excluded.most_common()]
    return {"title": "不列入候选的对象", "table": {"head": ["原因", "户数"], "body": body}}


def _counts(look: Outlook) -> Block:
    rows = [
        ["名录库对象", f"{look.total:,} 户"],
        ["候选对象", f"{look.candidates:,} 户"],
        ["预计抽取", f"约 {look.expected:,} 户"],
        ["因频次或在办任务排除", f"{look.excluded_by_rule:,} 户"],
        ["可抽取检查人员", f"{len(look.crew.staff.present)} 人"],
        ["试抽", "可在本任务的“抽取事务”页面试抽，只看数量和人员负担，没有效力"],
        ["已登记回避", f"{look.recusals} 条"],
        [
            "比例表",
            f"第 {look.grounds.basis.ratio.version} 版" if look.grounds.basis.ratio.version else "随系统提供的版本",
        ],
    ]
    return {"title": "候选名单", "rows": rows}


def _warnings(campaign: Campaign, look: Outlook, names: Mapping[str, str]) -> list[Block]:
    facts: list[Block] = []
    if idle := [names.get(code, code) for code in (campaign.participants or []) if not look.visited[code]]:
        said = (
            f"{'、'.join(idle)}的抽查事项不适用于任何候选对象，抽取后没有检查任务。请核对方案的行业、对象类型和事项。"
        )
        facts.append({"title": "请核对", "rows": [["参与部门", said]]})
    return facts


def shortage_facts(look: Outlook, names: Mapping[str, str]) -> list[Block]:
    """Why the draw could not be staffed: every block of slots that is short, a row each; nothing when nothing is."""
    short = look.shortages() if look.candidates else ()
    if not short:
        return []
    advice = (
        "封存之后名单和人员都不能再改，请现在缩小范围、降低比例、"
        f"提高每人上限（现为 {look.grounds.per_inspector} 个检查任务），或者补充人员、资格和片区。"
    )
    return [
        {"title": "人员不足，不能封存", "rows": [["需要先解决", advice]]},
        {
            "title": "不足的名额",
            "table": {"head": SHORTAGE_HEAD, "body": [block.cells(names) for block in merged(short)]},
        },
    ]


def _people_facts(look: Outlook, names: Mapping[str, str]) -> list[Block]:
    facts: list[Block] = [
        {
            "title": "部门人员",
            "table": {
                "head": ["部门", "事项", "涉及候选对象", "可抽取人员", "其中具备全部事项资格"],
                "body": [[names.get(code, code), *cells] for code, *cells in look.departments_table()],
            },
        }
    ]
    absent = [[p.code, p.name, names.get(p.department, p.department), reason] for p, reason in look.crew.staff.absent]
    absent += [
        [
            p.code,
            p.name,
            names.get(p.department, p.department),
            f"资质到期（{'、'.join(gone)}），只能作为第二名检查人员",
        ]
        for p in look.crew.staff.present
        if (gone := look.crew.lapsed.get(p.code))
    ]
    if absent:
        title = "不参与抽取或者受限的检查人员"
        facts.append({"title": title, "table": {"head": ["编号", "姓名", "部门", "原因"], "body": absent}})
    return facts


def _offers(session: Session, district_id: str, look: Outlook) -> dict[str, tuple[Campaign, int]]:
    """Open campaigns that hold firms of this one's scope, with how many."""
    counts = Counter(visit.campaign for visits in look.open_visits.values() for visit in visits)
    rows = session.scalars(
        sa.select(Campaign)
        .where(Campaign.district_id == district_id, Campaign.number.in_(sorted(counts)))
        .order_by(Campaign.number)
    )
    return {row.number: (row, counts[row.number]) for row in rows}


def _offer_table(offers: Mapping[str, tuple[Campaign, int]], names: Mapping[str, str]) -> Block:
    body = [
        [row.name, number, names.get(row.lead, row.lead), f"{row.plan.get('end_date') or '—'}", f"{count:,} 户"]
        for number, (row, count) in offers.items()
    ]
    head = ["在办任务", "编号", "牵头部门", "检查截止", "与本次重叠"]
    return {"title": "可以合并进门的在办任务", "table": {"head": head, "body": body}}
