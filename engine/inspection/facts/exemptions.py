"""The exemption list held against a finding or a case, beside the forms that conclude it (R62)."""

from __future__ import annotations

from typing import Any

from engine.inspection import education, exemptions, tables
from engine.inspection.exemptions import Candidate
from engine.inspection.facts.desk import Desk, rows, table
from engine.inspection.follow_ups import find_follow_up


def exemption_facts(desk: Desk) -> dict[str, Any]:
    """The block 免罚清单比对, the options of ``exemption`` and ``education_ways``, whatever the case began with.

    An education given earlier in the case is shown, so that nobody asks for it twice.
    """
    row = find_follow_up(desk.session, desk.district_id, desk.task.business_key)
    if row is None:
        found = exemptions.of_part(desk.session, desk.settings, desk.part, desk.today)
    else:
        found = exemptions.of_case(desk.session, desk.settings, row, desk.today)
    return {
        "facts": [_block(found), *_education(desk)],
        "exemption_options": [{"value": one.code, "label": one.label} for one in found],
        "education_ways": tables.options(desk.settings, "education-way", desk.today),
    }


def _block(found: list[Candidate]) -> dict[str, Any]:
    if not found:
        return rows("免罚清单比对", ("结果", "现行清单中没有与本案事项、结果类别相符的条目"))
    return table(
        "免罚清单比对（由办案人员对照条件认定）", ["条目", "违法行为", "处理", "条件", "本系统的记录", "备注"],
        [[one.code, one.violation, f"{one.ground_name}，{one.result}", one.conditions, _record(one), one.note]
         for one in found],
    )  # fmt: skip


def _record(one: Candidate) -> str:
    if one.first_offence is None:
        return "不要求初次违法"
    return "没有查到此前的同类违法" if one.first_offence else f"不是初次：{'；'.join(one.earlier)}"


def _education(desk: Desk) -> list[dict[str, Any]]:
    kept = education.of_case(desk.session, desk.district_id, desk.task.business_key)
    if kept is None:
        return []
    return [rows("已经教育", ("日期", kept.educated_on), ("方式", kept.way), ("受教育人", kept.person))]
